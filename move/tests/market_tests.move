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
    use computestream::test_utils::{Self as t, a, n, yes};

    const YEAR: u64 = 31_536_000;
    const DAY: u64 = 86_400;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    fun set_windows(accept: u64, begin: u64, stall_after: u64, grace: u64, claim: u64) {
        market::set_windows(&t::admin(), accept, begin, stall_after, grace, claim);
    }

    fun set_dispute_terms(challenge: u64, answer: u64, arbitration: u64, bond_bps: u64) {
        market::set_dispute_terms(
            &t::admin(), @0xa7b, challenge, answer, arbitration, bond_bps
        );
    }

    fun set_stake_terms(unbonding: u64, slash_bps: u64, reward_bps: u64) {
        market::set_stake_terms(&t::admin(), 7, unbonding, slash_bps, reward_bps);
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
        fields[2] = a(t::treasury_address());
        changed.enumerate_ref(|i, value| {
            fields[first + i] = *value;
        });
        assert!(bcs::to_bytes(&market::parameters()) == t::join(fields), 9401);
        fields.push_back(n(t::start_time()));
        t::assert_last<ParametersUpdated>(fields);
    }

    // === Parameters ===

    #[test]
    fun the_defaults_are_the_documented_ones() {
        t::start_market();
        assert!(market::admin() == @computestream, 1);
        assert!(market::assets() == vector[], 2);
        let published = defaults();
        published.push_back(n(t::start_time()));
        let begun = published;
        // start_market changes nothing but the treasury and the keepers' share.
        begun[1] = n(0);
        begun[2] = a(t::treasury_address());
        t::assert_all<ParametersUpdated>(vector[t::join(published), t::join(begun)]);
        t::assert_all<AdminChanged>(
            vector[t::join(vector[a(@computestream), n(t::start_time())])]
        );
    }

    #[test]
    fun fees_are_set_to_their_limits_and_told() {
        t::start_market();
        market::set_fees(&t::admin(), 1_000, 10_000, @0x7);
        assert_parameters(0, vector[n(1_000), n(10_000), a(@0x7)]);
    }

    #[test]
    fun stake_terms_are_set_to_their_limits_and_told() {
        t::start_market();
        market::set_stake_terms(&t::admin(), MAX_U64, YEAR, 10_000, 5_000);
        assert_parameters(3, vector[n(MAX_U64), n(YEAR), n(10_000), n(5_000)]);
    }

    #[test]
    fun windows_are_set_to_their_limits_and_told() {
        t::start_market();
        set_windows(1, 1, 1, 1, 5);
        assert_parameters(7, vector[n(1), n(1), n(1), n(1), n(5)]);
        set_windows(YEAR, YEAR - 1, YEAR - 2, YEAR - 3, DAY);
        assert_parameters(
            7, vector[n(YEAR), n(YEAR - 1), n(YEAR - 2), n(YEAR - 3), n(DAY)]
        );
    }

    #[test]
    fun job_bounds_are_set_to_their_limits_and_told() {
        t::start_market();
        market::set_job_bounds(&t::admin(), YEAR, YEAR, DAY);
        assert_parameters(12, vector[n(YEAR), n(YEAR), n(DAY)]);
        market::set_job_bounds(&t::admin(), 3, 9, 0);
        assert_parameters(12, vector[n(3), n(9), n(0)]);
        assert!(!market::is_duration_allowed(2) && market::is_duration_allowed(3), 1);
        assert!(market::is_duration_allowed(9) && !market::is_duration_allowed(10), 2);
        assert!(market::is_holdback_allowed(0) && !market::is_holdback_allowed(1), 3);
    }

    #[test]
    fun dispute_terms_are_set_to_their_limits_and_told() {
        t::start_market();
        set_dispute_terms(1, 60, 60, 10_000);
        assert_parameters(
            15, vector[a(@0xa7b), n(1), n(60), n(60), n(10_000)]
        );
        market::set_stake_terms(&t::admin(), 100_000_000, 14 * DAY, 5_000, 1_000);
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
    fun a_pause_and_its_end_are_told() {
        t::start_market();
        market::set_paused(&t::admin(), true);
        assert_parameters(20, vector[yes(true)]);
        market::set_paused(&t::admin(), false);
        assert_parameters(20, vector[yes(false)]);
    }

    // === Assets ===

    #[test]
    fun allowing_an_asset_twice_tells_it_once() {
        t::start_market();
        let asset = t::new_asset(b"x");
        let asset_address = object::object_address(&asset);
        assert!(!market::is_asset_allowed(asset_address), 1);
        market::initialize(&t::admin(), asset);
        market::initialize(&t::admin(), asset);
        assert!(market::is_asset_allowed(asset_address), 2);
        assert!(market::assets() == vector[asset_address], 3);
        market::set_asset_allowed(&t::admin(), asset, false);
        market::set_asset_allowed(&t::admin(), asset, false);
        assert!(!market::is_asset_allowed(asset_address), 4);
        assert!(market::assets() == vector[], 5);
        t::assert_all<AssetAllowanceChanged>(
            vector[
                t::join(vector[a(asset_address), yes(true), n(t::start_time())]),
                t::join(vector[a(asset_address), yes(false), n(t::start_time())])
            ]
        );
    }

    #[test]
    fun several_assets_are_allowed_side_by_side() {
        t::start_market();
        let first = t::new_asset(b"x");
        let second = t::new_asset(b"y");
        market::initialize(&t::admin(), first);
        market::set_asset_allowed(&t::admin(), second, true);
        assert!(
            market::assets()
                == vector[object::object_address(&first), object::object_address(&second)],
            1
        );
        market::set_asset_allowed(&t::admin(), first, false);
        assert!(market::assets() == vector[object::object_address(&second)], 2);
        assert!(!market::is_asset_allowed(object::object_address(&first)), 3);
        assert!(market::is_asset_allowed(object::object_address(&second)), 4);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun a_provider_needs_an_allowed_asset() {
        t::start_market();
        t::register(t::new_asset(b"x"), t::key(), 1, 1, 100_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun a_job_needs_an_asset_that_is_still_allowed() {
        let w = t::setup();
        market::set_asset_allowed(&t::admin(), w.asset(), false);
        w.create(1, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun an_open_job_needs_an_allowed_asset() {
        t::start_market();
        j::order().order_openly(t::new_asset(b"x"));
    }

    // === Admin ===

    #[test]
    fun the_admin_changes_in_two_steps() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        t::assert_last<AdminProposed>(
            vector[a(@computestream), a(@0xb0b), n(t::start_time())]
        );
        assert!(market::admin() == @computestream, 1);
        market::accept_admin(&t::buyer());
        assert!(market::admin() == @0xb0b, 2);
        t::assert_last<AdminChanged>(vector[a(@0xb0b), n(t::start_time())]);
        market::set_paused(&t::buyer(), true);
        assert!(t::count<ParametersUpdated>() == 3, 3);
    }

    #[test]
    /// A multisig account is a resource account: no key signs for it, its module does.
    fun a_multisig_account_can_be_admin() {
        t::start_market();
        let (multisig, _) = account::create_resource_account(&t::owner(), b"multisig");
        market::propose_admin(&t::admin(), t::of(&multisig));
        market::accept_admin(&multisig);
        assert!(market::admin() == t::of(&multisig), 1);
        market::set_paused(&multisig, true);
        market::propose_admin(&multisig, @computestream);
        market::accept_admin(&t::admin());
        assert!(market::admin() == @computestream, 2);
    }

    #[test]
    fun an_object_can_be_admin() {
        t::start_market();
        let constructor_ref = object::create_object(t::of(&t::owner()));
        let object_signer = object::generate_signer(&constructor_ref);
        market::propose_admin(&t::admin(), t::of(&object_signer));
        market::accept_admin(&object_signer);
        market::set_fees(&object_signer, 5, 6, @0x7);
        assert_parameters(0, vector[n(5), n(6), a(@0x7)]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun the_owner_of_an_object_that_is_admin_is_not() {
        t::start_market();
        let constructor_ref = object::create_object(t::of(&t::owner()));
        let object_signer = object::generate_signer(&constructor_ref);
        market::propose_admin(&t::admin(), t::of(&object_signer));
        market::accept_admin(&object_signer);
        market::set_paused(&t::owner(), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun the_proposed_admin_has_no_power_before_it_accepts() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        market::set_paused(&t::buyer(), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun the_old_admin_has_no_power_after_the_change() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        market::accept_admin(&t::buyer());
        t::pause();
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_fees() {
        t::start_market();
        // What is set is out of range too: who sets it is checked first.
        market::set_fees(&t::stranger(), MAX_U64, MAX_U64, @0x7);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_stake_terms() {
        t::start_market();
        market::set_stake_terms(&t::stranger(), 1, MAX_U64, MAX_U64, MAX_U64);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_windows() {
        t::start_market();
        market::set_windows(&t::stranger(), 0, 0, 0, 0, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_job_bounds() {
        t::start_market();
        market::set_job_bounds(&t::stranger(), 0, 0, MAX_U64);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_sets_dispute_terms() {
        t::start_market();
        market::set_dispute_terms(&t::stranger(), @0xbad, 0, 0, 0, MAX_U64);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_pauses() {
        t::start_market();
        market::set_paused(&t::stranger(), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_allows_assets() {
        t::start_market();
        market::set_asset_allowed(&t::stranger(), t::new_asset(b"x"), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_initializes() {
        t::start_market();
        market::initialize(&t::stranger(), t::new_asset(b"x"));
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_proposes_an_admin() {
        t::start_market();
        market::propose_admin(&t::stranger(), @0xbad);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun nobody_accepts_what_was_not_proposed() {
        t::start_market();
        market::accept_admin(&t::stranger());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun only_the_proposed_admin_accepts() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        market::accept_admin(&t::stranger());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun a_later_proposal_replaces_the_first() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        market::propose_admin(&t::admin(), @0xa11);
        market::accept_admin(&t::buyer());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun a_proposal_is_accepted_once() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        market::accept_admin(&t::buyer());
        market::accept_admin(&t::buyer());
    }

    // === Pause ===

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_takes_no_provider() {
        t::start_market();
        t::pause();
        // The asset isn't allowed either: the pause is checked first.
        t::register(t::new_asset(b"x"), t::key(), 1, 1, 100_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_takes_no_job() {
        let w = t::setup();
        t::pause();
        // Nothing is ordered either: the pause is checked first.
        j::order().specs(vector[]).order_all(w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_takes_no_open_job() {
        let w = t::setup();
        t::pause();
        j::order().specs(vector[]).order_all_openly(w.asset());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun in_a_paused_market_nothing_is_accepted() {
        let w = t::setup();
        let job = w.create(1, 1_000);
        t::pause();
        // A stranger has no business with the provider either: the pause is checked first.
        job_registry::accept(&t::stranger(), w.provider(), t::handle(job), 0);
    }

    #[test]
    fun a_market_that_goes_on_takes_jobs_again() {
        let w = t::setup();
        t::pause();
        market::set_paused(&t::admin(), false);
        t::assert_state(w.accepted(100, 100_000), 1, 0);
    }
}
