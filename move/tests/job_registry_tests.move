#[test_only]
/// The facade: what each call checks and tells. Whole flows are in lifecycle_tests.
module computestream::job_registry_tests {
    use std::bcs;
    use std::hash;
    use std::string::String;
    use computestream::job_registry::{
        Self,
        JobAccepted,
        JobCancelled,
        JobCompleted,
        JobCreated,
        JobExpired,
        JobFailed,
        JobStalled,
        JobStarted,
        JobTerminated
    };
    use computestream::provider_registry;
    use computestream::test_utils::{Self as t, World, a, b, list, n, s};

    fun create_with(
        w: &World,
        image: String,
        job_spec: String,
        secs: u64,
        max_rate: u64,
        deposit: u64
    ) {
        job_registry::create_job(
            &t::buyer(), w.provider(), image, job_spec, secs, max_rate, deposit
        );
    }

    fun complete_with(
        job: address, output_uris: vector<String>, sha256: vector<u8>, root: vector<u8>
    ) {
        job_registry::complete(
            &t::operator(),
            t::handle(job),
            0,
            output_uris,
            sha256,
            root,
            0,
            0,
            0,
            vector[],
            vector[]
        );
    }

    fun fail_because(job: address, reason: String) {
        job_registry::fail(
            &t::operator(),
            t::handle(job),
            1,
            reason,
            vector[],
            vector[],
            vector[],
            0,
            0,
            0,
            vector[],
            vector[]
        );
    }

    // === What is told ===

    #[test]
    fun a_new_job_is_told_and_kept_whole() {
        let w = t::setup();
        t::wait(2);
        let now = t::start_time() + 2;
        let job = w.create(100, 100_005);
        let buyer = t::of(&t::buyer());
        // BCS of Terms, field after field.
        let terms =
            vector[
                a(job),
                a(buyer),
                a(w.provider_address()),
                a(w.asset_address()),
                n(3_600_000),
                n(100),
                n(100_005),
                s(b"busybox"),
                s(b"{}")
            ];
        let terms_hash = hash::sha3_256(t::join(terms));
        t::assert_last<JobCreated>(
            vector[
                a(job),
                a(buyer),
                a(w.provider_address()),
                a(w.asset_address()),
                s(b"busybox"),
                s(b"{}"),
                n(3_600_000),
                n(100),
                n(100_005),
                s(terms_hash),
                n(now + 120),
                n(now)
            ]
        );
        assert!(
            t::job_bytes(job)
                == t::join(
                    vector[
                        a(job),
                        a(buyer),
                        a(w.provider_address()),
                        a(w.asset_address()),
                        s(b"busybox"),
                        s(b"{}"),
                        s(terms_hash),
                        n(3_600_000),
                        n(100),
                        n(100_005),
                        b(0),
                        b(0),
                        n(now),
                        n(now + 120),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        s(b""),
                        list(vector[]),
                        s(b""),
                        s(b"")
                    ]
                ),
            1
        );
        w.assert_money(job, 0, 0, 0, 100_005);
    }

    #[test]
    fun accepting_and_starting_are_told() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        t::wait(119);
        job_registry::accept(&t::operator(), t::handle(job));
        let accepted_at = t::start_time() + 119;
        t::assert_last<JobAccepted>(
            vector[
                a(job),
                a(w.provider_address()),
                a(t::of(&t::operator())),
                n(accepted_at + 600),
                n(accepted_at)
            ]
        );
        t::assert_state(job, 1, 0);
        t::wait(599);
        job_registry::start(&t::operator(), t::handle(job));
        t::assert_last<JobStarted>(
            vector[a(job), a(w.provider_address()), n(accepted_at + 599), n(accepted_at + 599)]
        );
        t::assert_state(job, 2, 0);
    }

    #[test]
    fun a_completed_job_keeps_its_output() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.complete(job, 1, 10);
        let now = t::start_time() + 10;
        let output =
            vector[list(vector[b"ipfs://cid"]), s(t::hash(1)), s(t::hash(2))];
        let told = vector[a(job), a(w.provider_address()), n(0)];
        told.append(output);
        told.push_back(n(now));
        t::assert_last<JobCompleted>(told);
        // The view ends with: state, outcome, created, accept_by, start_by, started, ended, claim_until, exit code,
        // reason, output.
        let tail =
            vector[
                b(8),
                b(3),
                n(t::start_time()),
                n(t::start_time() + 120),
                n(t::start_time() + 600),
                n(t::start_time()),
                n(now),
                n(0),
                n(0),
                s(b"")
            ];
        tail.append(output);
        let tail = t::join(tail);
        let view = t::job_bytes(job);
        assert!(view.slice(view.length() - tail.length(), view.length()) == tail, 1);
    }

    #[test]
    fun a_failed_job_keeps_its_reason() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::fail_with_nothing_new(job);
        t::assert_last<JobFailed>(
            vector[
                a(job),
                a(w.provider_address()),
                n(137),
                s(b"out of memory"),
                list(vector[]),
                s(b""),
                s(b""),
                n(t::start_time() + 10)
            ]
        );
        t::assert_state(job, 8, 4);
    }

    #[test]
    fun endings_by_others_are_told() {
        let w = t::setup();
        let cancelled = w.create(100, 100_000);
        job_registry::cancel(&t::buyer(), t::handle(cancelled));
        t::assert_last<JobCancelled>(
            vector[a(cancelled), a(t::of(&t::buyer())), n(t::start_time())]
        );
        t::assert_state(cancelled, 8, 5);

        let terminated = w.running(100, 100_000);
        let stalled = w.running(100, 100_000);
        t::wait(60);
        let now = t::start_time() + 60;
        t::terminate_with_nothing_new(terminated);
        t::assert_last<JobTerminated>(
            vector[a(terminated), a(t::of(&t::buyer())), n(now), n(now + 15), n(now)]
        );
        t::assert_state(terminated, 6, 0);

        job_registry::flag_stalled(&t::stranger(), t::handle(stalled));
        t::assert_last<JobStalled>(
            vector[a(stalled), a(t::of(&t::stranger())), n(now + 60), n(now)]
        );
        t::assert_state(stalled, 2, 0);
        t::wait(60);
        job_registry::expire(&t::keeper(), t::handle(stalled));
        t::assert_last<JobExpired>(
            vector[a(stalled), a(t::of(&t::keeper())), n(now + 60)]
        );
        t::assert_state(stalled, 8, 7);
    }

    // === Creating ===

    #[test]
    fun the_greatest_lengths_are_taken() {
        let w = t::setup();
        create_with(&w, t::long_text(512), t::long_text(4_096), 1, 3_600_000, 1_000);
        assert!(t::count<JobCreated>() == 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_IMAGE_LENGTH)]
    fun a_job_needs_an_image() {
        let w = t::setup();
        create_with(&w, t::text(b""), t::text(b"{}"), 1, 3_600_000, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_IMAGE_LENGTH)]
    fun an_image_too_long_is_refused() {
        let w = t::setup();
        create_with(&w, t::long_text(513), t::text(b"{}"), 1, 3_600_000, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_SPEC_LENGTH)]
    fun a_job_needs_a_spec() {
        let w = t::setup();
        create_with(&w, t::text(b"i"), t::text(b""), 1, 3_600_000, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_SPEC_LENGTH)]
    fun a_spec_too_long_is_refused() {
        let w = t::setup();
        create_with(&w, t::text(b"i"), t::long_text(4_097), 1, 3_600_000, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_DURATION_OUT_OF_RANGE)]
    fun a_job_of_no_time_is_refused() {
        let w = t::setup();
        create_with(&w, t::text(b"i"), t::text(b"{}"), 0, 3_600_000, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_DURATION_OUT_OF_RANGE)]
    fun a_job_too_long_is_refused() {
        let w = t::setup();
        create_with(&w, t::text(b"i"), t::text(b"{}"), 604_801, 3_600_000, 604_801_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_PRICE_ABOVE_MAXIMUM)]
    fun a_price_raised_meanwhile_is_refused() {
        let w = t::setup();
        provider_registry::update_price(&t::owner(), w.provider(), 3_600_001);
        create_with(&w, t::text(b"i"), t::text(b"{}"), 1, 3_600_000, 2_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_DEPOSIT_TOO_LOW)]
    fun a_deposit_of_the_rounded_down_cost_is_refused() {
        // 7,201 an hour for 1,800 s is 3,600.5.
        let w = t::setup_at(7_201);
        w.create(1_800, 3_600);
    }

    // === Deadlines ===

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ACCEPT_WINDOW_OVER)]
    fun accepting_at_the_deadline_is_late() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        t::wait(120);
        job_registry::accept(&t::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_START_WINDOW_OVER)]
    fun starting_at_the_deadline_is_late() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        t::wait(600);
        job_registry::start(&t::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_EXPIRED)]
    fun a_pending_job_does_not_expire_before_its_deadline() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        t::wait(119);
        job_registry::expire(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_EXPIRED)]
    fun an_accepted_job_does_not_expire_before_its_deadline() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        t::wait(599);
        job_registry::expire(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_EXPIRED)]
    fun a_silent_job_does_not_expire_unflagged() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10_000);
        job_registry::expire(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_EXPIRED)]
    fun a_flagged_job_does_not_expire_within_the_grace() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(60);
        job_registry::flag_stalled(&t::keeper(), t::handle(job));
        t::wait(59);
        job_registry::expire(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STILL_PROGRESSING)]
    fun a_job_is_not_stalled_before_the_window_is_over() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(59);
        job_registry::flag_stalled(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STILL_PROGRESSING)]
    fun progress_starts_the_stall_window_again() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(1);
        w.pay(job, 1, 1);
        t::wait(59);
        job_registry::flag_stalled(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_ALREADY_STALLED)]
    fun a_job_is_flagged_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(60);
        job_registry::flag_stalled(&t::keeper(), t::handle(job));
        job_registry::flag_stalled(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun unproven_seconds_stay_locked_within_the_claim_window() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        t::wait(14);
        job_registry::finalize(&t::keeper(), t::handle(job));
    }

    // === Who ===

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_accepts() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::accept(&t::owner(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_starts() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::start(&t::buyer(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_completes() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::complete(
            &t::buyer(), t::handle(job), 0, vector[], vector[], vector[], 0, 0, 0, vector[], vector[]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_fails() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::fail(
            &t::stranger(),
            t::handle(job),
            0,
            t::text(b""),
            vector[],
            vector[],
            vector[],
            0,
            0,
            0,
            vector[],
            vector[]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_BUYER)]
    fun only_the_buyer_cancels() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::cancel(&t::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_BUYER)]
    fun only_the_buyer_terminates() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::terminate(&t::operator(), t::handle(job), 0, 0, 0, vector[], vector[]);
    }

    // === States ===

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NO_JOB)]
    fun a_view_needs_a_job() {
        job_registry::get_job(@0x77);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_PENDING)]
    fun a_job_is_accepted_once() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::accept(&t::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_PENDING)]
    fun a_cancelled_job_cannot_be_accepted() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::cancel(&t::buyer(), t::handle(job));
        job_registry::accept(&t::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_ACCEPTED)]
    fun a_pending_job_cannot_start() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::start(&t::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_ACCEPTED)]
    fun a_job_starts_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::start(&t::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_RUNNING)]
    fun an_accepted_job_cannot_complete() {
        let w = t::setup();
        t::complete_with_nothing_new(w.accepted(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_RUNNING)]
    fun a_job_completes_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::complete_with_nothing_new(job);
        t::complete_with_nothing_new(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_RUNNING)]
    fun a_terminated_job_cannot_complete() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        t::complete_with_nothing_new(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_RUNNING)]
    fun an_accepted_job_cannot_be_terminated() {
        let w = t::setup();
        t::terminate_with_nothing_new(w.accepted(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_RUNNING)]
    fun an_accepted_job_cannot_be_flagged() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::flag_stalled(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_ACTIVE)]
    fun a_pending_job_cannot_fail() {
        let w = t::setup();
        t::fail_with_nothing_new(w.create(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_ACTIVE)]
    fun a_settled_job_cannot_fail() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::complete_with_nothing_new(job);
        t::fail_with_nothing_new(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_CANCELLABLE)]
    fun a_running_job_cannot_be_cancelled() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::cancel(&t::buyer(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_CANCELLABLE)]
    fun a_job_is_cancelled_once() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::cancel(&t::buyer(), t::handle(job));
        job_registry::cancel(&t::buyer(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_TERMINATED)]
    fun a_running_job_cannot_be_finalized() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::finalize(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_TERMINATED)]
    fun a_job_is_finalized_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        t::wait(15);
        job_registry::finalize(&t::keeper(), t::handle(job));
        job_registry::finalize(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ALREADY_ENDED)]
    fun a_settled_job_cannot_expire() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::complete_with_nothing_new(job);
        job_registry::expire(&t::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ALREADY_ENDED)]
    fun a_terminated_job_cannot_expire() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        job_registry::expire(&t::keeper(), t::handle(job));
    }

    // === Output ===

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_OUTPUT_URIS)]
    fun too_many_output_addresses_are_refused() {
        let w = t::setup();
        let uris = vector[];
        while (uris.length() < 9) uris.push_back(t::text(b"x"));
        complete_with(w.running(100, 100_000), uris, vector[], vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_OUTPUT_URIS)]
    fun an_output_address_too_long_is_refused() {
        let w = t::setup();
        complete_with(w.running(100, 100_000), vector[t::long_text(513)], vector[], vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_OUTPUT_HASH_LENGTH)]
    fun a_short_output_hash_is_refused() {
        let w = t::setup();
        complete_with(w.running(100, 100_000), vector[], t::bytes_of(31, 1), vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_OUTPUT_HASH_LENGTH)]
    fun a_long_output_root_is_refused() {
        let w = t::setup();
        complete_with(w.running(100, 100_000), vector[], vector[], t::bytes_of(33, 1));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REASON_LENGTH)]
    fun a_reason_too_long_is_refused() {
        let w = t::setup();
        fail_because(w.accepted(100, 100_000), t::long_text(1_025));
    }

    #[test]
    fun the_greatest_reason_is_kept() {
        let w = t::setup();
        fail_because(w.accepted(100, 100_000), t::long_text(1_024));
        assert!(t::count<JobFailed>() == 1, 1);
        assert!(bcs::to_bytes(&t::long_text(1_024)).length() == 1_026, 2);
    }
}
