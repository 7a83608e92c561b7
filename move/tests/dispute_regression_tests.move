#[test_only]
/// The mistakes that dispute mechanisms elsewhere made: parameters that reach back, stakes that leave in time, arbiters
/// that hold money, callers who choose the receiver.
/// It doesn't know the rules these follow from: dispute_tests and its neighbours do.
module computestream::dispute_regression_tests {
    use computestream::dispute::{Self, ArbitrationOpened, ChallengeLost, FaultProven, OutputChallenged};
    use computestream::dispute_test_utils as d;
    use computestream::job_registry;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::provider_registry;
    use computestream::stake;
    use computestream::value_test_utils as v;
    use computestream::world_test_utils as t;

    // === Slash evasion and parameters that change afterwards ===

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    /// Unbonding takes 160 s. Asked for at the end of the job, at 50, it would be over at 210; the challenge was
    /// opened at 149 and is lost at 209, but nobody has resolved it yet.
    fun regression_7_a_stake_can_t_leave_before_a_lost_challenge_is_resolved() {
        let w = d::setup();
        m::set_unbonding(160);
        let job = d::held(&w);
        provider_registry::request_unstake(&m::owner(), w.provider(), 100_000_000);
        m::wait(99);
        d::challenge(job, 0);
        m::wait(61);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
    }

    #[test]
    fun regression_7_a_challenge_reaches_a_stake_that_left_as_early_as_it_could() {
        let w = d::setup();
        m::set_unbonding(160);
        let job = d::running(&w);
        provider_registry::request_unstake(&m::owner(), w.provider(), 100_000_000);
        m::wait(50);
        d::complete(&w, job, 1, 50, d::root(), d::size());
        m::wait(99);
        d::challenge(job, 0);
        m::wait(61);
        d::resolve(job);
        assert!(stake::unbonding(w.provider_address()) == 50_000_000, 1);
    }

    #[test]
    fun regression_7_a_deadline_isn_t_moved_by_parameters_that_change() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        d::set_terms(@0xa7b, 5_000, 6_000, 7_000, 100);
        m::wait(60);
        d::resolve(job);
        assert!(v::count<ChallengeLost>() == 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_DEADLINE_NOT_REACHED)]
    fun regression_7_a_deadline_isn_t_brought_nearer_either() {
        let w = d::setup();
        d::set_terms(@0xa7b, 100, 600, 200, 100);
        let job = d::held(&w);
        d::challenge(job, 0);
        d::set_terms(@0xa7b, 100, 60, 60, 100);
        m::wait(599);
        d::resolve(job);
    }

    #[test]
    /// The market changes everything after the job was made: windows, bond, arbiter, slash, reward and treasury.
    fun regression_7_a_job_keeps_the_dispute_terms_it_was_made_with() {
        let w = d::setup();
        let job = d::running(&w);
        d::set_terms(@0x123, 5_000, 6_000, 7_000, 5_000);
        market::set_stake_terms(&m::admin(), 1, 86_400, 10_000, 5_000);
        market::set_fees(&m::admin(), 1_000, 0, @0x5ea);
        m::wait(50);
        d::complete(&w, job, 1, 50, d::root(), d::size());
        d::arbitrate(job);
        d::assert_case(job, 2, 1_000, 250, 0, v::text(b"it never ran"), 20_000, 50);
        assert!(v::count<ArbitrationOpened>() == 1, 1);
        d::report_time(&w, job, 1, 0);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 45_000_300, 5_000_000, 0, 50_000_000, 0
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NOT_ARBITER)]
    fun regression_7_a_new_arbiter_has_no_say_in_old_jobs() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::set_terms(@0x123, 100, 60, 200, 100);
        dispute::rule(
            &aptos_framework::account::create_signer_for_test(@0x123), t::handle(job), 0
        );
    }

    #[test]
    fun regression_7_the_old_arbiter_keeps_them() {
        let w = d::setup();
        let job = d::held(&w);
        d::set_terms(@0x123, 100, 60, 200, 100);
        d::arbitrate(job);
        d::rule(job, 0);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 300, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun regression_7_a_paused_market_stops_no_dispute() {
        let w = d::setup();
        let challenged = d::running(&w);
        let ruled = d::running(&w);
        m::pause();
        m::wait(50);
        d::complete(&w, challenged, 1, 50, d::root(), d::size());
        d::complete(&w, ruled, 1, 50, d::root(), d::size());
        d::challenge(challenged, 0);
        d::arbitrate(ruled);
        d::rule(ruled, 5_000);
        d::answer(challenged, 0);
        d::challenge(challenged, 1);
        m::wait(60);
        d::resolve(challenged);
        t::assert_state(ruled, 8, 3);
        t::assert_state(challenged, 8, 3);
        // A settled job, in a paused market.
        d::report_time(&w, ruled, 1, 0);
        assert!(v::count<FaultProven>() == 2, 1);
    }

    // === A reward for one's own fault ===

    #[test]
    /// A provider without the chunk signs an impossible time and has an account of its own report it: it used to take
    /// the tenth of its stake that the challenger was about to get.
    fun regression_a_provider_about_to_lose_a_challenge_takes_no_reward_by_reporting_itself() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        m::wait(59);
        d::report_time(&w, job, 1, 0);
        d::assert_money(
            &w, job, 1_004_970_000, 1_000_029_700, 45_000_300, 0, 0, 50_000_000, 0
        );
    }

    // === An arbiter must not hold anybody's money ===

    #[test]
    fun regression_8_a_silent_arbiter_holds_nothing_beyond_the_deadline() {
        let w = d::setup();
        // An address nobody has a key of.
        d::set_terms(@0x0, 100, 60, 200, 100);
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(200);
        d::resolve(job);
        d::assert_money(
            &w, job, 999_950_000, 1_000_049_500, 500, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun regression_8_an_arbitration_holds_only_its_own_job() {
        let w = d::setup();
        let disputed = d::held(&w);
        d::arbitrate(disputed);
        // The same provider and buyer go on meanwhile.
        let other = d::running(&w);
        m::wait(50);
        w.pay(other, 1, 50);
        assert!(payment_stream::held(other) == 20_000, 1);
        w.complete(other, 2, 50);
        job_registry::confirm(&m::buyer(), t::handle(other));
        t::assert_state(other, 8, 3);
        t::assert_state(disputed, 3, 0);
    }

    #[test]
    fun regression_8_a_ruling_moves_nothing_that_was_released() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        let (owner, treasury) = (w.balance(@0xa11), w.balance(m::treasury_address()));
        d::rule(job, 0);
        assert!(w.balance(@0xa11) == owner && w.balance(m::treasury_address()) == treasury, 1);
        assert!(stake::staked(w.provider_address()) == 100_000_000, 2);
    }

    // === Caller-chosen receivers ===

    #[test]
    fun regression_4_whoever_answers_or_resolves_gets_nothing() {
        let w = d::setup();
        let arbitrated = d::held(&w);
        d::arbitrate(arbitrated);
        m::wait(200);
        d::resolve(arbitrated);
        let challenged = d::held(&w);
        d::challenge(challenged, 0);
        d::answer(challenged, 0);
        d::challenge(challenged, 1);
        m::wait(60);
        d::resolve(challenged);
        assert!(w.balance(@0xbad) == 0, 1);
        assert!(v::count<OutputChallenged>() == 2, 2);
    }
}
