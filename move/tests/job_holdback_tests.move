#[test_only]
/// Money held back for the buyer: what waits, for how long, and what ends the wait. Confirming is
/// in job_confirm_tests, what expires in job_expire_held_tests.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered, 10 s are held back.
module computestream::job_holdback_tests {
    use computestream::dispute;
    use computestream::job::{JobCompleted, JobFailed, JobTerminated, JobWaived};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::stream::{StreamSealed, StreamSettled};
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils as t;

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    fun operator_finalizes(job: address) {
        job_registry::finalize(&m::operator(), t::handle(job));
    }

    // === While it runs ===

    #[test]
    fun all_but_the_last_seconds_are_paid() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        w.assert_money(job, 19_800, 200, 0, 80_000);
        m::wait(5);
        w.pay(job, 2, 35);
        w.assert_money(job, 24_750, 250, 0, 75_000);
    }

    #[test]
    fun a_holdback_longer_than_the_job_holds_everything() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 3_600, vector[]);
        m::wait(100);
        w.pay(job, 1, 100);
        w.assert_money(job, 0, 0, 0, 100_000);
        t::complete_with_nothing_new(job);
        w.assert_money(job, 0, 0, 0, 100_000);
        j::confirm(job);
        j::assert_settled(&w, job, 3, 100, 100_000, 99_000, 1_000, 0);
    }

    #[test]
    fun seconds_that_are_all_held_are_told_too() {
        let w = t::setup();
        let job = j::running_held(&w);
        m::wait(10);
        w.pay(job, 1, 10);
        v::assert_all<StreamSettled>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(m::of(&m::owner())),
                        a(m::of(&m::keeper())),
                        n(1),
                        n(10),
                        n(0),
                        n(10),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(100_000),
                        n(now())
                    ]
                )
            ]
        );
    }

    #[test]
    fun a_countersigned_job_holds_nothing() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 10, key);
        m::wait(30);
        j::pay_agreed(&w, &secret, job, 1, 30);
        w.assert_money(job, 29_700, 300, 0, 70_000);
        t::complete_with_nothing_new(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
        assert!(j::challenge_until(job) == 0, 1);
    }

    #[test]
    fun a_free_job_holds_nothing() {
        let w = t::setup_at(0);
        let job = w.running_held(100, 0, 10, vector[]);
        m::wait(30);
        w.complete(job, 1, 30);
        j::assert_settled(&w, job, 3, 30, 0, 0, 0, 0);
    }

    // === Complete and fail ===

    #[test]
    fun a_completed_job_waits_for_its_buyer() {
        let w = t::setup();
        let job = j::running_held(&w);
        m::wait(30);
        w.complete(job, 1, 30);
        v::assert_all<JobCompleted>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(w.provider_address()),
                        j::output(
                            0, b"", vector[b"ipfs://cid"], v::hash(1), v::hash(2), 40_000
                        ),
                        n(now()),
                        n(now() + 3_600),
                        n(now())
                    ]
                )
            ]
        );
        v::assert_all<StreamSealed>(
            vector[v::join(vector[a(job), n(30), n(10_000), n(now())])]
        );
        j::assert_waits(job, 3, now(), now() + 3_600);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        // The machine is free, and the record waits for the money.
        assert!(w.slots_busy() == 0, 1);
        assert!(v::count<ProviderStatsUpdated>() == 0, 2);
    }

    #[test]
    fun a_failed_job_waits_for_its_buyer_too() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::fail_with_nothing_new(job);
        v::assert_last<JobFailed>(
            vector[
                a(job),
                a(w.provider_address()),
                j::output(137, b"out of memory", vector[], b"", b"", 0),
                n(now()),
                n(now() + 3_600),
                n(now())
            ]
        );
        j::assert_waits(job, 4, now(), now() + 3_600);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        j::confirm(job);
        j::assert_settled(&w, job, 4, 30, 100_000, 29_700, 300, 70_000);
        j::assert_record(&w, 0, 1, 0, 30, 29_700, 5_000);
    }

    #[test]
    fun what_nobody_challenged_is_paid_when_the_window_is_over() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::wait(3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
        j::assert_record(&w, 1, 0, 0, 30, 29_700, 6_666);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun what_is_held_stays_until_the_window_is_over() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::wait(3_599);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun the_operator_cannot_shorten_the_challenge_window() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        operator_finalizes(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun a_completed_job_is_proven_no_further() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        w.pay(job, 2, 30);
    }

    // === Terminate ===

    #[test]
    fun a_terminated_job_waits_for_its_buyer() {
        let w = t::setup();
        let job = j::running_held(&w);
        m::wait(30);
        w.terminate(job, 1, 30);
        v::assert_last<JobTerminated>(
            vector[
                a(job),
                a(m::of(&m::buyer())),
                n(now()),
                n(now()),
                n(now() + 3_600),
                n(now())
            ]
        );
        j::assert_waits(job, 6, now(), now() + 3_600);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        m::wait(3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun a_late_proof_is_held_as_well() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        let ended = now();
        j::assert_waits(job, 6, ended + 15, ended + 15 + 3_600);
        w.assert_money(job, 9_900, 100, 70_000, 20_000);
        m::wait(14);
        w.pay(job, 2, 30);
        // The last ten of 30 s wait now.
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        j::assert_waits(job, 6, ended + 15, ended + 15 + 3_600);
        m::wait(1 + 3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun a_late_proof_leaves_the_buyer_its_window() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        m::wait(14);
        w.pay(job, 2, 30);
        m::wait(1 + 3_599);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun a_job_proven_early_still_waits_for_its_buyer() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        w.pay(job, 2, 30);
        // Nothing is left to prove, so the claim window doesn't count; the challenge window does.
        operator_finalizes(job);
    }

    #[test]
    fun a_job_that_proved_nothing_settles_after_the_claim_window() {
        let w = t::setup();
        let job = j::running_held(&w);
        m::wait(30);
        t::terminate_with_nothing_new(job);
        w.assert_money(job, 0, 0, 70_000, 30_000);
        j::assert_waits(job, 6, now() + 15, now() + 15 + 3_600);
        m::wait(15);
        // Nothing is held: there is nothing to challenge.
        j::finalize(job);
        j::assert_settled(&w, job, 6, 0, 100_000, 0, 0, 100_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun no_proof_counts_while_the_buyer_decides() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        m::wait(15);
        w.pay(job, 2, 30);
    }

    // === Waive ===

    #[test]
    fun the_operator_may_waive_its_proof_and_the_challenge_window_begins() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        m::wait(5);
        operator_finalizes(job);
        v::assert_all<JobWaived>(
            vector[v::join(vector[a(job), n(now()), n(now() + 3_600), n(now())])]
        );
        v::assert_all<StreamSealed>(
            vector[v::join(vector[a(job), n(20), n(10_000), n(now())])]
        );
        j::assert_waits(job, 6, now(), now() + 3_600);
        assert!(t::stream_field(job, 8) == now(), 1);
        // The ten seconds it couldn't prove come back.
        w.assert_money(job, 9_900, 100, 80_000, 10_000);
        m::wait(3_600);
        operator_finalizes(job);
        j::assert_settled(&w, job, 6, 20, 100_000, 19_800, 200, 80_000);
    }

    #[test]
    fun who_waives_everything_settles_at_once() {
        let w = t::setup();
        let job = j::running_held(&w);
        m::wait(30);
        t::terminate_with_nothing_new(job);
        operator_finalizes(job);
        j::assert_settled(&w, job, 6, 0, 100_000, 0, 0, 100_000);
        assert!(v::count<JobWaived>() == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun what_is_waived_can_be_proven_no_more() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        operator_finalizes(job);
        w.pay(job, 2, 30);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun waiving_twice_shortens_nothing() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        operator_finalizes(job);
        m::wait(3_599);
        operator_finalizes(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun only_the_operator_waives() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        m::wait(14);
        job_registry::finalize(&m::buyer(), t::handle(job));
    }

    // === Waits on ===

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun a_job_in_a_case_is_not_finalized() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
        m::wait(3_600);
        j::finalize(job);
    }

    #[test]
    fun pausing_holds_no_held_money() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::pause();
        m::wait(3_600);
        j::finalize(job);
        assert!(t::is_stream_closed(job), 1);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }
}
