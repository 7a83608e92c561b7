#[test_only]
/// A buyer asks the arbiter: what it may decide, until when, and what holds if it says nothing.
/// It doesn't know faults: an arbitration never slashes.
module computestream::dispute_arbitration_tests {
    use aptos_framework::primary_fungible_store;
    use computestream::dispute::{Self, ArbitrationDecided, ArbitrationOpened, FaultProven};
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job::JobSettled;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::value_test_utils::{Self as v, a, b, n, s, yes};
    use computestream::world_test_utils::{Self as t, World};

    /// Whoever decides, the job settles as completed with this much of its 100,000.
    fun assert_settled(w: &World, job: address, paid: u64, fees: u64, secs: u64) {
        v::assert_all<JobSettled>(
            vector[v::join(
                vector[
                    a(job),
                    a(@0xb0b),
                    a(w.provider_address()),
                    b(3),
                    n(50),
                    n(100_000),
                    n(paid),
                    n(fees),
                    n(100_000 - paid - fees),
                    at(secs)
                ]
            )]
        );
        t::assert_state(job, 8, 3);
        assert!(!dispute::has_case(job), 1);
        assert!(!job_registry::is_faulted(job), 2);
        assert!(v::count<FaultProven>() == 0, 3);
    }

    fun assert_decided(
        job: address,
        award: u64,
        bond_to: address,
        by_default: bool,
        secs: u64
    ) {
        v::assert_all<ArbitrationDecided>(
            vector[v::join(
                vector[
                    a(job),
                    a(@0xa7b),
                    n(award),
                    n(20_000),
                    a(bond_to),
                    yes(by_default),
                    at(secs)
                ]
            )]
        );
    }

    // === Opening ===

    #[test]
    fun an_arbitration_stakes_a_bond_on_all_that_is_held() {
        let w = d::setup();
        let job = d::held(&w);
        m::wait(10);
        d::arbitrate(job);

        v::assert_all<ArbitrationOpened>(
            vector[v::join(
                vector[
                    a(job),
                    a(@0xb0b),
                    a(@0xa7b),
                    s(b"it never ran"),
                    n(20_000),
                    n(1_000),
                    at(260),
                    at(60)
                ]
            )]
        );
        d::assert_case(job, 2, 1_000, 260, 0, v::text(b"it never ran"), 20_000, 60);
        assert!(j::case_until(job) == m::start_time() + 260, 1);
        d::assert_money(
            &w, job, 999_949_000, 1_000_029_700, 300, 0, 20_000, 100_000_000, 1_000
        );
    }

    #[test]
    fun an_arbitration_s_bond_counts_what_an_extension_added() {
        let w = d::setup();
        let job = d::running(&w);
        j::extend(job, 0, 100_000);
        m::wait(50);
        d::complete(&w, job, 1, 50, d::root(), d::size());
        d::arbitrate(job);
        // 1 % of 200,000.
        d::assert_case(job, 2, 2_000, 250, 0, v::text(b"it never ran"), 20_000, 50);
    }

    #[test]
    fun a_reason_has_1_to_1024_bytes() {
        let w = d::setup();
        let job = d::held(&w);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::long_text(1));
        d::rule(job, 0);
        let job = d::held(&w);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::long_text(1_024));
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_REASON_LENGTH)]
    fun an_empty_reason_is_refused() {
        let w = d::setup();
        let job = d::held(&w);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b""));
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_REASON_LENGTH)]
    fun a_reason_of_1025_bytes_is_refused() {
        let w = d::setup();
        let job = d::held(&w);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::long_text(1_025));
    }

    #[test]
    fun a_terminated_job_can_be_arbitrated() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.terminate(job, 1, 50);
        d::arbitrate(job);
        d::rule(job, 0);
        t::assert_state(job, 8, 6);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 300, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    /// 50 s ran, 30 are proven: 10 of them are paid, 20 held. The unproven 20 are refunded when the case seals them.
    fun a_case_seals_what_stayed_unproven() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.terminate(job, 1, 30);
        d::assert_money(
            &w, job, 999_950_000, 1_000_009_900, 100, 0, 40_000, 100_000_000, 0
        );
        m::wait(15);
        d::arbitrate(job);
        d::assert_case(job, 2, 1_000, 265, 0, v::text(b"it never ran"), 20_000, 65);
        d::assert_money(
            &w, job, 999_969_000, 1_000_009_900, 100, 0, 20_000, 100_000_000, 1_000
        );
    }

    // === Ruling ===

    #[test]
    fun the_arbiter_may_give_the_provider_nothing() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(7);
        d::rule(job, 0);

        assert_decided(job, 0, @0xb0b, false, 57);
        assert_settled(&w, job, 29_700, 300, 57);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 300, 0, 0, 100_000_000, 0
        );
        // 10,000 * 4 / 6: a ruling is no fault.
        d::assert_record(&w, 1, 0, 0, 50, 29_700, 6_666);
    }

    #[test]
    /// More is held back than ever ran, so nothing is paid before the ruling.
    fun a_job_that_was_awarded_nothing_at_all_isn_t_completed() {
        let w = d::setup();
        let job = w.running_held(100, 100_000, 100, vector[]);
        m::wait(50);
        d::complete(&w, job, 1, 50, d::root(), d::size());
        d::arbitrate(job);
        d::rule(job, 0);
        d::assert_money(
            &w, job, 1_000_000_000, 1_000_000_000, 0, 0, 0, 100_000_000, 0
        );
        d::assert_record(&w, 0, 0, 0, 50, 0, 5_000);
    }

    #[test]
    /// 30,000 + 7,550 earn a fee of floor(375.5), of which 300 are paid: the provider gets 7,550 - 75.
    fun the_arbiter_may_split() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::rule(job, 7_550);

        assert_decided(job, 7_550, @0xb0b, false, 50);
        assert_settled(&w, job, 37_175, 375, 50);
        d::assert_money(
            &w, job, 999_962_450, 1_000_037_175, 375, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun all_but_a_unit_still_returns_the_bond() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::rule(job, 19_999);
        // floor(499.99) of fees in all.
        assert_settled(&w, job, 49_500, 499, 50);
        d::assert_money(
            &w, job, 999_950_001, 1_000_049_500, 499, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun a_buyer_who_gets_nothing_loses_the_bond() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::rule(job, 20_000);

        assert_decided(job, 20_000, @0xa11, false, 50);
        assert_settled(&w, job, 49_500, 500, 50);
        d::assert_money(
            &w, job, 999_949_000, 1_000_050_500, 500, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_AWARD_TOO_HIGH)]
    fun nobody_awards_more_than_is_held() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::rule(job, 20_001);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_AWARD_TOO_HIGH)]
    fun the_bond_can_t_be_awarded() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::rule(job, 21_000);
    }

    #[test]
    fun the_last_second_decides() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(199);
        d::rule(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_DECISION_WINDOW_OVER)]
    fun the_deadline_doesn_t() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(200);
        d::rule(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NOT_ARBITER)]
    fun the_admin_is_no_arbiter() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        dispute::rule(&m::admin(), t::handle(job), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NOT_ARBITER)]
    fun the_buyer_can_t_rule() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        dispute::rule(&m::buyer(), t::handle(job), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NOT_ARBITER)]
    fun the_provider_can_t_rule() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        dispute::rule(&m::owner(), t::handle(job), 20_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun the_arbiter_decides_nothing_unasked() {
        let w = d::setup();
        d::rule(d::held(&w), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun the_arbiter_has_no_say_in_a_challenge() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        d::rule(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun the_arbiter_rules_once() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::rule(job, 5);
        d::rule(job, 6);
    }

    // === Silence ===

    #[test]
    fun without_a_ruling_the_provider_gets_all_and_the_buyer_its_bond() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(200);
        d::resolve(job);

        assert_decided(job, 20_000, @0xb0b, true, 250);
        assert_settled(&w, job, 49_500, 500, 250);
        d::assert_money(
            &w, job, 999_950_000, 1_000_049_500, 500, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_DEADLINE_NOT_REACHED)]
    fun the_default_waits_for_the_deadline() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(199);
        d::resolve(job);
    }

    #[test]
    /// A keeper's share comes out of the fee of what is awarded; whoever resolves is the keeper.
    fun whoever_resolves_earns_the_keeper_s_share_of_the_award() {
        let w = d::setup();
        m::set_fees(100, 1_000);
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(200);
        primary_fungible_store::ensure_primary_store_exists(@0xbad, w.asset());
        d::resolve(job);
        // The fee of 20,000 is 200. Of all 500, 50 are keepers': OPERATOR has no store, so its 30 went to the treasury.
        d::assert_money(
            &w, job, 999_950_000, 1_000_049_500, 480, 20, 0, 100_000_000, 0
        );
    }
}
