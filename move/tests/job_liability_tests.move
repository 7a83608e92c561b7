#[test_only]
/// When a job tells that its provider answers for more stake, or for longer: at its start, at the end of its run,
/// and when its output is challenged; and which stake a start needs. What that keeps from leaving is in
/// provider_liability_tests.
/// Unless said otherwise the rate is 1,000 a second, 100 s and 100,000 are ordered; unbonding takes a day.
module computestream::job_liability_tests {
    use computestream::dispute_test_utils as d;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::provider_registry::{Self, ProviderLiabilityChanged};
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    const STAKE: u64 = 100_000_000;
    const DAY: u64 = 86_400;

    fun changes(): u64 {
        v::count<ProviderLiabilityChanged>()
    }

    /// The newest change, told now: `until` seconds after START, 0 for never.
    fun assert_told(w: &World, bound_stake: u64, until: u64) {
        v::assert_last<ProviderLiabilityChanged>(
            vector[
                a(w.provider_address()),
                n(bound_stake),
                n(if (until == 0) 0 else m::start_time() + until),
                n(m::start_time() + m::elapsed())
            ]
        );
    }

    /// An open order that requires `min_stake`, taken by the world's provider.
    fun accepted_with_stake(w: &World, min_stake: u64): address {
        let job = j::order().min_stake(min_stake).order_openly(w.asset());
        w.accept(job);
        job
    }

    // === Starts ===

    #[test]
    fun a_start_binds_the_market_s_minimum_and_an_acceptance_nothing() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        let other = w.accepted(100, 100_000);
        assert!(changes() == 0, 1);
        m::wait(3);
        j::start(job);
        assert_told(&w, STAKE, 0);
        // A second one relies on no more.
        j::start(other);
        assert!(changes() == 1, 2);
    }

    #[test]
    fun a_start_binds_what_the_order_requires() {
        let w = t::setup();
        market::set_stake_terms(&m::admin(), 50_000_000, DAY, 5_000, 1_000);
        w.running(100, 100_000);
        assert_told(&w, 50_000_000, 0);
        let job = accepted_with_stake(&w, 80_000_000);
        assert!(changes() == 1, 1);
        j::start(job);
        assert_told(&w, 80_000_000, 0);
        assert!(changes() == 2, 2);
    }

    #[test]
    fun a_start_with_exactly_the_stake_its_order_requires_is_taken() {
        let w = t::setup();
        let job = accepted_with_stake(&w, STAKE - 5);
        provider_registry::request_unstake(&m::owner(), w.provider(), 5);
        j::start(job);
        t::assert_state(job, 2, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun stake_that_unbonds_at_the_start_stays_for_the_job() {
        let w = t::setup();
        let job = accepted_with_stake(&w, STAKE);
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        j::start(job);
        m::wait(DAY);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
    }

    /// The start window must be longer than the unbonding for that.
    fun withdrawn_between_acceptance_and_start(min_stake: u64): address {
        let w = t::setup();
        market::set_windows(&m::admin(), 120, DAY + 1, 60, 60, 15);
        let job = accepted_with_stake(&w, min_stake);
        provider_registry::request_unstake(&m::owner(), w.provider(), STAKE);
        m::wait(DAY);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        job
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun stake_that_left_since_the_acceptance_keeps_a_job_from_starting() {
        j::start(withdrawn_between_acceptance_and_start(STAKE));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    fun the_minimum_that_left_keeps_a_job_that_requires_nothing_from_starting() {
        j::start(withdrawn_between_acceptance_and_start(0));
    }

    #[test]
    /// The minimum is the one that stood when the job was made.
    fun a_minimum_raised_since_a_job_was_made_keeps_it_from_nothing() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        market::set_stake_terms(&m::admin(), STAKE + 1, DAY, 5_000, 1_000);
        j::start(job);
        assert_told(&w, STAKE, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_REQUIREMENTS_NOT_MET)]
    /// Of 100,000,000 staked half is slashed.
    fun stake_slashed_since_the_acceptance_keeps_a_job_from_starting() {
        let w = t::setup();
        let faulted = w.running(100, 100_000);
        let job = accepted_with_stake(&w, STAKE / 2 + 1);
        m::wait(10);
        d::report_time(&w, faulted, 11, 10);
        j::start(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun an_order_that_requires_nothing_starts_and_keeps_the_minimum_that_unbonds() {
        let w = t::setup();
        let job = w.accepted(100_000, 100_000_000);
        provider_registry::request_unstake(&m::owner(), w.provider(), STAKE);
        j::start(job);
        assert_told(&w, STAKE, 0);
        m::wait(DAY);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
    }

    // === Ends ===

    #[test]
    fun the_end_of_a_run_is_answered_for_until_it_can_be_reclaimed() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.complete(job, 1, 10);
        assert_told(&w, STAKE, 10 + DAY);
        assert!(changes() == 2, 1);
    }

    #[test]
    /// Unbonding takes 160 s; the claim window 1,000, and then 100 to challenge.
    fun the_end_of_a_run_is_answered_for_while_it_can_be_challenged() {
        let w = d::setup();
        m::set_unbonding(160);
        m::set_windows(120, 600, 60, 60, 1_000);
        let job = d::running(&w);
        m::wait(50);
        w.terminate(job, 1, 30);
        assert_told(&w, STAKE, 50 + 1_000 + 100);
    }

    #[test]
    fun nothing_is_answered_for_that_never_ran() {
        let w = t::setup();
        let cancelled = w.accepted(100, 100_000);
        let failed = w.accepted(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(cancelled));
        t::fail_with_nothing_new(failed);
        let expired = w.accepted(100, 100_000);
        m::wait(600);
        job_registry::expire(&m::stranger(), t::handle(expired));
        assert!(changes() == 0, 1);
    }

    #[test]
    fun a_fault_ends_a_run_that_is_answered_for() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        d::report_time(&w, job, 11, 10);
        assert_told(&w, STAKE, 10 + DAY);
    }

    // === Cases ===

    /// Completed at 50, answered for until 210.
    fun held(w: &World): address {
        m::set_unbonding(160);
        let job = d::held(w);
        assert_told(w, STAKE, 210);
        job
    }

    #[test]
    /// Challenged at 149, to be answered by 209; then anyone has 60 s to resolve it.
    fun a_challenge_is_answered_for_until_anyone_could_resolve_it() {
        let w = d::setup();
        let job = held(&w);
        m::wait(99);
        d::challenge(job, 0);
        assert_told(&w, STAKE, 269);
        assert!(changes() == 3, 1);
    }

    #[test]
    fun a_challenge_that_ends_sooner_changes_nothing() {
        let w = d::setup();
        let job = held(&w);
        m::wait(40);
        // 90 + 60 + 60 = 210.
        d::challenge(job, 0);
        assert!(changes() == 2, 1);
    }

    #[test]
    fun an_arbitration_is_not_answered_for_with_stake() {
        let w = d::setup();
        let job = held(&w);
        m::wait(99);
        // To be decided by 349: no stake is in question.
        d::arbitrate(job);
        assert!(changes() == 2, 1);
    }
}
