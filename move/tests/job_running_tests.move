#[test_only]
/// What buyer and owner may change while a job runs: its length, its deposit and its rate.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
/// A refused call breaks the rule that is checked next as well, wherever there is one.
module computestream::job_running_tests {
    use computestream::escrow::EscrowDeposited;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::stream::{StreamExtended, StreamRateChanged, StreamSettled};
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    const YEAR: u64 = 31_536_000;

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    /// A running job whose buyer owns the provider too.
    fun running_for_its_owner(w: &World): address {
        let provider =
            j::machine_of(
                &m::buyer(), m::of(&m::operator()), v::key(), w.asset(), 1, vector[], 1, 3_600_000, 0
            );
        let job = j::order().deposit(100_001).order_from(provider);
        j::accept(provider, job, 0);
        j::start(job);
        job
    }

    // === Extending ===

    #[test]
    fun a_job_is_lengthened_and_paid_on() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(99);
        j::extend(job, 50, 50_000);
        v::assert_last<EscrowDeposited>(
            vector[
                a(job),
                a(m::of(&m::buyer())),
                a(w.asset_address()),
                n(50_000),
                n(150_000),
                n(now())
            ]
        );
        v::assert_last<StreamExtended>(
            vector[a(job), n(150), n(150_000), n(150), n(150_000), n(now())]
        );
        w.assert_money(job, 0, 0, 0, 150_000);
        m::wait(61);
        w.complete(job, 1, 160);
        j::assert_settled(&w, job, 3, 150, 150_000, 148_500, 1_500, 0);
    }

    #[test]
    fun an_extension_leaves_terms_and_hash_as_agreed() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        let before = t::job_bytes(job);
        let signature = w.sign(job, 1, 10, 10);
        m::wait(10);
        j::extend(job, 1, 1_001);
        j::raise(job, 3_600_001);
        assert!(t::job_bytes(job) == before, 1);
        // What was signed before still holds.
        payment_stream::process_payment(
            &m::keeper(),
            job,
            1,
            10,
            now(),
            v::log_root(),
            signature,
            vector[]
        );
    }

    #[test]
    fun a_surplus_lengthens_a_job_without_more_money() {
        let w = t::setup();
        let job = w.running(100, 150_000);
        j::extend(job, 50, 0);
        assert!(t::stream_field(job, 2) == 150, 1);
        // Only the deposit of the order was ever made.
        assert!(v::count<EscrowDeposited>() == 1, 2);
        w.assert_money(job, 0, 0, 0, 150_000);
    }

    #[test]
    fun money_alone_may_be_added() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        j::extend(job, 0, 7);
        v::assert_last<StreamExtended>(
            vector[a(job), n(100), n(100_007), n(100), n(100_007), n(now())]
        );
        m::wait(200);
        w.complete(job, 1, 200);
        j::assert_settled(&w, job, 3, 100, 100_007, 99_000, 1_000, 7);
    }

    #[test]
    fun seconds_proven_beyond_the_end_are_paid_when_it_moves() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(130);
        w.pay(job, 1, 130);
        w.assert_money(job, 99_000, 1_000, 0, 0);
        // 20 of the 30 s that ran over are bought now, and the next settlement pays them.
        j::extend(job, 20, 20_000);
        w.pay(job, 2, 130);
        w.assert_money(job, 118_800, 1_200, 0, 0);
    }

    #[test]
    fun an_extension_pays_what_is_proven_first() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        j::bring(&w, job, 1, 40, 40);
        w.assert_money(job, 9_900, 100, 0, 90_000);
        m::wait(10);
        j::extend(job, 0, 1);
        w.assert_money(job, 19_800, 200, 0, 80_001);
    }

    #[test]
    fun a_job_may_grow_to_the_longest_the_market_takes() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        // To 604,800 s in all.
        j::extend(job, 604_700, 604_700_000);
        assert!(t::stream_field(job, 2) == 604_800, 1);
    }

    #[test]
    fun money_is_welcome_whatever_the_market_s_bounds_are_now() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        market::set_job_bounds(&m::admin(), 1, 50, 0);
        j::extend(job, 0, 1);
        w.assert_money(job, 0, 0, 0, 100_001);
    }

    #[test]
    fun a_paused_market_still_lets_a_job_grow() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::pause();
        j::extend(job, 1, 1_001);
        j::raise(job, 3_600_001);
        assert!(v::count<StreamRateChanged>() == 1, 1);
    }

    #[test]
    fun an_extension_pays_for_a_raise_that_comes_after_it() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        // 110 s at 2,000 cost 220,000.
        j::extend(job, 10, 120_000);
        j::raise(job, 7_200_000);
        assert!(t::stream_field(job, 3) == 110, 1);
        m::wait(110);
        w.complete(job, 1, 110);
        j::assert_settled(&w, job, 3, 110, 220_000, 217_800, 2_200, 0);
    }

    #[test]
    fun an_extension_after_the_maximum_pays_the_overrun_seconds_first() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(130);
        w.pay(job, 1, 130);
        w.assert_money(job, 99_000, 1_000, 0, 0);
        j::extend(job, 50, 50_000);
        // Ten seconds later 40 of the 50 bought ones are used up: 30 had run before they were bought.
        m::wait(10);
        w.complete(job, 2, 140);
        j::assert_settled(&w, job, 3, 140, 150_000, 138_600, 1_400, 10_000);
    }

    #[test]
    fun overrun_seconds_proven_after_the_extension_are_paid_too() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(130);
        j::extend(job, 50, 50_000);
        m::wait(40);
        // 170 s ran, and with 150 the money is at its end.
        w.complete(job, 1, 170);
        j::assert_settled(&w, job, 3, 150, 150_000, 148_500, 1_500, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_BUYER)]
    fun only_the_buyer_extends() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::extend(&m::owner(), t::handle(job), 0, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun an_accepted_job_cannot_be_extended() {
        let w = t::setup();
        j::extend(w.accepted(100, 100_000), 0, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun a_terminated_job_cannot_be_extended() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        j::extend(job, 10, 10_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOTHING_ADDED)]
    fun an_extension_by_nothing_is_refused() {
        let w = t::setup();
        j::extend(w.running(100, 100_000), 0, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DURATION_OUT_OF_RANGE)]
    fun a_job_cannot_grow_beyond_the_longest_the_market_takes() {
        let w = t::setup();
        // By a second, and for more than the buyer has.
        j::extend(w.running(604_800, 604_800_000), 1, 2 * m::funds());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DURATION_OUT_OF_RANGE)]
    fun a_job_cannot_grow_beyond_numbers() {
        let w = t::setup();
        j::extend(w.running(100, 100_000), 0xffff_ffff_ffff_ffff, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun an_extension_the_buyer_cannot_pay_is_refused() {
        let w = t::setup();
        market::set_job_bounds(&m::admin(), 1, YEAR, 0);
        // 2,000,000 s cost twice what the buyer had, and all of it is sent.
        j::extend(w.running(100, 100_000), 2_000_000, m::funds());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DEPOSIT_TOO_LOW)]
    fun an_extension_must_cover_the_whole_duration() {
        let w = t::setup();
        j::extend(w.running(100, 100_000), 10, 9_999);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_terms::E_DEPOSIT_TOO_LOW)]
    fun too_little_money_for_a_raised_rate_is_refused() {
        let w = t::setup();
        let job = w.running(100, 200_000);
        j::raise(job, 7_200_000);
        // Ten more cost 20,000 now.
        j::extend(job, 10, 19_999);
    }

    // === Changing the rate ===

    #[test]
    fun a_buyer_raises_the_rate_of_seconds_to_come() {
        let w = t::setup();
        let job = w.running(100, 200_000);
        m::wait(10);
        w.pay(job, 1, 10);
        j::raise(job, 7_200_000);
        v::assert_last<StreamRateChanged>(
            vector[a(job), n(7_200_000), a(m::of(&m::buyer())), n(10), n(100), n(now())]
        );
        m::wait(50);
        w.complete(job, 2, 60);
        // 10 s at 1,000, 50 at 2,000.
        j::assert_settled(&w, job, 3, 60, 200_000, 108_900, 1_100, 90_000);
    }

    #[test]
    fun an_owner_lowers_the_rate_of_seconds_to_come() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 1, 10);
        j::lower(job, 1_800_000);
        v::assert_last<StreamRateChanged>(
            vector[a(job), n(1_800_000), a(m::of(&m::owner())), n(10), n(100), n(now())]
        );
        m::wait(50);
        w.complete(job, 2, 60);
        // 10 s at 1,000, 50 at 500.
        j::assert_settled(&w, job, 3, 60, 100_000, 34_650, 350, 65_000);
    }

    #[test]
    fun an_owner_may_give_the_rest_away() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 1, 10);
        j::lower(job, 0);
        m::wait(20);
        w.complete(job, 2, 30);
        j::assert_settled(&w, job, 3, 30, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    fun seconds_not_proven_yet_get_the_new_rate() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        w.pay(job, 1, 5);
        j::lower(job, 1_800_000);
        w.complete(job, 2, 20);
        // 5 s at 1,000, 15 at 500.
        j::assert_settled(&w, job, 3, 20, 100_000, 12_375, 125, 87_500);
    }

    #[test]
    fun a_change_pays_what_is_proven_at_the_old_rate_first() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        j::bring(&w, job, 1, 40, 40);
        m::wait(10);
        // 40 s are proven already, but only those that ran get the old rate.
        j::lower(job, 1_800_000);
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::owner())),
                n(1),
                n(40),
                n(0),
                n(20),
                n(10_000),
                n(100),
                n(0),
                n(20_000),
                n(200),
                n(0),
                n(80_000),
                n(now())
            ]
        );
        m::wait(10);
        t::complete_with_nothing_new(job);
        // 20 s at 1,000, 10 at 500.
        j::assert_settled(&w, job, 3, 30, 100_000, 24_750, 250, 75_000);
    }

    #[test]
    fun a_rate_may_change_back_and_forth() {
        let w = t::setup();
        let job = w.running(100, 300_000);
        m::wait(10);
        w.pay(job, 1, 10);
        j::raise(job, 10_800_000);
        m::wait(10);
        w.pay(job, 2, 20);
        j::lower(job, 3_600_000);
        m::wait(10);
        w.complete(job, 3, 30);
        // 10,000 + 30,000 + 10,000.
        j::assert_settled(&w, job, 3, 30, 300_000, 49_500, 500, 250_000);
    }

    #[test]
    fun who_is_buyer_and_owner_may_go_both_ways() {
        let w = t::setup();
        let job = running_for_its_owner(&w);
        j::raise(job, 3_600_001);
        assert!(t::stream_field(job, 0) == 3_600_001, 1);
        j::raise(job, 7);
        assert!(t::stream_field(job, 0) == 7, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_BUYER_OR_OWNER)]
    fun an_operator_changes_no_rate() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::change_rate(&m::operator(), t::handle(job), 3_600_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun an_accepted_job_keeps_its_rate() {
        let w = t::setup();
        j::raise(w.accepted(100, 100_000), 3_600_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun a_terminated_job_keeps_its_rate() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        j::lower(job, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_RATE_DIRECTION)]
    fun a_buyer_cannot_lower_the_rate() {
        let w = t::setup();
        j::raise(w.running(100, 100_000), 3_599_999);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_RATE_DIRECTION)]
    fun an_owner_cannot_raise_the_rate() {
        let w = t::setup();
        j::lower(w.running(100, 100_000), 3_600_001);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_RATE_DIRECTION)]
    fun a_buyer_cannot_raise_the_rate_to_itself() {
        let w = t::setup();
        j::raise(w.running(100, 100_000), 3_600_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_RATE_DIRECTION)]
    fun who_is_buyer_and_owner_cannot_keep_the_rate() {
        let w = t::setup();
        j::raise(running_for_its_owner(&w), 3_600_000);
    }

    #[test]
    fun a_raise_that_the_deposit_just_covers_is_taken() {
        let w = t::setup();
        let job = w.running(100, 160_000);
        m::wait(60);
        w.pay(job, 1, 40);
        // 120,000 are left for the 60 s that aren't billed yet: 2,000 for each, whether it has run or not.
        j::raise(job, 7_200_000);
        m::wait(40);
        w.complete(job, 2, 100);
        j::assert_settled(&w, job, 3, 100, 160_000, 158_400, 1_600, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_RATE_NOT_FUNDED)]
    fun a_raise_beyond_the_deposit_by_a_unit_an_hour_is_refused() {
        let w = t::setup();
        let job = w.running(100, 160_000);
        m::wait(60);
        w.pay(job, 1, 40);
        j::raise(job, 7_200_001);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_RATE_NOT_FUNDED)]
    fun a_raise_must_be_paid_for_to_the_end_not_only_for_what_has_run() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(60);
        // The 60 s that ran cost 99,960 at 1,666, and 40 more may run.
        j::raise(job, 5_997_600);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_RATE_NOT_FUNDED)]
    fun a_raise_beyond_the_deposit_cannot_take_what_has_run() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(60);
        // At 100,001 a second not one second is funded.
        j::raise(job, 360_003_600);
    }
}
