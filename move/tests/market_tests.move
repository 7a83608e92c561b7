#[test_only]
/// Parameters, assets and admin of the market, and what a pause stops. Refused values are in market_bounds_tests.
module computestream::market_tests {
    use std::bcs;
    use aptos_framework::account;
    use aptos_framework::object;
    use computestream::job_test_utils as j;
    use computestream::job_registry;
    use computestream::market::{
        Self,
        AdminChanged,
        AdminProposed,
        AssetAllowanceChanged,
        ParametersUpdated
    };
    use computestream::market_test_utils as m;
    use computestream::value_test_utils::{Self as v, a, n, yes};
    use computestream::world_test_utils as t;

    const YEAR: u64 = 31_536_000;
    const DAY: u64 = 86_400;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    fun set_windows(accept: u64, begin: u64, stall_after: u64, grace: u64, claim: u64) {
        market::set_windows(&m::admin(), accept, begin, stall_after, grace, claim);
    }

    fun set_dispute_terms(challenge: u64, answer: u64, arbitration: u64, bond_bps: u64) {
        market::set_dispute_terms(
            &m::admin(), @0xa7b, challenge, answer, arbitration, bond_bps
        );
    }

    fun set_stake_terms(unbonding: u64, slash_bps: u64, reward_bps: u64) {
        market::set_stake_terms(&m::admin(), 7, unbonding, slash_bps, reward_bps);
    }

    /// The fields of ParametersUpdated but its timestamp, as published; each test replaces those it sets.
    fun defaults(): vector<vector<u8>> {
        vector[
            n(100),
            n(1_000),
            a(@computestream),
            n(100_000_000),
            n(86_400),
            n(5_000),
            n(1_000),
            n(120),
            n(600),
            n(60),
            n(60),
            n(15),
            n(1),
            n(604_800),
            n(3_600),
            a(@computestream),
            n(3_600),
            n(3_600),
            n(86_400),
            n(100),
            yes(false)
        ]
    }

    /// `changed` replaces the parameters from `first` on; all others are the defaults, in the event and in the view.
    fun assert_parameters(first: u64, changed: vector<vector<u8>>) {
        let fields = defaults();
        // start_market has made TREASURY the treasury and given keepers nothing.
        fields[1] = n(0);
        fields[2] = a(m::treasury_address());
        changed.enumerate_ref(|i, value| {
            fields[first + i] = *value;
        });
        assert!(bcs::to_bytes(&market::parameters()) == v::join(fields), 9401);
        fields.push_back(n(m::start_time()));
        v::assert_last<ParametersUpdated>(fields);
    }

    // === Parameters ===

    #[test]
    fun the_defaults_are_the_documented_ones() {
        m::start_market();
        assert!(market::admin() == @computestream, 1);
        assert!(market::assets() == vector[], 2);
        let published = defaults();
        published.push_back(n(m::start_time()));
        let begun = published;
        // start_market changes nothing but the treasury and the keepers' share.
        begun[1] = n(0);
        begun[2] = a(m::treasury_address());
        v::assert_all<ParametersUpdated>(vector[v::join(published), v::join(begun)]);
        v::assert_all<AdminChanged>(
            vector[v::join(vector[a(@computestream), n(m::start_time())])]
        );
    }

    #[test]
    fun fees_are_set_to_their_limits_and_told() {
        m::start_market();
        market::set_fees(&m::admin(), 1_000, 10_000, @0x7);
        assert_parameters(0, vector[n(1_000), n(10_000), a(@0x7)]);
    }

    #[test]
    fun stake_terms_are_set_to_their_limits_and_told() {
        m::start_market();
        market::set_stake_terms(&m::admin(), MAX_U64, YEAR, 10_000, 5_000);
        assert_parameters(3, vector[n(MAX_U64), n(YEAR), n(10_000), n(5_000)]);
    }

    #[test]
    fun windows_are_set_to_their_limits_and_told() {
        m::start_market();
        set_windows(1, 1, 1, 1, 5);
        assert_parameters(7, vector[n(1), n(1), n(1), n(1), n(5)]);
        set_windows(YEAR, YEAR - 1, YEAR - 2, YEAR - 3, DAY);
        assert_parameters(
            7, vector[n(YEAR), n(YEAR - 1), n(YEAR - 2), n(YEAR - 3), n(DAY)]
        );
    }

    #[test]
    fun job_bounds_are_set_to_their_limits_and_told() {
        m::start_market();
        market::set_job_bounds(&m::admin(), YEAR, YEAR, DAY);
        assert_parameters(12, vector[n(YEAR), n(YEAR), n(DAY)]);
        market::set_job_bounds(&m::admin(), 3, 9, 0);
        assert_parameters(12, vector[n(3), n(9), n(0)]);
        assert!(!market::is_duration_allowed(2) && market::is_duration_allowed(3), 1);
        assert!(market::is_duration_allowed(9) && !market::is_duration_allowed(10), 2);
        assert!(market::is_holdback_allowed(0) && !market::is_holdback_allowed(1), 3);
    }

    #[test]
    fun dispute_terms_are_set_to_their_limits_and_told() {
        m::start_market();
        set_dispute_terms(1, 60, 60, 10_000);
        assert_parameters(
            15, vector[a(@0xa7b), n(1), n(60), n(60), n(10_000)]
        );
        market::set_stake_terms(&m::admin(), 100_000_000, 14 * DAY, 5_000, 1_000);
        set_dispute_terms(7 * DAY, 7 * DAY, 30 * DAY, 0);
        assert_parameters(
            4,
            vector[
                n(14 * DAY),
                n(5_000),
                n(1_000),
                n(120),
                n(600),
                n(60),
                n(60),
                n(15),
                n(1),
                n(604_800),
                n(3_600),
                a(@0xa7b),
                n(7 * DAY),
                n(7 * DAY),
                n(30 * DAY),
                n(0)
            ]
        );
    }

    #[test]
    fun a_job_that_is_made_now_gets_the_rules_of_now() {
        m::start_market();
        market::set_fees(&m::admin(), 321, 4_321, @0x7);
        market::set_stake_terms(&m::admin(), 7, 200_000, 4_999, 999);
        set_windows(11, 12, 13, 14, 16);
        market::set_dispute_terms(&m::admin(), @0xa7b1, 101, 102, 103, 104);
        let rules = market::job_rules();
        assert!(
            bcs::to_bytes(&rules)
                == v::join(
                    vector[
                        // Start window, stall window and grace, claim window.
                        n(12),
                        n(13),
                        n(14),
                        n(16),
                        // Challenge, answer and arbitration windows, the wait for its record, the minimum stake.
                        n(101),
                        n(102),
                        n(103),
                        n(200_000),
                        n(7),
                        // Bond, what is slashed, the reporter's part, arbiter.
                        n(104),
                        n(4_999),
                        n(999),
                        a(@0xa7b1),
                        // Fee, keepers' share, treasury.
                        n(321),
                        n(4_321),
                        a(@0x7)
                    ]
                ),
            1
        );
        assert!(rules.fee_bps() == 321 && rules.keeper_share_bps() == 4_321, 2);
        assert!(rules.treasury() == @0x7, 3);
        // Nothing that changes later reaches it.
        market::set_fees(&m::admin(), 1, 2, @0x8);
        assert!(rules.fee_bps() == 321 && rules.treasury() == @0x7, 4);
        assert!(market::job_rules().fee_bps() == 1 && market::job_rules().treasury() == @0x8, 5);
    }

    #[test]
    fun a_pause_and_its_end_are_told() {
        m::start_market();
        market::set_paused(&m::admin(), true);
        assert_parameters(20, vector[yes(true)]);
        market::set_paused(&m::admin(), false);
        assert_parameters(20, vector[yes(false)]);
    }

    // === Assets ===

    #[test]
    fun allowing_an_asset_twice_tells_it_once() {
        m::start_market();
        let asset = m::new_asset(b"x");
        let asset_address = object::object_address(&asset);
        assert!(!market::is_asset_allowed(asset_address), 1);
        market::initialize(&m::admin(), asset);
        market::initialize(&m::admin(), asset);
        assert!(market::is_asset_allowed(asset_address), 2);
        assert!(market::assets() == vector[asset_address], 3);
        market::set_asset_allowed(&m::admin(), asset, false);
        market::set_asset_allowed(&m::admin(), asset, false);
        assert!(!market::is_asset_allowed(asset_address), 4);
        assert!(market::assets() == vector[], 5);
        v::assert_all<AssetAllowanceChanged>(
            vector[
                v::join(vector[a(asset_address), yes(true), n(m::start_time())]),
                v::join(vector[a(asset_address), yes(false), n(m::start_time())])
            ]
        );
    }

    #[test]
    fun several_assets_are_allowed_side_by_side() {
        m::start_market();
        let first = m::new_asset(b"x");
        let second = m::new_asset(b"y");
        market::initialize(&m::admin(), first);
        market::set_asset_allowed(&m::admin(), second, true);
        assert!(
            market::assets()
                == vector[object::object_address(&first), object::object_address(&second)],
            1
        );
        market::set_asset_allowed(&m::admin(), first, false);
        assert!(market::assets() == vector[object::object_address(&second)], 2);
        assert!(!market::is_asset_allowed(object::object_address(&first)), 3);
        assert!(market::is_asset_allowed(object::object_address(&second)), 4);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun a_provider_needs_an_allowed_asset() {
        m::start_market();
        m::register(m::new_asset(b"x"), v::key(), 1, 1, 100_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun a_job_needs_an_asset_that_is_still_allowed() {
        let w = t::setup();
        market::set_asset_allowed(&m::admin(), w.asset(), false);
        w.create(1, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun an_open_job_needs_an_allowed_asset() {
        m::start_market();
        j::order().order_openly(m::new_asset(b"x"));
    }

    // === Admin ===

    #[test]
    fun the_admin_changes_in_two_steps() {
        m::start_market();
        market::propose_admin(&m::admin(), @0xb0b);
        v::assert_last<AdminProposed>(
            vector[a(@computestream), a(@0xb0b), n(m::start_time())]
        );
        assert!(market::admin() == @computestream, 1);
        market::accept_admin(&m::buyer());
        assert!(market::admin() == @0xb0b, 2);
        v::assert_last<AdminChanged>(vector[a(@0xb0b), n(m::start_time())]);
        market::set_paused(&m::buyer(), true);
        assert!(v::count<ParametersUpdated>() == 3, 3);
    }

    #[test]
    /// A multisig account is a resource account: no key signs for it, its module does.
    fun a_multisig_account_can_be_admin() {
        m::start_market();
        let (multisig, _) = account::create_resource_account(&m::owner(), b"multisig");
        market::propose_admin(&m::admin(), m::of(&multisig));
        market::accept_admin(&multisig);
        assert!(market::admin() == m::of(&multisig), 1);
        market::set_paused(&multisig, true);
        market::propose_admin(&multisig, @computestream);
        market::accept_admin(&m::admin());
        assert!(market::admin() == @computestream, 2);
    }

    #[test]
    fun an_object_can_be_admin() {
        m::start_market();
        let constructor_ref = object::create_object(m::of(&m::owner()));
        let object_signer = object::generate_signer(&constructor_ref);
        market::propose_admin(&m::admin(), m::of(&object_signer));
        market::accept_admin(&object_signer);
        market::set_fees(&object_signer, 5, 6, @0x7);
        assert_parameters(0, vector[n(5), n(6), a(@0x7)]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun the_owner_of_an_object_that_is_admin_is_not() {
        m::start_market();
        let constructor_ref = object::create_object(m::of(&m::owner()));
        let object_signer = object::generate_signer(&constructor_ref);
        market::propose_admin(&m::admin(), m::of(&object_signer));
        market::accept_admin(&object_signer);
        market::set_paused(&m::owner(), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun the_proposed_admin_has_no_power_before_it_accepts() {
        m::start_market();
        market::propose_admin(&m::admin(), @0xb0b);
        market::set_paused(&m::buyer(), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun the_old_admin_has_no_power_after_the_change() {
        m::start_market();
        market::propose_admin(&m::admin(), @0xb0b);
        market::accept_admin(&m::buyer());
        m::pause();
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_fees() {
        m::start_market();
        // What is set is out of range too: who sets it is checked first.
        market::set_fees(&m::stranger(), MAX_U64, MAX_U64, @0x7);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_stake_terms() {
        m::start_market();
        market::set_stake_terms(&m::stranger(), 1, MAX_U64, MAX_U64, MAX_U64);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_windows() {
        m::start_market();
        market::set_windows(&m::stranger(), 0, 0, 0, 0, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_job_bounds() {
        m::start_market();
        market::set_job_bounds(&m::stranger(), 0, 0, MAX_U64);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_dispute_terms() {
        m::start_market();
        market::set_dispute_terms(&m::stranger(), @0xbad, 0, 0, 0, MAX_U64);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_pauses() {
        m::start_market();
        market::set_paused(&m::stranger(), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_allows_assets() {
        m::start_market();
        market::set_asset_allowed(&m::stranger(), m::new_asset(b"x"), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_initializes() {
        m::start_market();
        market::initialize(&m::stranger(), m::new_asset(b"x"));
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_proposes_an_admin() {
        m::start_market();
        market::propose_admin(&m::stranger(), @0xbad);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun nobody_accepts_what_was_not_proposed() {
        m::start_market();
        market::accept_admin(&m::stranger());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun only_the_proposed_admin_accepts() {
        m::start_market();
        market::propose_admin(&m::admin(), @0xb0b);
        market::accept_admin(&m::stranger());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun a_later_proposal_replaces_the_first() {
        m::start_market();
        market::propose_admin(&m::admin(), @0xb0b);
        market::propose_admin(&m::admin(), @0xa11);
        market::accept_admin(&m::buyer());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun a_proposal_is_accepted_once() {
        m::start_market();
        market::propose_admin(&m::admin(), @0xb0b);
        market::accept_admin(&m::buyer());
        market::accept_admin(&m::buyer());
    }

    // === Pause ===

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_takes_no_provider() {
        m::start_market();
        m::pause();
        // The asset isn't allowed either: the pause is checked first.
        m::register(m::new_asset(b"x"), v::key(), 1, 1, 100_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_takes_no_job() {
        let w = t::setup();
        m::pause();
        // Nothing is ordered either: the pause is checked first.
        j::order().specs(vector[]).order_all(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_takes_no_open_job() {
        let w = t::setup();
        m::pause();
        j::order().specs(vector[]).order_all_openly(w.asset());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun in_a_paused_market_nothing_is_accepted() {
        let w = t::setup();
        let job = w.create(1, 1_000);
        m::pause();
        // A stranger has no business with the provider either: the pause is checked first.
        job_registry::accept(&m::stranger(), w.provider(), t::handle(job), 0);
    }

    #[test]
    fun a_market_that_goes_on_takes_jobs_again() {
        let w = t::setup();
        m::pause();
        market::set_paused(&m::admin(), false);
        t::assert_state(w.accepted(100, 100_000), 1, 0);
    }
}
