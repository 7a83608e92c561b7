#[test_only]
/// Nothing that changes later reaches a job that exists, and nobody who stays silent keeps its money: the bug classes
/// 7 and 8 that payment streams of others had.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
module computestream::job_isolation_tests {
    use aptos_framework::primary_fungible_store;
    use computestream::dispute;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::provider_registry;
    use computestream::value_test_utils as v;
    use computestream::world_test_utils as t;

    const YEAR: u64 = 31_536_000;
    const DAY: u64 = 86_400;

    /// Every window, bound and share that the market allows, as short and small as it may be.
    fun set_all_to_the_least() {
        m::set_windows(1, 1, 1, 1, 5);
        market::set_dispute_terms(&m::admin(), @0xbad, 1, 60, 60, 0);
        market::set_stake_terms(&m::admin(), m::stake(), 61, 0, 0);
        market::set_job_bounds(&m::admin(), 1, 1, 0);
    }

    fun set_all_to_the_most() {
        m::set_windows(YEAR, YEAR, YEAR, YEAR, DAY);
        market::set_stake_terms(&m::admin(), m::stake(), YEAR, 10_000, 5_000);
        market::set_dispute_terms(
            &m::admin(), @0xbad, 7 * DAY, 7 * DAY, 30 * DAY, 10_000
        );
        market::set_job_bounds(&m::admin(), YEAR, YEAR, DAY);
    }

    // === 7: parameters that reach back, and a pause that blocks payments ===

    #[test]
    fun regression_7_shorter_windows_reach_no_job_that_exists() {
        let w = t::setup();
        let order = j::order().holdback(10);
        let job = order.order_from(w.provider());
        let before = t::job_bytes(job);
        set_all_to_the_least();
        assert!(t::job_bytes(job) == before, 1);
        m::wait(119);
        w.accept(job);
        m::wait(599);
        j::start(job);
        let began = 718;
        m::wait(30);
        j::bring(&w, job, 1, 20, began + 30);
        t::terminate_with_nothing_new(job);
        m::wait(14);
        j::bring(&w, job, 2, 30, began + 30);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        // In the last of the 3,600 s; the bond is still 1 % and the arbiter the publisher.
        m::wait(3_600);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 30_000 - 1_000, 2);
        m::wait(86_399);
        dispute::rule(&m::admin(), t::handle(job), 0);
        j::assert_settled(&w, job, 6, 30, 100_000, 19_800, 200, 80_000);
    }

    #[test]
    fun regression_7_longer_windows_reach_no_job_that_exists() {
        let w = t::setup();
        let pending = w.create(100, 100_000);
        let accepted = w.accepted(100, 100_000);
        let terminated = w.running(100, 100_000);
        set_all_to_the_most();
        m::wait(10);
        t::terminate_with_nothing_new(terminated);
        m::wait(15);
        j::finalize(terminated);
        m::wait(95);
        job_registry::expire(&m::stranger(), t::handle(pending));
        m::wait(480);
        job_registry::expire(&m::stranger(), t::handle(accepted));
        assert!(w.balance(m::of(&m::buyer())) == m::funds(), 1);
        m::wait(DAY);
        job_registry::reclaim(&m::buyer(), t::handle(terminated));
        j::assert_gone(terminated);
    }

    #[test]
    fun regression_7_longer_windows_reach_no_job_that_runs() {
        let w = t::setup();
        let stalled = w.running(100, 100_000);
        let held = w.running_held(100, 100_000, 10, vector[]);
        set_all_to_the_most();
        m::wait(60);
        w.complete(held, 1, 60);
        j::expire_stalled(stalled);
        t::assert_state(stalled, 8, 7);
        m::wait(3_540);
        j::finalize(held);
        t::assert_state(held, 8, 3);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 60_000, 1);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 59_400, 2);
    }

    #[test]
    /// 2 % and TREASURY when the job was made. The market takes more, and for another, before each step that follows.
    fun regression_7_fees_and_their_receiver_are_those_of_the_making() {
        let w = t::setup();
        m::set_fee(200);
        let job = w.create(100, 100_000);
        market::set_fees(&m::admin(), 1_000, 0, @0xbad);
        w.accept(job);
        m::set_fee(0);
        j::start(job);
        market::set_fees(&m::admin(), 1_000, 0, @0xbad);
        m::wait(10);
        w.pay(job, 1, 5);
        m::set_fee(0);
        w.complete(job, 2, 10);
        j::assert_settled(&w, job, 3, 10, 100_000, 9_800, 200, 90_000);
        assert!(w.balance(@0xbad) == 0, 1);
    }

    #[test]
    /// A tenth of the fee when the job was made, all of it, and of a greater one, from the acceptance on.
    fun regression_7_the_keepers_share_is_that_of_the_making() {
        let w = t::setup();
        m::set_fees(100, 1_000);
        let job = w.create(100, 100_000);
        m::set_fees(1_000, 10_000);
        w.accept(job);
        j::start(job);
        m::wait(50);
        primary_fungible_store::ensure_primary_store_exists(m::of(&m::keeper()), w.asset());
        w.pay(job, 1, 50);
        // 50,000 earn 500 of fees.
        assert!(w.balance(m::of(&m::keeper())) == 50, 1);
        assert!(w.balance(m::treasury_address()) == 450, 2);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 49_500, 3);
    }

    #[test]
    fun regression_7_a_pause_blocks_no_claim_and_no_refund() {
        let w = t::setup();
        let cancelled = w.create(1, 1_000);
        let job = w.running(100, 100_000);
        let expired = w.create(1, 1_000);
        let accepted = w.accepted(1, 1_000);
        m::pause();
        job_registry::cancel(&m::buyer(), t::handle(cancelled));
        // Even what was accepted before may start.
        j::start(accepted);
        m::wait(120);
        job_registry::expire(&m::keeper(), t::handle(expired));
        w.complete(accepted, 1, 1);
        m::wait(10);
        w.pay(job, 1, 50);
        t::terminate_with_nothing_new(job);
        m::wait(15);
        j::finalize(job);
        job_registry::reclaim(&m::buyer(), t::handle(cancelled));
        j::assert_gone(cancelled);
        // 50,000 for the one, 1,000 for the other.
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 51_000, 1);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 50_490, 2);
        assert!(w.balance(m::treasury_address()) == 510, 3);
    }

    #[test]
    fun regression_7_an_asset_no_longer_allowed_still_leaves_every_job() {
        let w = t::setup();
        let pending = w.create(1, 1_000);
        let open = w.create_open(100, 3_600_000, 100_000);
        market::set_asset_allowed(&m::admin(), w.asset(), false);
        job_registry::cancel(&m::buyer(), t::handle(pending));
        w.accept(open);
        j::start(open);
        j::extend(open, 1, 1_000);
        m::wait(10);
        w.complete(open, 1, 10);
        t::assert_state(open, 8, 3);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 10_000, 1);
    }

    #[test]
    fun regression_7_a_provider_that_leaves_is_paid_to_the_end_of_its_job() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::set_status(&m::owner(), w.provider(), 3);
        provider_registry::request_unstake(&m::owner(), w.provider(), m::stake());
        m::wait(10);
        w.complete(job, 1, 10);
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    // === 8: somebody whose silence traps money ===

    #[test]
    fun regression_8_an_arbiter_that_never_rules_traps_no_money() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        m::wait(30);
        w.complete(job, 1, 30);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
        m::wait(86_400);
        dispute::resolve(&m::stranger(), t::handle(job));
        // All to the provider, the bond back to the buyer.
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun regression_8_a_buyer_that_never_comes_back_traps_no_money() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        m::wait(30);
        w.complete(job, 1, 30);
        m::wait(3_600);
        // Nobody but the provider is there.
        job_registry::finalize(&m::operator(), t::handle(job));
        m::wait(172_800);
        job_registry::reclaim(&m::operator(), t::handle(job));
        j::assert_gone(job);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 29_700, 1);
    }

    #[test]
    fun regression_8_a_provider_that_never_comes_back_traps_no_money() {
        let w = t::setup();
        let job = w.running_held(1_000, 1_000_000, 10, vector[]);
        m::wait(30);
        w.pay(job, 1, 30);
        m::wait(60);
        job_registry::flag_stalled(&m::buyer(), t::handle(job));
        m::wait(60);
        job_registry::expire(&m::buyer(), t::handle(job));
        // Its unused money at once, the rest when nobody has challenged what is held.
        w.assert_money(job, 19_800, 200, 970_000, 10_000);
        m::wait(3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 7, 30, 1_000_000, 29_700, 300, 970_000);
    }
}
