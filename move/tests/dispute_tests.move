#[test_only]
/// What holds for every case: when one can be opened, what it blocks meanwhile, and that it always ends.
/// It doesn't know chunks (dispute_challenge_tests) nor rulings (dispute_arbitration_tests).
module computestream::dispute_tests {
    use aptos_framework::fungible_asset;
    use aptos_framework::object;
    use aptos_framework::primary_fungible_store;
    use computestream::dispute::{Self, ArbitrationDecided, ChallengeLost, FaultProven};
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job_registry;
    use computestream::market_test_utils as m;
    use computestream::value_test_utils::{Self as v, a, b, n, yes};
    use computestream::world_test_utils as t;

    // === Who may open one, and when ===

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun without_a_case_there_is_none_to_show() {
        let w = d::setup();
        let job = d::held(&w);
        assert!(!dispute::has_case(job), 1);
        dispute::get_case(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun one_challenge_at_a_time() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        d::challenge(job, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun no_arbitration_during_a_challenge() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        d::arbitrate(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun no_challenge_during_an_arbitration() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::challenge(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_BUYER)]
    fun only_the_buyer_challenges() {
        let w = d::setup();
        let job = d::held(&w);
        m::mint(w.asset(), @0xbad, 1_000);
        dispute::challenge_output(&m::stranger(), t::handle(job), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_BUYER)]
    fun only_the_buyer_arbitrates() {
        let w = d::setup();
        let job = d::held(&w);
        dispute::open_arbitration(&m::owner(), t::handle(job), v::text(b"why"));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ENDED)]
    fun a_running_job_has_no_case() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.pay(job, 1, 50);
        d::arbitrate(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ENDED)]
    fun a_settled_job_has_no_case() {
        let w = d::setup();
        let job = d::held(&w);
        job_registry::confirm(&m::buyer(), t::handle(job));
        d::arbitrate(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_ENDED)]
    fun an_order_has_no_case() {
        let w = d::setup();
        d::arbitrate(w.create_held(100, 100_000, 20, vector[]));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOTHING_HELD)]
    fun without_money_held_back_there_is_nothing_to_decide() {
        let w = d::setup();
        let job = w.running(100, 100_000);
        m::wait(50);
        w.terminate(job, 1, 30);
        d::arbitrate(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun a_case_waits_until_the_provider_has_proven_its_last_seconds() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.terminate(job, 1, 30);
        m::wait(14);
        d::arbitrate(job);
    }

    #[test]
    fun a_case_can_be_opened_as_soon_as_everything_is_proven() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.terminate(job, 1, 30);
        w.pay(job, 2, 50);
        assert!(t::stream_field(job, 8) == m::start_time() + 65, 1);
        d::arbitrate(job);
        // The case ends the time to prove.
        assert!(t::stream_field(job, 8) == m::start_time() + 50, 2);
        d::assert_money(
            &w, job, 999_949_000, 1_000_029_700, 300, 0, 20_000, 100_000_000, 1_000
        );
    }

    #[test]
    fun the_last_second_of_the_challenge_window_opens_a_case() {
        let w = d::setup();
        let job = d::held(&w);
        m::wait(99);
        d::challenge(job, 0);
        // Its whole answer window lies beyond.
        d::assert_case(job, 1, 1_000, 209, 0, v::text(b""), 0, 149);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OVER)]
    fun the_end_of_the_challenge_window_doesn_t() {
        let w = d::setup();
        let job = d::held(&w);
        m::wait(100);
        d::challenge(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OVER)]
    fun a_late_arbitration_is_refused_too() {
        let w = d::setup();
        let job = d::held(&w);
        m::wait(100);
        d::arbitrate(job);
    }

    // === What it blocks ===

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun nobody_finalizes_while_a_case_is_open() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(100);
        d::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun the_buyer_doesn_t_confirm_while_a_case_is_open() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        job_registry::confirm(&m::buyer(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun no_attestation_changes_what_a_case_is_about() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.terminate(job, 1, 30);
        m::wait(15);
        d::arbitrate(job);
        w.pay(job, 2, 50);
    }

    #[test]
    fun after_an_answer_the_buyer_may_confirm_at_once() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        d::answer(job, 0);
        job_registry::confirm(&m::buyer(), t::handle(job));
        t::assert_state(job, 8, 3);
        d::assert_money(
            &w, job, 999_949_000, 1_000_050_500, 500, 0, 0, 100_000_000, 0
        );
    }

    // === A fault meanwhile ===

    #[test]
    fun a_fault_ends_a_challenge_for_the_buyer() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        m::wait(5);
        d::report_time(&w, job, 1, 0);

        let provider = w.provider_address();
        v::assert_all<ChallengeLost>(
            vector[v::join(vector[a(job), a(provider), n(1_000), at(55)])]
        );
        v::assert_all<FaultProven>(
            vector[v::join(
                vector[
                    a(job),
                    a(provider),
                    b(3),
                    a(@0xb0b),
                    n(50_000_000),
                    n(5_000_000),
                    at(55)
                ]
            )]
        );
        // Whoever reported it: the reward is the challenger's.
        d::assert_money(
            &w, job, 1_004_970_000, 1_000_029_700, 45_000_300, 0, 0, 50_000_000, 0
        );
        t::assert_state(job, 8, 3);
        assert!(!dispute::has_case(job), 1);
    }

    #[test]
    fun a_fault_ends_an_arbitration_for_the_buyer() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(5);
        d::report_time(&w, job, 1, 0);

        v::assert_all<ArbitrationDecided>(
            vector[v::join(
                vector[
                    a(job),
                    a(@0xa7b),
                    n(0),
                    n(20_000),
                    a(@0xb0b),
                    yes(true),
                    at(55)
                ]
            )]
        );
        assert!(v::count<ChallengeLost>() == 0, 1);
        // No fault was in question here: the stranger found one, and is rewarded.
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 45_000_300, 5_000_000, 0, 50_000_000, 0
        );
        t::assert_state(job, 8, 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun after_a_fault_the_arbiter_has_nothing_to_rule() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::report_time(&w, job, 1, 0);
        d::rule(job, 20_000);
    }

    // === I14: every case ends ===

    #[test]
    fun a_challenge_ends_though_everybody_is_silent() {
        let w = d::setup();
        let job = d::held(&w);
        m::wait(99);
        d::challenge(job, 0);
        m::wait(10_000_000);
        d::resolve(job);
        t::assert_state(job, 8, 3);
    }

    #[test]
    fun an_arbitration_ends_though_everybody_is_silent() {
        let w = d::setup();
        let job = d::held(&w);
        m::wait(99);
        d::arbitrate(job);
        m::wait(10_000_000);
        d::resolve(job);
        t::assert_state(job, 8, 3);
    }

    #[test]
    /// Challenge after challenge until the window is over: the last answer may come 59 s later, then it is enough.
    fun challenges_can_t_go_on_for_ever() {
        let w = d::setup();
        let job = d::held(&w);
        let opened = 0;
        while (m::elapsed() < 150) {
            d::challenge(job, opened % 3);
            m::wait(59);
            d::answer(job, opened % 3);
            opened = opened + 1;
        };
        // From 50, 109: the second was answered at 168.
        assert!(opened == 2 && m::elapsed() == 168, 1);
        d::finalize(job);
        t::assert_state(job, 8, 3);
        d::assert_money(
            &w, job, 999_948_000, 1_000_051_500, 500, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun no_account_that_its_issuer_has_frozen_holds_a_case() {
        let w = d::setup();
        let lost = d::held(&w);
        d::challenge(lost, 0);
        m::freeze_account(w.asset(), @0xb0b, true);
        m::freeze_account(w.asset(), @0xa11, true);
        m::freeze_account(w.asset(), m::treasury_address(), true);
        m::wait(60);
        d::resolve(lost);
        t::assert_state(lost, 8, 3);
    }

    #[test]
    fun nothing_is_left_of_a_case() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        let store = d::last_store(1_000);
        assert!(
            object::owner(m::store_of(store))
                == @0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,
            1
        );
        // Strangers' gifts to the bond are the buyer's.
        m::mint(w.asset(), @0xbad, 7);
        fungible_asset::deposit(
            m::store_of(store), primary_fungible_store::withdraw(&m::stranger(), w.asset(), 7)
        );
        d::answer(job, 0);
        assert!(!object::is_object(store) && !fungible_asset::store_exists(store), 2);
        assert!(w.balance(@0xb0b) == 999_949_007, 3);
        assert!(w.balance(@0xa11) == 1_000_030_700, 4);
    }

    #[test]
    // 0x50008: permission denied, not the store's owner.
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_buyer_can_t_take_its_bond_back() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        fungible_asset::transfer(
            &m::buyer(),
            m::store_of(d::last_store(1_000)),
            primary_fungible_store::ensure_primary_store_exists(@0xb0b, w.asset()),
            1
        );
    }

    #[test]
    fun a_job_can_be_reclaimed_after_its_case() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        m::wait(200);
        d::resolve(job);
        m::wait(86_400);
        job_registry::reclaim(&m::buyer(), t::handle(job));
        assert!(!object::is_object(job) && !dispute::has_case(job), 1);
    }
}
