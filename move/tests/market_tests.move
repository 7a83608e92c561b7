#[test_only]
/// Parameters, assets and admin of the market.
module computestream::market_tests {
    use std::bcs;
    use aptos_framework::object;
    use computestream::job_registry;
    use computestream::market::{
        Self,
        AdminChanged,
        AdminProposed,
        AssetAllowanceChanged,
        ParametersUpdated
    };
    use computestream::test_utils::{Self as t, a, n, yes};

    fun set(
        fee_bps: u64,
        accept: u64,
        claim: u64,
        min_duration: u64,
        max_duration: u64
    ) {
        market::update_parameters(
            &t::admin(),
            fee_bps,
            @0x7,
            5,
            6,
            accept,
            8,
            9,
            10,
            claim,
            min_duration,
            max_duration,
            false
        );
    }

    #[test]
    fun the_defaults_are_the_documented_ones() {
        t::start_market();
        // start_market changes nothing but the treasury.
        let parameters =
            vector[
                n(100),
                a(t::treasury_address()),
                n(100_000_000),
                n(86_400),
                n(120),
                n(600),
                n(60),
                n(60),
                n(15),
                n(1),
                n(604_800),
                yes(false)
            ];
        assert!(bcs::to_bytes(&market::parameters()) == t::join(parameters), 1);
        assert!(market::admin() == @computestream, 2);
        parameters.push_back(n(t::start_time()));
        t::assert_last<ParametersUpdated>(parameters);
        // One from publishing, one from start_market.
        assert!(t::count<ParametersUpdated>() == 2, 3);
        t::assert_last<AdminChanged>(vector[a(@computestream), n(t::start_time())]);
    }

    #[test]
    fun an_update_sets_and_tells_every_parameter() {
        t::start_market();
        set(1_000, 7, 11, 3, 31_536_000);
        t::assert_last<ParametersUpdated>(
            vector[
                n(1_000),
                a(@0x7),
                n(5),
                n(6),
                n(7),
                n(8),
                n(9),
                n(10),
                n(11),
                n(3),
                n(31_536_000),
                yes(false),
                n(t::start_time())
            ]
        );
        assert!(market::is_duration_allowed(3) && !market::is_duration_allowed(2), 1);
        assert!(
            market::is_duration_allowed(31_536_000)
                && !market::is_duration_allowed(31_536_001),
            2
        );
    }

    #[test]
    fun allowing_an_asset_twice_tells_it_once() {
        t::start_market();
        let asset = t::new_asset(b"x");
        let asset_address = object::object_address(&asset);
        assert!(!market::is_asset_allowed(asset_address), 1);
        market::initialize(&t::admin(), asset);
        market::initialize(&t::admin(), asset);
        assert!(market::is_asset_allowed(asset_address), 2);
        assert!(t::count<AssetAllowanceChanged>() == 1, 3);
        t::assert_last<AssetAllowanceChanged>(
            vector[a(asset_address), yes(true), n(t::start_time())]
        );
        market::set_asset_allowed(&t::admin(), asset, false);
        assert!(!market::is_asset_allowed(asset_address), 4);
        t::assert_last<AssetAllowanceChanged>(
            vector[a(asset_address), yes(false), n(t::start_time())]
        );
    }

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
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun the_old_admin_has_no_power_after_the_change() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        market::accept_admin(&t::buyer());
        set(1, 1, 5, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_updates_parameters() {
        t::start_market();
        market::update_parameters(
            &t::stranger(), 1, @0x7, 5, 6, 7, 8, 9, 10, 11, 1, 2, false
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_ADMIN)]
    fun only_the_admin_allows_assets() {
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
    fun only_the_proposed_admin_accepts() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        market::accept_admin(&t::stranger());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_NOT_PROPOSED_ADMIN)]
    fun a_proposal_is_accepted_once() {
        t::start_market();
        market::propose_admin(&t::admin(), @0xb0b);
        market::accept_admin(&t::buyer());
        market::accept_admin(&t::buyer());
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_FEE_TOO_HIGH)]
    fun a_fee_above_ten_percent_is_refused() {
        t::start_market();
        set(1_001, 1, 5, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun an_accept_window_of_nothing_is_refused() {
        t::start_market();
        set(100, 0, 5, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_claim_window_that_could_overflow_a_deadline_is_refused() {
        t::start_market();
        set(100, 1, 0xffff_ffff_ffff_ffff, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun no_provider_may_be_left_without_time_to_prove_its_last_seconds() {
        t::start_market();
        set(100, 1, 5, 1, 1);
        set(100, 1, 4, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun no_refund_may_wait_longer_than_a_day() {
        t::start_market();
        set(100, 1, 86_400, 1, 1);
        set(100, 1, 86_401, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_DURATION_BOUNDS)]
    fun a_minimum_duration_of_nothing_is_refused() {
        t::start_market();
        set(100, 1, 5, 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_DURATION_BOUNDS)]
    fun a_minimum_above_the_maximum_is_refused() {
        t::start_market();
        set(100, 1, 5, 3, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_DURATION_BOUNDS)]
    fun a_maximum_above_a_year_is_refused() {
        t::start_market();
        set(100, 1, 5, 1, 31_536_001);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_takes_no_provider() {
        t::start_market();
        let asset = t::new_asset(b"x");
        market::initialize(&t::admin(), asset);
        t::pause();
        t::register(asset, t::key(), 1, 1, 100_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_takes_no_job() {
        let w = t::setup();
        t::pause();
        w.create(1, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun in_a_paused_market_nothing_is_accepted() {
        let w = t::setup();
        let job = w.create(1, 1_000);
        t::pause();
        job_registry::accept(&t::operator(), t::handle(job));
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
}
