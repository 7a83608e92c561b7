#[test_only]
/// What a proven fault costs, in whatever state the job is, and that it costs it once.
/// It doesn't know which signatures prove one: dispute_evidence_tests does.
module computestream::dispute_fault_tests {
    use computestream::dispute;
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job::{JobForfeited, JobSettled};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::provider_registry;
    use computestream::stake;
    use computestream::value_test_utils::{Self as v, a, b, n};
    use computestream::world_test_utils as t;

    // === What it costs ===

    #[test]
    fun a_fault_closes_a_running_job_for_the_buyer() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(30);
        w.pay(job, 1, 30);
        m::wait(10);
        d::report(&w, job, 2, 35, 35, 2, 36, 36);

        d::assert_fault(&w, job, 1, 50_000_000, 5_000_000);
        let provider = w.provider_address();
        v::assert_all<JobForfeited>(vector[v::join(vector[a(job), a(provider), at(40)])]);
        v::assert_all<JobSettled>(
            vector[v::join(
                vector[
                    a(job),
                    a(@0xb0b),
                    a(provider),
                    b(4),
                    n(30),
                    n(100_000),
                    n(29_700),
                    n(300),
                    n(70_000),
                    at(40)
                ]
            )]
        );
        // What was paid stays paid; half the stake is gone, a tenth of it to the stranger.
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 45_000_300, 5_000_000, 0, 50_000_000, 0
        );
        // 10,000 * (1 + 2) / (2 + 80 + 4) = 348.8
        d::assert_record(&w, 0, 1, 1, 30, 29_700, 348);
        t::assert_state(job, 8, 4);
        assert!(w.slots_busy() == 0, 1);
        assert!(t::is_stream_closed(job), 2);
    }

    #[test]
    fun a_fault_leaves_a_running_job_nothing_to_wait_for() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(30);
        w.pay(job, 1, 30);
        // Ten of the thirty were paid, twenty are held: those go back too.
        d::report_time(&w, job, 31, 30);
        d::assert_money(
            &w, job, 999_990_000, 1_000_009_900, 45_000_100, 5_000_000, 0, 50_000_000, 0
        );
        t::assert_state(job, 8, 4);
        assert!(j::claim_until(job) == 0 && j::challenge_until(job) == 0, 1);
    }

    #[test]
    fun a_fault_bills_no_further_second() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        // Attested ahead of the clock: only 10 of them are billed.
        payment_stream::process_payment(
            &m::keeper(),
            job,
            1,
            40,
            m::start_time() + 40,
            v::log_root(),
            w.sign(job, 1, 40, 40),
            vector[]
        );
        m::wait(30);
        d::report(&w, job, 2, 41, 41, 2, 42, 42);
        d::assert_money(
            &w, job, 999_990_000, 1_000_009_900, 45_000_100, 5_000_000, 0, 50_000_000, 0
        );
    }

    #[test]
    fun a_fault_takes_what_is_held_back() {
        let w = d::setup();
        let job = d::held(&w);
        m::wait(10);
        d::report(&w, job, 2, 51, 51, 3, 50, 52);
        d::assert_fault(&w, job, 2, 50_000_000, 5_000_000);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 45_000_300, 5_000_000, 0, 50_000_000, 0
        );
        // It did complete, but who lies has completed nothing: 10,000 * 2 / (80 + 4) = 238.1
        d::assert_record(&w, 0, 0, 1, 50, 29_700, 238);
        t::assert_state(job, 8, 3);
    }

    #[test]
    fun a_fault_takes_what_a_terminated_job_may_still_prove() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(50);
        w.terminate(job, 1, 30);
        d::assert_money(
            &w, job, 999_950_000, 1_000_029_700, 300, 0, 20_000, 100_000_000, 0
        );
        d::report_time(&w, job, 51, 50);
        d::assert_fault(&w, job, 3, 50_000_000, 5_000_000);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 45_000_300, 5_000_000, 0, 50_000_000, 0
        );
        t::assert_state(job, 8, 6);
    }

    #[test]
    fun a_fault_on_a_settled_job_only_slashes() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(50);
        w.complete(job, 1, 50);
        t::assert_state(job, 8, 3);
        m::wait(1_000);
        d::report(&w, job, 1, 50, 50, 1, 49, 50);

        d::assert_fault(&w, job, 1, 50_000_000, 5_000_000);
        d::assert_money(
            &w, job, 999_950_000, 1_000_049_500, 45_000_500, 5_000_000, 0, 50_000_000, 0
        );
        d::assert_record(&w, 1, 0, 1, 50, 49_500, 465);
        t::assert_state(job, 8, 3);
        assert!(v::count<JobSettled>() == 1 && v::count<JobForfeited>() == 0, 1);
    }

    #[test]
    fun slashing_reaches_a_stake_that_is_all_unbonding() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::request_unstake(&m::owner(), w.provider(), 100_000_000);
        m::wait(1);
        d::report(&w, job, 1, 1, 1, 1, 0, 1);
        let provider = w.provider_address();
        assert!(stake::staked(provider) == 0 && stake::unbonding(provider) == 50_000_000, 1);
        d::assert_fault(&w, job, 1, 50_000_000, 5_000_000);
    }

    #[test]
    fun slashing_takes_what_is_staked_before_what_is_unbonding() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::request_unstake(&m::owner(), w.provider(), 70_000_000);
        m::wait(1);
        d::report(&w, job, 1, 1, 1, 1, 0, 1);
        let provider = w.provider_address();
        assert!(stake::staked(provider) == 0 && stake::unbonding(provider) == 50_000_000, 1);
        d::assert_money(
            &w, job, 1_000_000_000, 1_000_000_000, 45_000_000, 5_000_000, 0, 50_000_000, 0
        );
    }

    #[test]
    fun each_job_slashes_what_is_left() {
        let w = t::setup();
        let first = w.running(100, 100_000);
        let second = w.running(100, 100_000);
        m::wait(1);
        d::report(&w, first, 1, 1, 1, 1, 0, 1);
        d::report(&w, second, 1, 1, 1, 1, 0, 1);
        // 50,000,000 and 25,000,000; a tenth of each to the stranger.
        assert!(stake::staked(w.provider_address()) == 25_000_000, 1);
        assert!(w.balance(@0xbad) == 7_500_000, 2);
        assert!(w.balance(m::treasury_address()) == 67_500_000, 3);
    }

    #[test]
    fun a_fault_counts_when_there_is_nothing_left_to_take() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(50);
        w.complete(job, 1, 50);
        provider_registry::request_unstake(&m::owner(), w.provider(), 100_000_000);
        m::wait(86_400);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        d::report(&w, job, 1, 50, 50, 1, 49, 50);
        d::assert_fault(&w, job, 1, 0, 0);
        d::assert_record(&w, 1, 0, 1, 50, 49_500, 465);
    }

    #[test]
    fun a_frozen_stake_doesn_t_keep_the_buyer_s_money() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(1);
        m::freeze_escrow(w.asset(), w.provider_address(), true);
        d::report(&w, job, 1, 1, 1, 1, 0, 1);
        d::assert_fault(&w, job, 1, 0, 0);
        d::assert_money(
            &w, job, 1_000_000_000, 1_000_000_000, 0, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun the_buyer_may_report_and_is_rewarded() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(1);
        dispute::report_impossible_time(
            &m::buyer(),
            t::handle(job),
            1,
            2,
            m::start_time() + 1,
            v::log_root(),
            w.sign(job, 1, 2, 1)
        );
        d::assert_money(
            &w, job, 1_005_000_000, 1_000_000_000, 45_000_000, 0, 0, 50_000_000, 0
        );
    }

    // === Once ===

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun the_same_proof_slashes_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        d::report(&w, job, 4, 10, 10, 4, 11, 11);
        d::report(&w, job, 4, 10, 10, 4, 11, 11);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun another_fault_of_the_same_job_doesn_t_slash_again() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        d::report(&w, job, 4, 10, 10, 4, 11, 11);
        d::report_time(&w, job, 50, 20);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun a_fault_on_a_settled_job_slashes_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(50);
        w.complete(job, 1, 50);
        d::report(&w, job, 1, 50, 50, 1, 49, 50);
        d::report(&w, job, 1, 50, 50, 1, 48, 50);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun a_lost_challenge_is_the_job_s_one_fault() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        m::wait(60);
        d::resolve(job);
        d::report(&w, job, 1, 50, 50, 1, 49, 50);
    }

    // === Before the start, after the end ===

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NEVER_STARTED)]
    fun a_job_that_only_waits_has_no_faults() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        d::report_time(&w, job, 5, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NEVER_STARTED)]
    fun a_cancelled_job_has_no_faults() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(job));
        d::report(&w, job, 1, 1, 1, 1, 2, 2);
    }

    #[test]
    // 0x60002: there is no such object.
    #[expected_failure(abort_code = 0x60002, location = aptos_framework::object)]
    fun a_reclaimed_job_has_no_faults() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(50);
        w.complete(job, 1, 50);
        let signature = w.sign(job, 1, 60, 50);
        m::wait(86_400);
        job_registry::reclaim(&m::buyer(), t::handle(job));
        dispute::report_impossible_time(
            &m::stranger(), t::handle(job), 1, 60, m::start_time() + 50, v::log_root(), signature
        );
    }

    #[test]
    fun a_new_key_doesn_t_hide_what_the_old_one_signed() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        provider_registry::update_operator(&m::owner(), w.provider(), @0x0b8, v::key());
        d::report(&w, job, 4, 10, 10, 4, 11, 11);
        d::assert_fault(&w, job, 1, 50_000_000, 5_000_000);
    }
}
