#[test_only]
/// Completing, failing and cancelling jobs that hold nothing back: what is told, kept, paid and refunded.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
/// A refused call breaks the rule that is checked next as well, wherever there is one.
module computestream::job_ending_tests {
    use std::string::String;
    use computestream::escrow::EscrowRefunded;
    use computestream::job::{JobCancelled, JobCompleted, JobFailed};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::stream::{StreamClosed, StreamSettled};
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    fun complete_with(
        job: address, output_uris: vector<String>, sha256: vector<u8>, root: vector<u8>
    ) {
        // The attestation is no good: the output is checked first.
        job_registry::complete(
            &m::operator(), t::handle(job), 0, output_uris, sha256, root, 0, 0, 0, 0, vector[], vector[1]
        );
    }

    fun fail_with(job: address, reason: String, output_uris: vector<String>) {
        job_registry::fail(
            &m::operator(),
            t::handle(job),
            1,
            reason,
            output_uris,
            vector[],
            vector[],
            0,
            0,
            0,
            0,
            vector[],
            vector[]
        );
    }

    /// The operator fails a job with its newest attestation.
    fun fail(w: &World, job: address, seq: u64, seconds: u64) {
        let at = m::elapsed();
        job_registry::fail(
            &m::operator(),
            t::handle(job),
            1,
            v::text(b""),
            vector[],
            vector[],
            vector[],
            0,
            seq,
            seconds,
            now(),
            v::log_root(),
            w.sign(job, seq, seconds, at)
        );
    }

    // === Complete ===

    #[test]
    fun a_completed_job_is_told_and_kept_whole() {
        let w = t::setup();
        let order = j::order();
        let job = order.order_from(w.provider());
        w.accept(job);
        j::start(job);
        m::wait(42);
        w.complete(job, 42, 41);
        let output =
            j::output(0, b"", vector[b"ipfs://cid"], v::hash(1), v::hash(2), 40_000);
        v::assert_all<JobCompleted>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(w.provider_address()),
                        output,
                        n(now()),
                        n(0),
                        n(now())
                    ]
                )
            ]
        );
        let terms = order.terms(w.provider_address(), w.asset_address(), 3_600_000);
        let began = m::start_time();
        assert!(
            t::job_bytes(job)
                == j::record(
                    job,
                    terms,
                    false,
                    j::hash_of(job, terms),
                    8,
                    3,
                    0,
                    vector[],
                    vector[
                        began,
                        began + 120,
                        began + 600,
                        began,
                        began + 42,
                        began + 42,
                        0,
                        began + 42,
                        0
                    ],
                    output
                ),
            1
        );
        // 41,000, of which 410 are fees; 59,000 come back.
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::operator())),
                n(42),
                n(41),
                n(0),
                n(41),
                n(41_000),
                n(410),
                n(0),
                n(41_000),
                n(410),
                n(0),
                n(59_000),
                n(now())
            ]
        );
        v::assert_all<EscrowRefunded>(
            vector[
                v::join(
                    vector[a(job), a(m::of(&m::buyer())), n(59_000), n(0), n(now())]
                )
            ]
        );
        v::assert_last<StreamClosed>(
            vector[a(job), n(41), n(41_000), n(410), n(0), n(now())]
        );
        j::assert_settled(&w, job, 3, 41, 100_000, 40_590, 410, 59_000);
        j::assert_record(&w, 1, 0, 0, 41, 40_590, 6_666);
    }

    #[test]
    fun a_completed_job_without_output_keeps_none() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::complete_with_nothing_new(job);
        v::assert_last<JobCompleted>(
            vector[a(job), a(w.provider_address()), j::no_output(), n(now()), n(0), n(now())]
        );
        j::assert_settled(&w, job, 3, 0, 100_000, 0, 0, 100_000);
        // Nothing was paid for it: it isn't one more completed job.
        j::assert_record(&w, 0, 0, 0, 0, 0, 5_000);
    }

    #[test]
    fun a_job_completed_for_nothing_counts_its_seconds_only() {
        let w = t::setup_at(0);
        let job = w.running(100, 0);
        m::wait(30);
        w.complete(job, 1, 30);
        j::assert_settled(&w, job, 3, 30, 0, 0, 0, 0);
        j::assert_record(&w, 0, 0, 0, 30, 0, 5_000);
    }

    #[test]
    fun a_single_unit_paid_completes_a_job() {
        // 120 an hour: 30 s are worth 1, of which no fee is left.
        let w = t::setup_at(120);
        let job = w.running(100, 4);
        m::wait(30);
        w.complete(job, 1, 30);
        j::assert_settled(&w, job, 3, 30, 4, 1, 0, 3);
        j::assert_record(&w, 1, 0, 0, 30, 1, 6_666);
    }

    #[test]
    fun seconds_never_proven_are_never_paid() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(50);
        w.pay(job, 1, 20);
        t::complete_with_nothing_new(job);
        j::assert_settled(&w, job, 3, 20, 100_000, 19_800, 200, 80_000);
    }

    #[test]
    fun an_attestation_overtaken_by_a_keeper_does_not_stop_an_ending() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 10, 10);
        w.complete(job, 9, 9);
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    /// Completes with an attestation of 10 s that were signed at START + `at`.
    fun complete_at(w: &World, job: address, at: u64) {
        job_registry::complete(
            &m::operator(),
            t::handle(job),
            0,
            vector[],
            vector[],
            vector[],
            0,
            1,
            10,
            m::start_time() + at,
            v::log_root(),
            w.sign(job, 1, 10, at)
        );
    }

    #[test]
    fun an_ending_forgives_a_clock_half_a_minute_ahead() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        complete_at(&w, job, 40);
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_AHEAD_OF_TIME)]
    fun an_ending_with_an_attestation_ahead_of_time_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        complete_at(&w, job, 41);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_EQUIVOCATION)]
    fun an_ending_with_a_contradicting_attestation_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 10, 9);
        w.complete(job, 10, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_completes() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::complete(
            &m::buyer(),
            t::handle(job),
            0,
            vector[],
            vector[],
            vector[],
            0,
            0,
            0,
            0,
            vector[],
            vector[]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun an_accepted_job_cannot_complete() {
        let w = t::setup();
        complete_with(w.accepted(100, 100_000), vector[v::long_text(513)], vector[], vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun a_job_completes_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::complete_with_nothing_new(job);
        t::complete_with_nothing_new(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun a_terminated_job_cannot_complete() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        t::complete_with_nothing_new(job);
    }

    #[test]
    fun the_greatest_output_is_kept() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        let uris = vector[];
        while (uris.length() < 8) uris.push_back(v::long_text(512));
        job_registry::fail(
            &m::operator(),
            t::handle(job),
            0xffff_ffff_ffff_ffff,
            v::long_text(1_024),
            uris,
            v::hash(7),
            v::hash(8),
            0xffff_ffff_ffff_ffff,
            0,
            0,
            0,
            vector[],
            vector[]
        );
        assert!(job_registry::output_size(job) == 0xffff_ffff_ffff_ffff, 1);
        assert!(job_registry::output_root(job) == v::hash(8), 2);
        // 8 * 514 + 1 for the addresses, 1,026 for the reason.
        assert!(t::job_bytes(job).length() > 4_113 + 1_026, 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_output::E_OUTPUT_URIS)]
    fun too_many_output_addresses_are_refused() {
        let w = t::setup();
        let uris = vector[];
        while (uris.length() < 9) uris.push_back(v::text(b"x"));
        complete_with(w.running(100, 100_000), uris, v::bytes_of(31, 1), vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_output::E_OUTPUT_URIS)]
    fun an_output_address_too_long_is_refused() {
        let w = t::setup();
        complete_with(
            w.running(100, 100_000),
            vector[v::text(b"x"), v::long_text(513)],
            v::bytes_of(31, 1),
            vector[]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_output::E_OUTPUT_HASH_LENGTH)]
    fun a_short_output_hash_is_refused() {
        let w = t::setup();
        complete_with(w.running(100, 100_000), vector[], v::bytes_of(31, 1), vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_output::E_OUTPUT_HASH_LENGTH)]
    fun a_long_output_root_is_refused() {
        let w = t::setup();
        complete_with(w.running(100, 100_000), vector[], vector[], v::bytes_of(33, 1));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_LOG_ROOT_LENGTH)]
    fun an_attestation_without_log_root_aborts_an_ending() {
        let w = t::setup();
        complete_with(w.running(100, 100_000), vector[], vector[], vector[]);
    }

    // === Fail ===

    #[test]
    fun a_failed_job_keeps_its_reason() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::fail_with_nothing_new(job);
        v::assert_all<JobFailed>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(w.provider_address()),
                        j::output(137, b"out of memory", vector[], b"", b"", 0),
                        n(now()),
                        n(0),
                        n(now())
                    ]
                )
            ]
        );
        j::assert_settled(&w, job, 4, 0, 100_000, 0, 0, 100_000);
        j::assert_record(&w, 0, 1, 0, 0, 0, 5_000);
    }

    #[test]
    fun failing_while_running_pays_what_is_proven() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        fail(&w, job, 1, 8);
        j::assert_settled(&w, job, 4, 8, 100_000, 7_920, 80, 92_000);
    }

    #[test]
    fun failing_before_the_start_returns_everything() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(7);
        t::fail_with_nothing_new(job);
        // No window opens: nothing ever ran.
        v::assert_last<JobFailed>(
            vector[
                a(job),
                a(w.provider_address()),
                j::output(137, b"out of memory", vector[], b"", b"", 0),
                n(0),
                n(0),
                n(now())
            ]
        );
        j::assert_settled(&w, job, 4, 0, 100_000, 0, 0, 100_000);
        assert!(v::count<StreamSettled>() == 0 && v::count<StreamClosed>() == 0, 1);
        // An image that can't be pulled is nobody's fault.
        j::assert_record(&w, 0, 0, 0, 0, 0, 5_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun failing_before_the_start_pays_no_attestation() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(10);
        fail(&w, job, 1, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_fails() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::fail(
            &m::owner(),
            t::handle(job),
            0,
            v::text(b""),
            vector[],
            vector[],
            vector[],
            0,
            0,
            0,
            0,
            vector[],
            vector[]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ACTIVE)]
    fun a_pending_job_cannot_fail() {
        let w = t::setup();
        fail_with(w.create(100, 100_000), v::long_text(1_025), vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ACTIVE)]
    fun a_settled_job_cannot_fail() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::complete_with_nothing_new(job);
        t::fail_with_nothing_new(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_output::E_REASON_LENGTH)]
    fun a_reason_too_long_is_refused() {
        let w = t::setup();
        fail_with(w.accepted(100, 100_000), v::long_text(1_025), vector[v::long_text(513)]);
    }

    // === Cancel ===

    #[test]
    fun cancelling_a_pending_job_returns_everything() {
        let w = t::setup();
        let job = w.create(100, 123_456);
        m::wait(3);
        job_registry::cancel(&m::buyer(), t::handle(job));
        v::assert_all<JobCancelled>(
            vector[v::join(vector[a(job), a(m::of(&m::buyer())), n(now())])]
        );
        v::assert_all<EscrowRefunded>(
            vector[
                v::join(
                    vector[a(job), a(m::of(&m::buyer())), n(123_456), n(0), n(now())]
                )
            ]
        );
        j::assert_settled(&w, job, 5, 0, 123_456, 0, 0, 123_456);
    }

    #[test]
    fun cancelling_an_accepted_job_returns_everything_and_marks_nobody() {
        let w = t::setup();
        let job = w.accepted(100, 123_456);
        job_registry::cancel(&m::buyer(), t::handle(job));
        j::assert_settled(&w, job, 5, 0, 123_456, 0, 0, 123_456);
        assert!(v::count<ProviderStatsUpdated>() == 0, 1);
    }

    #[test]
    fun an_overdue_job_may_still_be_cancelled() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(10_000);
        job_registry::cancel(&m::buyer(), t::handle(job));
        j::assert_settled(&w, job, 5, 0, 100_000, 0, 0, 100_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_BUYER)]
    fun only_the_buyer_cancels() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::cancel(&m::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CANCELLABLE)]
    fun a_running_job_cannot_be_cancelled() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CANCELLABLE)]
    fun a_job_is_cancelled_once() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(job));
        job_registry::cancel(&m::buyer(), t::handle(job));
    }
}
