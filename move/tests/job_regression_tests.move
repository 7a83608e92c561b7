#[test_only]
/// One test or more for each class of bugs that payment streams of others had, where jobs could have it; the number
/// is the class's. Classes 7 and 8 are in job_isolation_tests, what streams alone could have in
/// stream_regression_tests.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
module computestream::job_regression_tests {
    use computestream::dispute;
    use computestream::escrow;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::provider_registry;
    use computestream::stream::StreamSettled;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils as t;

    /// The record and the stream of a job know the same end.
    fun assert_one_end(job: address, ended: u64) {
        assert!(j::ended_at(job) == m::start_time() + ended, 9701);
        assert!(payment_stream::ended_at(job) == m::start_time() + ended, 9702);
    }

    // === 1: windows that aren't clamped ===

    #[test]
    fun regression_1_time_before_the_start_earns_nothing() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(500);
        j::start(job);
        m::wait(10);
        // 510 s after the order, 10 after the start.
        w.complete(job, 1, 10);
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_MORE_SECONDS_THAN_TIME)]
    fun regression_1_time_before_the_start_cannot_be_claimed() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(500);
        j::start(job);
        m::wait(10);
        w.complete(job, 1, 11);
    }

    #[test]
    fun regression_1_time_after_the_end_earns_nothing() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        m::wait(30);
        t::terminate_with_nothing_new(job);
        m::wait(14);
        w.pay(job, 1, 44);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        m::wait(1 + 3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun regression_1_time_while_a_case_is_decided_earns_nothing() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        m::wait(30);
        w.complete(job, 1, 30);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
        m::wait(86_400);
        dispute::resolve(&m::stranger(), t::handle(job));
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    // === 2: debts and dust that get lost ===

    #[test]
    fun regression_2_what_ran_beyond_the_maximum_is_paid_when_time_is_bought() {
        let w = t::setup();
        let job = w.running(50, 50_000);
        m::wait(80);
        w.pay(job, 1, 80);
        w.assert_money(job, 49_500, 500, 0, 0);
        j::extend(job, 40, 40_000);
        w.complete(job, 2, 80);
        j::assert_settled(&w, job, 3, 80, 90_000, 79_200, 800, 10_000);
    }

    #[test]
    /// A whole life at rates that never divide evenly: held, raised, extended, ended by the buyer, proven late.
    /// The closed formula, applied once, is what all the steps together must pay.
    fun regression_2_no_unit_is_lost_or_made_over_a_whole_life() {
        let w = t::setup_at(1);
        let rates = vector[1, 7, 3_599, 3_601, 9_999_991, 123_456_789];
        let paid = 0;
        let fees = 0;
        rates.for_each(|rate| {
            let raised = rate + rate / 3 + 1;
            provider_registry::update_price(&m::owner(), w.provider(), rate, 0);
            m::set_fees(rate % 1_001, 0);
            // Pays for 1,000 s at the raised rate, and 13 more.
            let deposit = raised * 1_000 / 3_600 + 13;
            let job = w.running_held(997, deposit, 50, vector[]);
            let began = m::elapsed();
            m::wait(111);
            j::bring(&w, job, 1, 111, began + 111);
            j::raise(job, raised);
            m::wait(222);
            j::bring(&w, job, 2, 300, began + 333);
            j::extend(job, 3, 17);
            m::wait(200);
            j::confirm(job);
            t::terminate_with_nothing_new(job);
            m::wait(7);
            j::bring(&w, job, 3, 499, began + 533);
            m::wait(8 + 3_600);
            j::finalize(job);
            // 111 s at the first rate, 388 at the raised one; 34 of 533 were never proven.
            let gross = (111 * rate + 388 * raised) / 3_600;
            paid = paid + gross;
            fees = fees + gross * (rate % 1_001) / 10_000;
            assert!(w.balance(m::of(&m::buyer())) == m::funds() - paid, rate);
            assert!(w.balance(m::of(&m::owner())) == m::funds() + paid - fees, rate);
            assert!(w.balance(m::treasury_address()) == fees, rate);
            assert!(escrow::balance(job) == 0, rate);
        });
    }

    // === 3: two modules that disagree ===

    #[test]
    fun regression_3_what_is_locked_is_what_can_still_be_earned() {
        let w = t::setup_at(1);
        let rates = vector[1, 7, 1_000, 3_599, 3_601, 9_999_991, 123_456_789];
        rates.for_each(|rate| {
            provider_registry::update_price(&m::owner(), w.provider(), rate, 0);
            let job = w.running(997, rate * 997 / 3_600 + 2);
            let began = m::elapsed();
            m::wait(123);
            j::bring(&w, job, 1, 100, began + 123);
            t::terminate_with_nothing_new(job);
            let locked = escrow::balance(job);
            // Whole units of 123 s less those of 100 s.
            assert!(locked == rate * 123 / 3_600 - rate * 100 / 3_600, rate);
            j::bring(&w, job, 2, 123, began + 123);
            assert!(escrow::balance(job) == 0, rate);
            j::finalize(job);
        });
    }

    #[test]
    fun regression_3_a_job_its_buyer_has_ended_can_be_collected() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(30);
        t::terminate_with_nothing_new(job);
        m::wait(14);
        j::bring(&w, job, 1, 30, 30);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun regression_3_job_and_stream_agree_on_every_end() {
        let w = t::setup();
        let completed = w.running_held(1_000, 1_000_000, 10, vector[]);
        let failed = w.running(1_000, 1_000_000);
        m::wait(20);
        w.complete(completed, 1, 20);
        t::fail_with_nothing_new(failed);
        let terminated = w.running(1_000, 1_000_000);
        let expired = w.running(1_000, 1_000_000);
        m::wait(60);
        t::terminate_with_nothing_new(terminated);
        j::expire_stalled(expired);
        m::wait(3_600);
        j::finalize(completed);
        j::finalize(terminated);
        assert_one_end(completed, 20);
        assert_one_end(failed, 20);
        assert_one_end(terminated, 80);
        assert_one_end(expired, 140);
    }

    #[test]
    fun regression_3_a_new_rate_reprices_nothing_that_was_billed() {
        let w = t::setup();
        let job = w.running(100, 1_000_000);
        m::wait(10);
        j::bring(&w, job, 1, 10, 10);
        j::raise(job, 36_000_000);
        // A repeat of what was billed at the old rate.
        j::bring(&w, job, 1, 10, 10);
        w.assert_money(job, 9_900, 100, 0, 990_000);
        j::lower(job, 0);
        w.complete(job, 1, 10);
        j::assert_settled(&w, job, 3, 10, 1_000_000, 9_900, 100, 990_000);
    }

    // === 4: fee sinks and receivers that an attacker names ===

    #[test]
    fun regression_4_receivers_named_later_get_nothing_of_a_running_job() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        m::wait(30);
        market::set_fees(&m::admin(), 1_000, 10_000, @0xbad);
        provider_registry::update_operator(
            &m::owner(), w.provider(), m::of(&m::stranger()), v::key()
        );
        w.pay(job, 1, 30);
        job_registry::complete(
            &m::stranger(),
            t::handle(job),
            0,
            vector[],
            vector[],
            vector[],
            0,
            0,
            0,
            0,
            vector[],
            vector[]
        );
        m::wait(3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
        assert!(w.balance(@0xbad) == 0, 1);
    }

    // === 6: proofs that a small payment uses up ===

    #[test]
    fun regression_6_a_buyer_that_settles_little_uses_no_proof_up() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(30);
        // An old attestation right before the operator's last one.
        j::bring(&w, job, 1, 1, 1);
        w.complete(job, 30, 30);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun regression_6_a_proof_of_more_than_is_funded_is_not_used_up() {
        let w = t::setup();
        let job = w.running(10, 10_000);
        m::wait(30);
        j::bring(&w, job, 1, 30, 30);
        w.assert_money(job, 9_900, 100, 0, 0);
        j::extend(job, 30, 30_000);
        // The same proof again is worth the other twenty now.
        j::bring(&w, job, 1, 30, 30);
        w.assert_money(job, 29_700, 300, 0, 10_000);
    }

    // === 9: identities that the caller supplies ===

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun regression_9_nobody_accepts_in_another_operator_s_name() {
        let w = t::setup();
        m::mint(w.asset(), m::of(&m::stranger()), m::stake());
        j::machine_of(
            &m::stranger(), m::of(&m::stranger()), v::key(), w.asset(), 1, vector[], 1, 3_600_000, 0
        );
        let job = w.create_open(100, 3_600_000, 100_000);
        job_registry::accept(&m::stranger(), w.provider(), t::handle(job), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun regression_9_the_operator_of_another_provider_ends_nothing() {
        let w = t::setup();
        m::mint(w.asset(), m::of(&m::stranger()), m::stake());
        j::machine_of(
            &m::stranger(), m::of(&m::stranger()), v::key(), w.asset(), 1, vector[], 1, 3_600_000, 0
        );
        let job = w.running(100, 100_000);
        job_registry::complete(
            &m::stranger(),
            t::handle(job),
            0,
            vector[],
            vector[],
            vector[],
            0,
            0,
            0,
            0,
            vector[],
            vector[]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_9_an_attestation_of_another_job_ends_nothing() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        let other = w.running(100, 100_000);
        m::wait(10);
        job_registry::terminate(
            &m::buyer(),
            t::handle(job),
            1,
            10,
            m::start_time() + 10,
            v::log_root(),
            w.sign(other, 1, 10, 10)
        );
    }

    #[test]
    fun regression_9_a_new_operator_ends_what_the_old_one_started() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        provider_registry::update_operator(
            &m::owner(), w.provider(), m::of(&m::stranger()), v::key()
        );
        // The stream keeps the key it opened with; who ends the job is the operator of now.
        job_registry::complete(
            &m::stranger(),
            t::handle(job),
            0,
            vector[],
            vector[],
            vector[],
            0,
            1,
            10,
            m::start_time() + 10,
            v::log_root(),
            w.sign(job, 1, 10, 10)
        );
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun regression_9_an_old_operator_cannot_end_what_it_started() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::update_operator(
            &m::owner(), w.provider(), m::of(&m::stranger()), v::key()
        );
        t::complete_with_nothing_new(job);
    }

    // === 10: a buyer that comes first ===

    #[test]
    fun regression_10_nothing_the_buyer_does_first_voids_a_signed_attestation() {
        let w = t::setup();
        let job = w.running_held(100, 200_000, 10, vector[]);
        let signature = w.sign(job, 1, 30, 30);
        m::wait(30);
        j::extend(job, 1, 2_000);
        j::raise(job, 7_200_000);
        j::confirm(job);
        t::terminate_with_nothing_new(job);
        payment_stream::process_payment(
            &m::operator(),
            job,
            1,
            30,
            m::start_time() + 30,
            v::log_root(),
            signature,
            vector[]
        );
        // 30 s at 2,000, the last ten held.
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::operator())),
                n(1),
                n(30),
                n(0),
                n(30),
                n(40_000),
                n(400),
                n(0),
                n(40_000),
                n(400),
                n(0),
                n(20_000),
                n(m::start_time() + 30)
            ]
        );
        w.assert_money(job, 39_600, 400, 142_000, 20_000);
    }

    #[test]
    fun regression_10_a_price_changed_after_the_order_does_not_reach_it() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        provider_registry::update_price(&m::owner(), w.provider(), 36_000_000, 1);
        w.accept(job);
        provider_registry::update_price(&m::owner(), w.provider(), 36, 0);
        j::start(job);
        m::wait(10);
        w.complete(job, 1, 10);
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }
}
