#[test_only]
/// Terminated jobs that hold nothing back: what waits for the provider's last proofs, and who ends the wait.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
/// A refused call breaks the rule that is checked next as well, wherever there is one.
module computestream::job_terminate_tests {
    use computestream::escrow::EscrowRefunded;
    use computestream::job::{JobTerminated, JobWaived};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::provider_registry;
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::stream::{SettlementSkipped, StreamSettled};
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils as t;

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    // === Terminate ===

    #[test]
    fun terminating_with_everything_proven_settles_at_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.terminate(job, 10, 10);
        v::assert_all<JobTerminated>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(m::of(&m::buyer())),
                        n(now()),
                        n(now()),
                        n(0),
                        n(now())
                    ]
                )
            ]
        );
        j::assert_settled(&w, job, 6, 10, 100_000, 9_900, 100, 90_000);
        // The buyer's change of mind says nothing about the provider but what it served.
        v::assert_last<ProviderStatsUpdated>(
            vector[
                a(w.provider_address()),
                n(0),
                n(0),
                n(0),
                n(0),
                n(10),
                n(9_900),
                n(5_000),
                n(now())
            ]
        );
    }

    #[test]
    fun terminating_in_the_first_second_returns_everything() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::terminate_with_nothing_new(job);
        j::assert_settled(&w, job, 6, 0, 100_000, 0, 0, 100_000);
    }

    #[test]
    fun terminating_beyond_the_funded_limit_locks_nothing() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(150);
        w.terminate(job, 150, 150);
        j::assert_settled(&w, job, 6, 100, 100_000, 99_000, 1_000, 0);
    }

    #[test]
    fun an_unproven_tail_is_locked_then_paid_when_proven() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 7, 7);
        t::terminate_with_nothing_new(job);
        // 7 s paid, 3 s locked, 90 s back at once.
        w.assert_money(job, 6_930, 70, 90_000, 3_000);
        v::assert_last<EscrowRefunded>(
            vector[a(job), a(m::of(&m::buyer())), n(90_000), n(3_000), n(now())]
        );
        v::assert_last<JobTerminated>(
            vector[a(job), a(m::of(&m::buyer())), n(now()), n(now() + 15), n(0), n(now())]
        );
        t::assert_state(job, 6, 0);
        assert!(j::ended_at(job) == now() && j::claim_until(job) == now() + 15, 1);
        // The machine is free already.
        assert!(w.slots_busy() == 0, 2);
        m::wait(5);
        // Seconds after the end prove nothing: 15 claimed, 10 billed.
        w.pay(job, 15, 15);
        w.assert_money(job, 9_900, 100, 90_000, 0);
        t::assert_state(job, 6, 0);
        // Nothing is left to prove, so nobody needs to wait for the window.
        j::finalize(job);
        j::assert_settled(&w, job, 6, 10, 100_000, 9_900, 100, 90_000);
        assert!(v::count<EscrowRefunded>() == 1, 3);
    }

    #[test]
    fun part_of_a_tail_is_paid_and_the_rest_returns() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        w.assert_money(job, 0, 0, 90_000, 10_000);
        m::wait(3);
        w.pay(job, 4, 4);
        w.assert_money(job, 3_960, 40, 90_000, 6_000);
        m::wait(12);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 4, 100_000, 3_960, 40, 96_000);
    }

    #[test]
    fun the_last_second_of_the_claim_window_proves() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        m::wait(14);
        w.pay(job, 1, 10);
        w.assert_money(job, 9_900, 100, 90_000, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun from_the_end_of_the_claim_window_on_nothing_is_proven() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        // Nobody has finalized it yet.
        m::wait(15);
        w.pay(job, 1, 10);
    }

    #[test]
    fun a_tail_never_proven_returns_after_the_window() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 7, 7);
        t::terminate_with_nothing_new(job);
        m::wait(15);
        job_registry::finalize(&m::buyer(), t::handle(job));
        j::assert_settled(&w, job, 6, 7, 100_000, 6_930, 70, 93_000);
        assert!(v::count<JobWaived>() == 0, 1);
    }

    #[test]
    fun the_operator_may_waive_the_tail_before_the_window_is_over() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 7, 7);
        t::terminate_with_nothing_new(job);
        m::wait(1);
        // Its container ran no 8th second. Nothing is held for the buyer, so the job settles in the same step.
        job_registry::finalize(&m::operator(), t::handle(job));
        j::assert_settled(&w, job, 6, 7, 100_000, 6_930, 70, 93_000);
        assert!(v::count<JobWaived>() == 0, 1);
    }

    #[test]
    fun the_locked_part_is_exact_at_an_awkward_rate() {
        // 1,000 an hour, 28 for 100 s. At 50 s: at most floor(50,000 / 3,600) = 13 can be earned, so 15 come back.
        let w = t::setup_at(1_000);
        let job = w.running(100, 28);
        m::wait(50);
        w.pay(job, 1, 20);
        // floor(20,000 / 3,600) = 5, fee 0.
        w.assert_money(job, 5, 0, 0, 23);
        t::terminate_with_nothing_new(job);
        w.assert_money(job, 5, 0, 15, 8);
        w.pay(job, 2, 50);
        w.assert_money(job, 13, 0, 15, 0);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 50, 28, 13, 0, 15);
    }

    #[test]
    fun a_free_job_may_still_be_proven() {
        let w = t::setup_at(0);
        let job = w.running(100, 0);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        // Nothing is locked, but ten seconds may still be proven.
        t::assert_state(job, 6, 0);
        w.pay(job, 1, 10);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 10, 0, 0, 0, 0);
    }

    #[test]
    fun a_terminated_job_is_paid_in_a_batch_too() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        payment_stream::process_payments(
            &m::keeper(),
            vector[job],
            vector[1],
            vector[10],
            vector[m::start_time() + 10],
            vector[v::log_root()],
            vector[w.sign(job, 1, 10, 10)],
            vector[]
        );
        assert!(v::count<SettlementSkipped>() == 0, 1);
        w.assert_money(job, 9_900, 100, 90_000, 0);
    }

    #[test]
    fun an_ending_tells_a_higher_number_without_new_seconds() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 1, 10);
        w.complete(job, 2, 10);
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::operator())),
                n(2),
                n(10),
                n(0),
                n(10),
                n(0),
                n(0),
                n(0),
                n(10_000),
                n(100),
                n(0),
                n(90_000),
                n(now())
            ]
        );
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_BUYER)]
    fun only_the_buyer_terminates() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::terminate(&m::operator(), t::handle(job), 0, 0, 0, vector[], vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun an_accepted_job_cannot_be_terminated() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::terminate(&m::buyer(), t::handle(job), 1, 0, 0, vector[], vector[1]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun a_job_is_terminated_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        t::terminate_with_nothing_new(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun terminating_with_a_forged_attestation_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        job_registry::terminate(
            &m::buyer(), t::handle(job), 1, 0, m::start_time(), v::log_root(), v::bytes_of(64, 3)
        );
    }

    // === Finalize ===

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun unproven_seconds_stay_locked_within_the_claim_window() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        m::wait(14);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun the_owner_is_no_operator_and_cannot_waive() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        job_registry::finalize(&m::owner(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun an_old_operator_cannot_waive_the_tail() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        provider_registry::update_operator(
            &m::owner(), w.provider(), m::of(&m::stranger()), v::key()
        );
        job_registry::finalize(&m::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ENDED)]
    fun a_pending_job_cannot_be_finalized() {
        let w = t::setup();
        j::finalize(w.create(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ENDED)]
    fun a_running_job_cannot_be_finalized() {
        let w = t::setup();
        j::finalize(w.running(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ENDED)]
    fun a_job_is_finalized_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        m::wait(15);
        j::finalize(job);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun nothing_is_paid_after_finalizing() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        m::wait(15);
        j::finalize(job);
        w.pay(job, 10, 10);
    }
}
