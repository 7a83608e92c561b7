#[test_only]
/// Whole flows, from order to settlement: where every base unit is at every step.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
module computestream::lifecycle_tests {
    use computestream::escrow::{EscrowDeposited, EscrowRefunded};
    use computestream::job_registry::{Self, JobSettled};
    use computestream::market;
    use computestream::payment_stream::{Self, SettlementSkipped, StreamClosed, StreamSettled};
    use computestream::provider_registry;
    use computestream::test_utils::{Self as t, World, a, b, n};

    fun assert_settled(
        w: &World,
        job: address,
        outcome: u8,
        seconds: u64,
        deposited: u64,
        paid: u64,
        fees: u64,
        refunded: u64
    ) {
        t::assert_last<JobSettled>(
            vector[
                a(job),
                a(t::of(&t::buyer())),
                a(w.provider_address()),
                b(outcome),
                n(seconds),
                n(deposited),
                n(paid),
                n(fees),
                n(refunded),
                n(t::start_time() + t::elapsed())
            ]
        );
        t::assert_state(job, 8, outcome);
        w.assert_money(job, paid, fees, refunded, 0);
        assert!(w.slots_busy() == 0, 9301);
    }

    // === Complete ===

    #[test]
    fun a_job_runs_streams_and_completes() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::assert_last<EscrowDeposited>(
            vector[
                a(job),
                a(t::of(&t::buyer())),
                a(w.asset_address()),
                n(100_000),
                n(100_000),
                n(t::start_time())
            ]
        );
        t::wait(30);
        w.pay(job, 30, 29);
        w.assert_money(job, 28_710, 290, 0, 71_000);
        t::wait(12);
        w.complete(job, 42, 42);
        // 42,000, of which 420 are fees; 58,000 come back.
        t::assert_last<StreamSettled>(
            vector[
                a(job),
                a(t::of(&t::owner())),
                a(t::of(&t::operator())),
                n(42),
                n(42),
                n(42),
                n(13_000),
                n(130),
                n(42_000),
                n(420),
                n(58_000),
                n(t::start_time() + 42)
            ]
        );
        t::assert_last<EscrowRefunded>(
            vector[
                a(job),
                a(t::of(&t::buyer())),
                n(58_000),
                n(0),
                n(t::start_time() + 42)
            ]
        );
        t::assert_last<StreamClosed>(
            vector[a(job), n(42), n(42_000), n(420), n(t::start_time() + 42)]
        );
        assert_settled(&w, job, 3, 42, 100_000, 41_580, 420, 58_000);
        // The stream stands still: ended at second 42.
        assert!(t::stream_field(job, 4) == t::start_time() + 42, 1);
    }

    #[test]
    fun seconds_never_proven_are_never_paid() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(50);
        w.pay(job, 1, 20);
        t::complete_with_nothing_new(job);
        assert_settled(&w, job, 3, 20, 100_000, 19_800, 200, 80_000);
    }

    #[test]
    fun an_attestation_overtaken_by_a_keeper_does_not_stop_an_ending() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 10, 10);
        // Older than what is on chain: nothing new.
        w.complete(job, 9, 9);
        assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_EQUIVOCATION)]
    fun an_ending_with_a_contradicting_attestation_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 10, 9);
        w.complete(job, 10, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun an_ending_with_a_forged_attestation_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        job_registry::terminate(
            &t::buyer(), t::handle(job), 1, 0, t::start_time(), t::log_root(), t::bytes_of(64, 3)
        );
    }

    #[test]
    fun a_free_job_needs_no_deposit() {
        let w = t::setup_at(0);
        let job = w.running(100, 0);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        // Nothing is locked, but ten seconds may still be proven.
        t::assert_state(job, 6, 0);
        w.pay(job, 1, 10);
        job_registry::finalize(&t::keeper(), t::handle(job));
        assert_settled(&w, job, 6, 10, 0, 0, 0, 0);
    }

    // === Fail, cancel ===

    #[test]
    fun failing_before_the_start_returns_everything() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        t::fail_with_nothing_new(job);
        assert_settled(&w, job, 4, 0, 100_000, 0, 0, 100_000);
        assert!(t::count<StreamSettled>() == 0 && t::count<StreamClosed>() == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun failing_before_the_start_pays_no_attestation() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        t::wait(10);
        job_registry::fail(
            &t::operator(),
            t::handle(job),
            1,
            t::text(b""),
            vector[],
            vector[],
            vector[],
            1,
            10,
            t::start_time() + 10,
            t::log_root(),
            w.sign(job, 1, 10, 10)
        );
    }

    #[test]
    fun failing_while_running_pays_what_is_proven() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        job_registry::fail(
            &t::operator(),
            t::handle(job),
            1,
            t::text(b""),
            vector[],
            vector[],
            vector[],
            1,
            8,
            t::start_time() + 10,
            t::log_root(),
            w.sign(job, 1, 8, 10)
        );
        assert_settled(&w, job, 4, 8, 100_000, 7_920, 80, 92_000);
    }

    #[test]
    fun cancelling_a_pending_job_returns_everything() {
        let w = t::setup();
        let job = w.create(100, 123_456);
        job_registry::cancel(&t::buyer(), t::handle(job));
        assert_settled(&w, job, 5, 0, 123_456, 0, 0, 123_456);
    }

    #[test]
    fun cancelling_an_accepted_job_returns_everything() {
        let w = t::setup();
        let job = w.accepted(100, 123_456);
        job_registry::cancel(&t::buyer(), t::handle(job));
        assert_settled(&w, job, 5, 0, 123_456, 0, 0, 123_456);
    }

    // === Terminate ===

    #[test]
    fun terminating_with_everything_proven_settles_at_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.terminate(job, 10, 10);
        assert_settled(&w, job, 6, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    fun terminating_in_the_first_second_returns_everything() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::terminate_with_nothing_new(job);
        assert_settled(&w, job, 6, 0, 100_000, 0, 0, 100_000);
    }

    #[test]
    fun terminating_beyond_the_funded_limit_locks_nothing() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(150);
        w.terminate(job, 150, 150);
        assert_settled(&w, job, 6, 100, 100_000, 99_000, 1_000, 0);
    }

    #[test]
    fun an_unproven_tail_is_locked_then_paid_when_proven() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 7, 7);
        t::terminate_with_nothing_new(job);
        // 7 s paid, 3 s locked, 90 s back at once.
        w.assert_money(job, 6_930, 70, 90_000, 3_000);
        t::assert_last<EscrowRefunded>(
            vector[a(job), a(t::of(&t::buyer())), n(90_000), n(3_000), n(t::start_time() + 10)]
        );
        t::assert_state(job, 6, 0);
        t::wait(5);
        // Seconds after the end prove nothing: 15 claimed, 10 billed.
        w.pay(job, 15, 15);
        w.assert_money(job, 9_900, 100, 90_000, 0);
        t::assert_state(job, 6, 0);
        // Nothing is left to prove, so nobody needs to wait for the window.
        job_registry::finalize(&t::keeper(), t::handle(job));
        assert_settled(&w, job, 6, 10, 100_000, 9_900, 100, 90_000);
        assert!(t::count<EscrowRefunded>() == 1, 1);
    }

    #[test]
    fun part_of_a_tail_is_paid_and_the_rest_returns() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        w.assert_money(job, 0, 0, 90_000, 10_000);
        t::wait(3);
        w.pay(job, 4, 4);
        w.assert_money(job, 3_960, 40, 90_000, 6_000);
        t::wait(12);
        job_registry::finalize(&t::stranger(), t::handle(job));
        assert_settled(&w, job, 6, 4, 100_000, 3_960, 40, 96_000);
    }

    #[test]
    fun a_tail_never_proven_returns_after_the_window() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 7, 7);
        t::terminate_with_nothing_new(job);
        t::wait(15);
        job_registry::finalize(&t::buyer(), t::handle(job));
        assert_settled(&w, job, 6, 7, 100_000, 6_930, 70, 93_000);
    }

    #[test]
    fun the_operator_may_waive_the_tail_before_the_window_is_over() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 7, 7);
        t::terminate_with_nothing_new(job);
        t::wait(1);
        // Its container ran no 8th second: 7 s paid, 93 s back, without waiting out the 15 s.
        job_registry::finalize(&t::operator(), t::handle(job));
        assert_settled(&w, job, 6, 7, 100_000, 6_930, 70, 93_000);
    }

    #[test]
    fun the_locked_part_is_exact_at_an_awkward_rate() {
        // 1,000 an hour, 28 for 100 s. At 50 s: at most floor(50,000 / 3,600) = 13 can be earned, so 15 come back.
        let w = t::setup_at(1_000);
        let job = w.running(100, 28);
        t::wait(50);
        w.pay(job, 1, 20);
        // floor(20,000 / 3,600) = 5, fee 0.
        w.assert_money(job, 5, 0, 0, 23);
        t::terminate_with_nothing_new(job);
        w.assert_money(job, 5, 0, 15, 8);
        w.pay(job, 2, 50);
        w.assert_money(job, 13, 0, 15, 0);
        job_registry::finalize(&t::keeper(), t::handle(job));
        assert_settled(&w, job, 6, 50, 28, 13, 0, 15);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun nothing_is_paid_after_finalizing() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        t::wait(15);
        job_registry::finalize(&t::keeper(), t::handle(job));
        w.pay(job, 10, 10);
    }

    #[test]
    fun a_terminated_job_is_paid_in_a_batch_too() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        payment_stream::process_payments(
            &t::keeper(),
            vector[job],
            vector[1],
            vector[10],
            vector[t::start_time() + 10],
            vector[t::log_root()],
            vector[w.sign(job, 1, 10, 10)]
        );
        assert!(t::count<SettlementSkipped>() == 0, 1);
        w.assert_money(job, 9_900, 100, 90_000, 0);
    }

    // === Expire ===

    #[test]
    fun a_job_nobody_accepted_returns_everything() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        t::wait(120);
        job_registry::expire(&t::stranger(), t::handle(job));
        assert_settled(&w, job, 7, 0, 100_000, 0, 0, 100_000);
    }

    #[test]
    fun a_job_nobody_started_returns_everything() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        t::wait(600);
        job_registry::expire(&t::stranger(), t::handle(job));
        assert_settled(&w, job, 7, 0, 100_000, 0, 0, 100_000);
    }

    #[test]
    fun a_silent_job_pays_what_was_proven_and_returns_the_rest() {
        let w = t::setup();
        let job = w.running(1_000, 1_000_000);
        t::wait(10);
        w.pay(job, 10, 10);
        t::wait(60);
        job_registry::flag_stalled(&t::stranger(), t::handle(job));
        t::wait(60);
        job_registry::expire(&t::stranger(), t::handle(job));
        assert_settled(&w, job, 7, 10, 1_000_000, 9_900, 100, 990_000);
    }

    #[test]
    fun an_answer_clears_the_flag_and_the_job_goes_on() {
        let w = t::setup();
        let job = w.running(1_000, 1_000_000);
        t::wait(60);
        job_registry::flag_stalled(&t::stranger(), t::handle(job));
        t::wait(60);
        // Late, but nobody expired it: still good.
        w.pay(job, 1, 120);
        assert!(t::stream_field(job, 13) == 0, 1);
        t::wait(60);
        job_registry::flag_stalled(&t::stranger(), t::handle(job));
        t::wait(20);
        w.complete(job, 2, 200);
        assert_settled(&w, job, 3, 200, 1_000_000, 198_000, 2_000, 800_000);
    }

    #[test]
    fun a_repeat_does_not_clear_the_flag() {
        let w = t::setup();
        let job = w.running(1_000, 1_000_000);
        t::wait(10);
        let signature = w.sign(job, 1, 10, 10);
        w.pay(job, 1, 10);
        t::wait(60);
        job_registry::flag_stalled(&t::stranger(), t::handle(job));
        t::wait(60);
        payment_stream::process_payment(
            &t::operator(), job, 1, 10, t::start_time() + 10, t::log_root(), signature
        );
        job_registry::expire(&t::stranger(), t::handle(job));
        assert_settled(&w, job, 7, 10, 1_000_000, 9_900, 100, 990_000);
    }

    #[test]
    fun seconds_attested_ahead_are_paid_up_to_the_end() {
        let w = t::setup();
        let job = w.running(1_000, 1_000_000);
        t::wait(10);
        let signature = w.sign(job, 1, 100, 100);
        payment_stream::process_payment(
            &t::operator(), job, 1, 100, t::start_time() + 100, t::log_root(), signature
        );
        w.assert_money(job, 9_900, 100, 0, 990_000);
        t::wait(60);
        job_registry::flag_stalled(&t::stranger(), t::handle(job));
        t::wait(60);
        job_registry::expire(&t::stranger(), t::handle(job));
        // 130 s ran, 100 were attested.
        assert_settled(&w, job, 7, 100, 1_000_000, 99_000, 1_000, 900_000);
    }

    // === Windows and terms belong to the job ===

    #[test]
    fun later_windows_reach_no_existing_job() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        // Everything as short as it may be from now on.
        t::set_market(100, 1, 1, 1, 1, 1, 5, false);
        t::wait(100);
        job_registry::accept(&t::operator(), t::handle(job));
        t::wait(500);
        job_registry::start(&t::operator(), t::handle(job));
        t::wait(10);
        t::terminate_with_nothing_new(job);
        w.assert_money(job, 0, 0, 90_000, 10_000);
        t::wait(14);
        payment_stream::process_payment(
            &t::keeper(),
            job,
            1,
            10,
            t::start_time() + 610,
            t::log_root(),
            w.sign(job, 1, 10, 610)
        );
        w.assert_money(job, 9_900, 100, 90_000, 0);
    }

    #[test]
    fun a_pause_blocks_no_refund_and_no_payment() {
        let w = t::setup();
        let cancelled = w.create(1, 1_000);
        let job = w.running(100, 100_000);
        let expired = w.create(1, 1_000);
        t::pause();
        job_registry::cancel(&t::buyer(), t::handle(cancelled));
        t::wait(120);
        job_registry::expire(&t::keeper(), t::handle(expired));
        w.pay(job, 1, 50);
        t::terminate_with_nothing_new(job);
        t::wait(15);
        job_registry::finalize(&t::keeper(), t::handle(job));
        assert_settled(&w, job, 6, 50, 100_000, 49_500, 500, 50_000);
    }

    #[test]
    fun a_job_accepted_before_a_pause_may_start() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        t::pause();
        job_registry::start(&t::operator(), t::handle(job));
        t::wait(1);
        w.complete(job, 1, 1);
        assert_settled(&w, job, 3, 1, 100_000, 990, 10, 99_000);
    }

    #[test]
    fun an_asset_no_longer_allowed_still_leaves_every_job() {
        let w = t::setup();
        let pending = w.create(1, 1_000);
        let job = w.accepted(100, 100_000);
        market::set_asset_allowed(&t::admin(), w.asset(), false);
        job_registry::cancel(&t::buyer(), t::handle(pending));
        job_registry::start(&t::operator(), t::handle(job));
        t::wait(10);
        w.complete(job, 1, 10);
        assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    // === A provider that changes meanwhile ===

    #[test]
    fun a_price_changed_after_the_order_does_not_reach_it() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        provider_registry::update_price(&t::owner(), w.provider(), 36_000_000);
        job_registry::accept(&t::operator(), t::handle(job));
        provider_registry::update_price(&t::owner(), w.provider(), 36);
        job_registry::start(&t::operator(), t::handle(job));
        t::wait(10);
        w.complete(job, 1, 10);
        // Still 1,000 a second.
        assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    fun a_provider_that_leaves_while_a_job_runs_is_paid_to_its_end() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::set_availability(&t::owner(), w.provider(), false);
        provider_registry::request_unstake(&t::owner(), w.provider(), t::stake());
        t::wait(10);
        w.complete(job, 1, 10);
        assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    fun a_new_operator_ends_what_the_old_one_started() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        provider_registry::update_operator(
            &t::owner(), w.provider(), t::of(&t::stranger()), t::key()
        );
        // The stream keeps the key it opened with; who ends the job is the operator of now.
        job_registry::complete(
            &t::stranger(),
            t::handle(job),
            0,
            vector[],
            vector[],
            vector[],
            1,
            10,
            t::start_time() + 10,
            t::log_root(),
            w.sign(job, 1, 10, 10)
        );
        assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun an_old_operator_cannot_end_what_it_started() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::update_operator(
            &t::owner(), w.provider(), t::of(&t::stranger()), t::key()
        );
        t::complete_with_nothing_new(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun an_old_operator_cannot_waive_the_tail() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        t::terminate_with_nothing_new(job);
        provider_registry::update_operator(
            &t::owner(), w.provider(), t::of(&t::stranger()), t::key()
        );
        job_registry::finalize(&t::operator(), t::handle(job));
    }

    // === Every split adds up ===

    #[test]
    /// Three settlements at a time of their own and a final one, at rates that never divide evenly. The expected
    /// amounts come from the closed formula, applied once at the end.
    fun every_split_adds_up() {
        let rates = vector[0, 1, 7, 3_599, 3_601, 9_999_991, 123_456_789];
        let w = t::setup_at(1);
        let paid = 0;
        let fees = 0;
        let seq = 0;
        rates.for_each(|rate| {
            provider_registry::update_price(&t::owner(), w.provider(), rate);
            t::set_fee((rate * 37) % 1_001);
            let fee_bps = (rate * 37) % 1_001;
            // ceil(rate * 997 / 3,600), and 13 more than needed.
            let job = w.running(997, (rate * 997 + 3_599) / 3_600 + 13);
            let started = t::elapsed();
            let steps = vector[1, 130, 409];
            steps.for_each(|step| {
                t::wait(step);
                seq = seq + 1;
                w.pay(job, seq, t::elapsed() - started - 1);
            });
            t::wait(1 + rate % 1_000);
            seq = seq + 1;
            w.complete(job, seq, t::elapsed() - started);
            let ran = 541 + rate % 1_000;
            let billed = if (ran < 997) ran else 997;
            let gross = rate * billed / 3_600;
            let fee = gross * fee_bps / 10_000;
            paid = paid + gross;
            fees = fees + fee;
            assert!(w.balance(t::of(&t::buyer())) == t::funds() - paid, rate);
            assert!(w.balance(t::of(&t::owner())) == t::funds() + paid - fees, rate);
            assert!(w.balance(t::treasury_address()) == fees, rate);
        });
    }
}
