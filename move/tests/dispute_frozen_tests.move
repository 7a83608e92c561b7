#[test_only]
/// Faults and cases of a job whose escrow the asset's issuer has frozen: a fault costs what it costs, and what a case
/// decides waits for the money.
/// The rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered, the last 20 s held back; bonds are 1 %.
module computestream::dispute_frozen_tests {
    use computestream::dispute::{Self, ArbitrationDecided, ChallengeLost};
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job::{JobForfeited, JobSettled};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::stream::StreamSealed;
    use computestream::value_test_utils::{Self as v, a, n, yes};
    use computestream::world_test_utils::{Self as t, World};

    /// 30 s ran and are proven: ten of them are paid; then the escrow froze.
    fun running(w: &World): address {
        let job = d::running(w);
        m::wait(30);
        w.pay(job, 1, 30);
        j::freeze_store(w, job);
        job
    }

    /// Frozen since its start and completed after 50 s: nothing is paid, 20,000 of 50,000 are held.
    fun held(w: &World): address {
        let job = d::running(w);
        j::freeze_store(w, job);
        m::wait(50);
        d::complete(w, job, 1, 50, d::root(), d::size());
        job
    }

    fun faulted(w: &World): address {
        let job = held(w);
        d::report_time(w, job, 1, 0);
        job
    }

    // === Faults ===

    #[test]
    fun a_fault_ends_a_running_job_and_its_money_waits() {
        let w = d::setup();
        let job = running(&w);
        d::report_time(&w, job, 31, 30);

        d::assert_fault(&w, job, 3, 50_000_000, 5_000_000);
        t::assert_state(job, 4, 0);
        assert!(j::claim_until(job) == 0 && j::challenge_until(job) == 0, 1);
        assert!(w.slots_busy() == 0, 2);
        v::assert_all<JobForfeited>(
            vector[v::join(vector[a(job), a(w.provider_address()), at(30)])]
        );
        v::assert_all<StreamSealed>(
            vector[v::join(vector[a(job), n(30), n(20_000), at(30)])]
        );
        assert!(v::count<JobSettled>() == 0, 3);
        d::assert_money(
            &w,
            job,
            999_900_000,
            1_000_009_900,
            45_000_100,
            5_000_000,
            90_000,
            50_000_000,
            0
        );

        m::wait(1_000);
        j::thaw_store(&w, job);
        d::finalize(job);
        t::assert_state(job, 8, 4);
        d::assert_money(
            &w, job, 999_990_000, 1_000_009_900, 45_000_100, 5_000_000, 0, 50_000_000, 0
        );
        // 10,000 * (1 + 2) / (2 + 80 + 4) = 348.8
        d::assert_record(&w, 0, 1, 1, 30, 9_900, 348);
    }

    #[test]
    fun a_fault_takes_what_was_earned_and_could_not_be_paid() {
        let w = d::setup();
        let job = faulted(&w);
        t::assert_state(job, 3, 0);
        d::assert_money(
            &w, job, 999_900_000, 1_000_000_000, 45_000_000, 5_000_000, 100_000, 50_000_000, 0
        );
        j::thaw_store(&w, job);
        // Before challenge_until: there is nothing left to challenge.
        d::finalize(job);
        t::assert_state(job, 8, 3);
        d::assert_money(
            &w, job, 1_000_000_000, 1_000_000_000, 45_000_000, 5_000_000, 0, 50_000_000, 0
        );
        // 10,000 * 2 / (80 + 4) = 238.1
        d::assert_record(&w, 0, 0, 1, 50, 0, 238);
    }

    #[test]
    /// 50 s ran, 30 are proven when the buyer ends the job; 20 more could be proven for 15 s.
    fun a_fault_ends_the_time_to_prove() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.pay(job, 1, 30);
        j::freeze_store(&w, job);
        t::terminate_with_nothing_new(job);
        assert!(t::stream_field(job, 8) == m::start_time() + 65, 1);
        m::wait(5);
        d::report_time(&w, job, 1, 0);
        assert!(t::stream_field(job, 8) == m::start_time() + 55, 2);
        j::thaw_store(&w, job);
        d::finalize(job);
        t::assert_state(job, 8, 6);
        d::assert_money(
            &w, job, 999_990_000, 1_000_009_900, 45_000_100, 5_000_000, 0, 50_000_000, 0
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun a_faulted_job_is_proven_no_further() {
        let w = d::setup();
        let job = running(&w);
        d::report_time(&w, job, 31, 30);
        m::wait(1);
        w.pay(job, 2, 31);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun a_faulted_job_waits_for_its_escrow() {
        let w = d::setup();
        d::finalize(faulted(&w));
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun a_faulted_job_that_waits_is_not_slashed_for_again() {
        let w = d::setup();
        d::report_time(&w, faulted(&w), 2, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun a_faulted_job_is_not_confirmed() {
        let w = d::setup();
        j::confirm(faulted(&w));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun nor_does_a_countersignature_count_there() {
        let w = d::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 20, key);
        j::freeze_store(&w, job);
        m::wait(50);
        w.complete(job, 1, 50);
        d::report_time(&w, job, 1, 0);
        j::confirm_signed(&w, &secret, job, 1, 50, 50);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOTHING_HELD)]
    fun a_faulted_job_is_not_arbitrated() {
        let w = d::setup();
        d::arbitrate(faulted(&w));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOTHING_HELD)]
    fun a_faulted_job_is_not_challenged() {
        let w = d::setup();
        d::challenge(faulted(&w), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_SETTLED)]
    fun a_faulted_job_that_waits_is_not_reclaimed() {
        let w = d::setup();
        let job = faulted(&w);
        m::wait(1_000_000);
        job_registry::reclaim(&m::buyer(), t::handle(job));
    }

    // === Challenges ===

    #[test]
    fun a_challenge_is_answered_though_the_escrow_is_frozen() {
        let w = d::setup();
        let job = held(&w);
        d::challenge(job, 0);
        d::answer(job, 0);
        d::assert_money(
            &w, job, 999_899_000, 1_000_001_000, 0, 0, 100_000, 100_000_000, 0
        );
        m::wait(100);
        j::thaw_store(&w, job);
        d::finalize(job);
        d::assert_money(
            &w, job, 999_949_000, 1_000_050_500, 500, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun a_lost_challenge_costs_the_stake_at_once_and_the_money_waits() {
        let w = d::setup();
        let job = held(&w);
        d::challenge(job, 0);
        m::wait(60);
        d::resolve(job);
        assert!(v::count<ChallengeLost>() == 1 && !dispute::has_case(job), 1);
        t::assert_state(job, 3, 0);
        // The bond and the reward are the buyer's.
        d::assert_money(
            &w, job, 1_004_900_000, 1_000_000_000, 45_000_000, 0, 100_000, 50_000_000, 0
        );
        j::thaw_store(&w, job);
        d::finalize(job);
        d::assert_money(
            &w, job, 1_005_000_000, 1_000_000_000, 45_000_000, 0, 0, 50_000_000, 0
        );
    }

    // === Arbitrations ===

    #[test]
    /// What isn't held is the provider's, paid or not: the case is about 20,000 of the 50,000 in the escrow.
    fun money_that_only_the_freeze_kept_is_in_no_case() {
        let w = d::setup();
        let job = held(&w);
        d::arbitrate(job);
        d::assert_case(job, 2, 1_000, 250, 0, v::text(b"it never ran"), 20_000, 50);
        j::thaw_store(&w, job);
        d::rule(job, 0);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 300, 0, 0, 100_000_000, 0
        );
        t::assert_state(job, 8, 3);
    }

    #[test]
    /// 200,000 are ordered. 30,000 of 50,000 are free when the buyer raises the rate to 2,000 a second, at which the
    /// 20 s that wait would be worth 40,000.
    fun a_raise_during_a_freeze_brings_nothing_more_into_a_case() {
        let w = d::setup();
        let job = w.running_held(100, 200_000, 20, vector[]);
        j::freeze_store(&w, job);
        m::wait(50);
        w.pay(job, 1, 50);
        j::raise(job, 7_200_000);
        d::complete(&w, job, 2, 50, d::root(), d::size());
        d::arbitrate(job);
        d::assert_case(job, 2, 2_000, 250, 0, v::text(b"it never ran"), 20_000, 50);
        j::thaw_store(&w, job);
        d::rule(job, 0);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 300, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    /// The issuer took 15,000 of the 70,000 that were left: the 50,000 that can't be earned any more are there, but
    /// beside them only 5,000 of the 20,000 held would be.
    fun what_is_held_stays_backed_though_units_are_missing_at_the_end() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.pay(job, 1, 50);
        m::claw_back(w.asset(), job, 15_000);
        d::complete(&w, job, 2, 50, d::root(), d::size());
        assert!(w.balance(m::of(&m::buyer())) == 999_900_000, 1);
        j::confirm(job);
        assert!(w.balance(m::of(&m::owner())) == 1_000_049_500, 2);
        t::assert_state(job, 3, 0);
        m::give_back(w.asset(), job, 15_000);
        d::finalize(job);
        d::assert_money(
            &w, job, 999_950_000, 1_000_049_500, 500, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    /// 50 of 60 s are confirmed and unpaid: ten are left to decide about.
    fun money_agreed_to_but_unpaid_is_in_no_case() {
        let w = d::setup();
        let job = d::running(&w);
        j::freeze_store(&w, job);
        m::wait(50);
        w.pay(job, 1, 50);
        j::confirm(job);
        m::wait(10);
        d::complete(&w, job, 2, 60, d::root(), d::size());
        d::arbitrate(job);
        d::assert_case(job, 2, 1_000, 260, 0, v::text(b"it never ran"), 10_000, 60);
        m::wait(200);
        j::thaw_store(&w, job);
        d::resolve(job);
        v::assert_all<ArbitrationDecided>(
            vector[v::join(
                vector[
                    a(job),
                    a(@0xa7b),
                    n(10_000),
                    n(10_000),
                    a(@0xb0b),
                    yes(true),
                    at(260)
                ]
            )]
        );
        d::assert_money(
            &w, job, 999_940_000, 1_000_059_400, 600, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_AWARD_TOO_HIGH)]
    fun an_award_doesn_t_reach_what_only_the_freeze_kept() {
        let w = d::setup();
        let job = held(&w);
        d::arbitrate(job);
        j::thaw_store(&w, job);
        d::rule(job, 20_001);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun a_ruling_waits_for_the_escrow() {
        let w = d::setup();
        let job = held(&w);
        d::arbitrate(job);
        d::rule(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun a_ruling_waits_for_every_unit() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::claw_back(w.asset(), job, 1);
        d::rule(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun the_default_waits_for_the_escrow_too() {
        let w = d::setup();
        let job = held(&w);
        d::arbitrate(job);
        m::wait(200);
        d::resolve(job);
    }

    #[test]
    fun a_fault_ends_an_arbitration_and_the_money_waits() {
        let w = d::setup();
        let job = held(&w);
        d::arbitrate(job);
        d::report_time(&w, job, 1, 0);
        assert!(!dispute::has_case(job) && j::case_until(job) == 0, 1);
        d::assert_money(
            &w, job, 999_900_000, 1_000_000_000, 45_000_000, 5_000_000, 100_000, 50_000_000, 0
        );
        j::thaw_store(&w, job);
        d::finalize(job);
        d::assert_money(
            &w, job, 1_000_000_000, 1_000_000_000, 45_000_000, 5_000_000, 0, 50_000_000, 0
        );
    }
}
