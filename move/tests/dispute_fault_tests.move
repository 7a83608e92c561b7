#[test_only]
/// What a provider's own signatures prove against it, what they don't, and what a proven fault costs.
/// It doesn't know devices (dispute_overlap_tests) nor the buyer's cases (dispute_challenge_tests).
module computestream::dispute_fault_tests {
    use aptos_std::ed25519;
    use aptos_framework::object;
    use computestream::attestation;
    use computestream::dispute::{Self, FaultProven};
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job::{JobForfeited, JobSettled};
    use computestream::job_orders;
    use computestream::job_registry;
    use computestream::payment_stream;
    use computestream::provider_registry;
    use computestream::stake;
    use computestream::test_utils::{Self as t, World, a, b, n};

    /// A stranger reports two attestations that are signed as they say: `(seq, seconds, time since START)`.
    fun report(
        w: &World,
        job: address,
        seq_a: u64,
        seconds_a: u64,
        t_a: u64,
        seq_b: u64,
        seconds_b: u64,
        t_b: u64
    ) {
        report_signed(
            job,
            seq_a,
            seconds_a,
            t_a,
            w.sign(job, seq_a, seconds_a, t_a),
            seq_b,
            seconds_b,
            t_b,
            w.sign(job, seq_b, seconds_b, t_b)
        );
    }

    fun report_signed(
        job: address,
        seq_a: u64,
        seconds_a: u64,
        t_a: u64,
        signature_a: vector<u8>,
        seq_b: u64,
        seconds_b: u64,
        t_b: u64,
        signature_b: vector<u8>
    ) {
        dispute::report_contradiction(
            &t::stranger(),
            t::handle(job),
            seq_a,
            seconds_a,
            t::start_time() + t_a,
            t::log_root(),
            signature_a,
            seq_b,
            seconds_b,
            t::start_time() + t_b,
            t::log_root(),
            signature_b
        );
    }

    fun report_time(w: &World, job: address, seconds: u64, time: u64) {
        dispute::report_impossible_time(
            &t::stranger(),
            t::handle(job),
            9,
            seconds,
            t::start_time() + time,
            t::log_root(),
            w.sign(job, 9, seconds, time)
        );
    }

    fun assert_fault(w: &World, job: address, fault: u8, slashed: u64, reward: u64) {
        t::assert_all<FaultProven>(
            vector[t::join(
                vector[
                    a(job),
                    a(w.provider_address()),
                    b(fault),
                    a(@0xbad),
                    n(slashed),
                    n(reward),
                    at(t::elapsed())
                ]
            )]
        );
        assert!(job_registry::is_faulted(job), 1);
    }

    // === What it costs ===

    #[test]
    fun a_fault_closes_a_running_job_for_the_buyer() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(30);
        w.pay(job, 1, 30);
        t::wait(10);
        report(&w, job, 2, 35, 35, 2, 36, 36);

        assert_fault(&w, job, 1, 50_000_000, 5_000_000);
        let provider = w.provider_address();
        t::assert_all<JobForfeited>(vector[t::join(vector[a(job), a(provider), at(40)])]);
        t::assert_all<JobSettled>(
            vector[t::join(
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
        assert!(!payment_stream::is_open(job), 2);
    }

    #[test]
    fun a_fault_bills_no_further_second() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        // Attested ahead of the clock: only 10 of them are billed.
        payment_stream::process_payment(
            &t::keeper(),
            job,
            1,
            40,
            t::start_time() + 40,
            t::log_root(),
            w.sign(job, 1, 40, 40),
            vector[]
        );
        t::wait(30);
        report(&w, job, 2, 41, 41, 2, 42, 42);
        d::assert_money(
            &w, job, 999_990_000, 1_000_009_900, 45_000_100, 5_000_000, 0, 50_000_000, 0
        );
    }

    #[test]
    fun a_fault_takes_what_is_held_back() {
        let w = d::setup();
        let job = d::held(&w);
        t::wait(10);
        report(&w, job, 2, 51, 51, 3, 50, 52);
        assert_fault(&w, job, 2, 50_000_000, 5_000_000);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 45_000_300, 5_000_000, 0, 50_000_000, 0
        );
        // It did complete, and it did lie.
        d::assert_record(&w, 1, 0, 1, 50, 29_700, 465);
        t::assert_state(job, 8, 3);
    }

    #[test]
    fun a_fault_takes_what_a_terminated_job_may_still_prove() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(50);
        w.terminate(job, 1, 30);
        d::assert_money(
            &w, job, 999_950_000, 1_000_029_700, 300, 0, 20_000, 100_000_000, 0
        );
        report_time(&w, job, 51, 50);
        assert_fault(&w, job, 3, 50_000_000, 5_000_000);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 45_000_300, 5_000_000, 0, 50_000_000, 0
        );
        t::assert_state(job, 8, 6);
    }

    #[test]
    fun a_fault_on_a_settled_job_only_slashes() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(50);
        w.complete(job, 1, 50);
        t::assert_state(job, 8, 3);
        t::wait(1_000);
        report(&w, job, 1, 50, 50, 1, 49, 50);

        assert_fault(&w, job, 1, 50_000_000, 5_000_000);
        d::assert_money(
            &w, job, 999_950_000, 1_000_049_500, 45_000_500, 5_000_000, 0, 50_000_000, 0
        );
        d::assert_record(&w, 1, 0, 1, 50, 49_500, 465);
        t::assert_state(job, 8, 3);
        assert!(t::count<JobSettled>() == 1 && t::count<JobForfeited>() == 0, 1);
    }

    #[test]
    fun slashing_reaches_a_stake_that_is_all_unbonding() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::request_unstake(&t::owner(), w.provider(), 100_000_000);
        t::wait(1);
        report(&w, job, 1, 1, 1, 1, 0, 1);
        let provider = w.provider_address();
        assert!(stake::staked(provider) == 0 && stake::unbonding(provider) == 50_000_000, 1);
        assert_fault(&w, job, 1, 50_000_000, 5_000_000);
    }

    #[test]
    fun slashing_takes_what_is_staked_before_what_is_unbonding() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::request_unstake(&t::owner(), w.provider(), 70_000_000);
        t::wait(1);
        report(&w, job, 1, 1, 1, 1, 0, 1);
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
        t::wait(1);
        report(&w, first, 1, 1, 1, 1, 0, 1);
        report(&w, second, 1, 1, 1, 1, 0, 1);
        // 50,000,000 and 25,000,000; a tenth of each to the stranger.
        assert!(stake::staked(w.provider_address()) == 25_000_000, 1);
        assert!(w.balance(@0xbad) == 7_500_000, 2);
        assert!(w.balance(t::treasury_address()) == 67_500_000, 3);
    }

    #[test]
    fun a_fault_counts_when_there_is_nothing_left_to_take() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(50);
        w.complete(job, 1, 50);
        provider_registry::request_unstake(&t::owner(), w.provider(), 100_000_000);
        t::wait(86_400);
        provider_registry::withdraw_stake(&t::owner(), w.provider());
        report(&w, job, 1, 50, 50, 1, 49, 50);
        assert_fault(&w, job, 1, 0, 0);
        d::assert_record(&w, 1, 0, 1, 50, 49_500, 465);
    }

    #[test]
    fun a_frozen_stake_doesn_t_keep_the_buyer_s_money() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(1);
        t::freeze_escrow(w.asset(), w.provider_address(), true);
        report(&w, job, 1, 1, 1, 1, 0, 1);
        assert_fault(&w, job, 1, 0, 0);
        d::assert_money(
            &w, job, 1_000_000_000, 1_000_000_000, 0, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun the_buyer_may_report_and_is_rewarded() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(1);
        dispute::report_impossible_time(
            &t::buyer(),
            t::handle(job),
            1,
            2,
            t::start_time() + 1,
            t::log_root(),
            w.sign(job, 1, 2, 1)
        );
        d::assert_money(
            &w, job, 1_005_000_000, 1_000_000_000, 45_000_000, 0, 0, 50_000_000, 0
        );
    }

    // === Contradictions ===

    #[test]
    fun one_number_with_two_times_is_a_fault() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        report(&w, job, 4, 10, 10, 4, 10, 11);
        assert_fault(&w, job, 1, 50_000_000, 5_000_000);
    }

    #[test]
    fun one_number_with_two_logs_is_a_fault() {
        let w = d::setup();
        let (secret, verifying) = ed25519::generate_keys();
        let provider =
            t::register(
                w.asset(),
                ed25519::validated_public_key_to_bytes(&verifying),
                1,
                t::rate(),
                t::stake()
            );
        let jobs =
            job_orders::create(
                &t::buyer(),
                provider,
                t::text(b"busybox"),
                vector[t::text(b"{}")],
                0,
                100,
                t::rate(),
                100_000,
                0,
                5,
                vector[]
            );
        let job = jobs[0];
        job_registry::accept(&t::operator(), provider, job, 0);
        job_registry::start(&t::operator(), job);
        t::wait(10);
        let signatures = vector[];
        for (i in 1..3) {
            let message =
                attestation::usage_message(
                    t::chain(),
                    @computestream,
                    object::object_address(&job),
                    t::terms_hash(object::object_address(&job)),
                    1,
                    10,
                    t::start_time() + 10,
                    t::hash(i as u8)
                );
            signatures.push_back(
                ed25519::signature_to_bytes(&ed25519::sign_arbitrary_bytes(&secret, message))
            );
        };
        dispute::report_contradiction(
            &t::stranger(),
            job,
            1,
            10,
            t::start_time() + 10,
            t::hash(1),
            signatures[0],
            1,
            10,
            t::start_time() + 10,
            t::hash(2),
            signatures[1]
        );
        t::assert_all<FaultProven>(
            vector[t::join(
                vector[
                    a(object::object_address(&job)),
                    a(object::object_address(&provider)),
                    b(1),
                    a(@0xbad),
                    n(50_000_000),
                    n(5_000_000),
                    at(10)
                ]
            )]
        );
    }

    #[test]
    fun fewer_seconds_under_a_higher_number_are_a_fault() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        report(&w, job, 4, 10, 10, 7, 9, 20);
        assert_fault(&w, job, 2, 50_000_000, 5_000_000);
    }

    #[test]
    fun the_order_of_the_two_doesn_t_matter() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        report(&w, job, 7, 9, 20, 4, 10, 10);
        assert_fault(&w, job, 2, 50_000_000, 5_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CONTRADICTION)]
    fun an_attestation_doesn_t_contradict_itself() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        report(&w, job, 4, 10, 10, 4, 10, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CONTRADICTION)]
    fun more_seconds_under_a_higher_number_are_honest() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        report(&w, job, 4, 10, 10, 5, 11, 11);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CONTRADICTION)]
    fun the_same_seconds_under_a_higher_number_are_honest() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        report(&w, job, 4, 10, 10, 5, 10, 11);
    }

    // === Impossible times ===

    #[test]
    fun more_seconds_than_had_passed_are_a_fault() {
        let w = t::setup();
        t::wait(100);
        let job = w.running(100, 100_000);
        t::wait(1);
        report_time(&w, job, 21, 120);
        assert_fault(&w, job, 3, 50_000_000, 5_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_POSSIBLE_TIME)]
    fun as_many_seconds_as_had_passed_are_honest() {
        let w = t::setup();
        t::wait(100);
        let job = w.running(100, 100_000);
        t::wait(1);
        report_time(&w, job, 20, 120);
    }

    #[test]
    fun seconds_before_the_start_are_a_fault() {
        let w = t::setup();
        t::wait(100);
        let job = w.running(100, 100_000);
        report_time(&w, job, 1, 99);
        assert_fault(&w, job, 3, 50_000_000, 5_000_000);
    }

    #[test]
    fun a_second_at_the_very_start_is_a_fault() {
        let w = t::setup();
        t::wait(100);
        let job = w.running(100, 100_000);
        report_time(&w, job, 1, 100);
        assert_fault(&w, job, 3, 50_000_000, 5_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_POSSIBLE_TIME)]
    fun a_slow_clock_that_claims_nothing_is_honest() {
        let w = t::setup();
        t::wait(100);
        let job = w.running(100, 100_000);
        report_time(&w, job, 0, 99);
    }

    #[test]
    fun the_largest_numbers_don_t_break_the_proof() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        report_time(&w, job, 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff - t::start_time());
        assert_fault(&w, job, 3, 50_000_000, 5_000_000);
    }

    // === Once ===

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun the_same_proof_slashes_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        report(&w, job, 4, 10, 10, 4, 11, 11);
        report(&w, job, 4, 10, 10, 4, 11, 11);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun another_fault_of_the_same_job_doesn_t_slash_again() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        report(&w, job, 4, 10, 10, 4, 11, 11);
        report_time(&w, job, 50, 20);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun a_fault_on_a_settled_job_slashes_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(50);
        w.complete(job, 1, 50);
        report(&w, job, 1, 50, 50, 1, 49, 50);
        report(&w, job, 1, 50, 50, 1, 48, 50);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun a_lost_challenge_is_the_job_s_one_fault() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        t::wait(60);
        d::resolve(job);
        report(&w, job, 1, 50, 50, 1, 49, 50);
    }

    // === Before the start, after the end ===

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NEVER_STARTED)]
    fun a_job_that_only_waits_has_no_faults() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        report_time(&w, job, 5, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NEVER_STARTED)]
    fun a_cancelled_job_has_no_faults() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::cancel(&t::buyer(), t::handle(job));
        report(&w, job, 1, 1, 1, 1, 2, 2);
    }

    #[test]
    // 0x60002: there is no such object.
    #[expected_failure(abort_code = 0x60002, location = aptos_framework::object)]
    fun a_reclaimed_job_has_no_faults() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(50);
        w.complete(job, 1, 50);
        let signature = w.sign(job, 1, 60, 50);
        t::wait(86_400);
        job_registry::reclaim(&t::buyer(), t::handle(job));
        dispute::report_impossible_time(
            &t::stranger(), t::handle(job), 1, 60, t::start_time() + 50, t::log_root(), signature
        );
    }

    #[test]
    fun a_new_key_doesn_t_hide_what_the_old_one_signed() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(20);
        provider_registry::update_operator(&t::owner(), w.provider(), @0x0b8, t::key());
        report(&w, job, 4, 10, 10, 4, 11, 11);
        assert_fault(&w, job, 1, 50_000_000, 5_000_000);
    }
}
