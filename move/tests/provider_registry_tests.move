#[test_only]
/// Providers: registering, the list of them, keys and status. What they offer is in `provider_offer_tests`; stake, slots
/// and the record through the registry are in `provider_capacity_tests`.
module computestream::provider_registry_tests {
    use std::bcs;
    use aptos_std::from_bcs;
    use aptos_framework::object::{Self, Object};
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::provider_registry::{
        Self,
        Provider,
        ProviderHeartbeat,
        ProviderOperatorChanged,
        ProviderRegistered,
        ProviderStatusChanged
    };
    use computestream::value_test_utils::{Self as v, a, b, list, n, s};
    use computestream::world_test_utils::{Self as t, World};

    const STAKE: u64 = 100_000_000;
    const MAX: u64 = 0xffff_ffff_ffff_ffff;

    fun address_of(provider: Object<Provider>): address {
        object::object_address(&provider)
    }

    /// Two GPUs, three slots, 100 an hour and 10 for each GPU.
    fun register_pair(w: &World, devices: vector<vector<u8>>, stake: u64): Object<Provider> {
        register(w, b"pair", 2, devices, 3, 100, 10, stake)
    }

    fun register(
        w: &World,
        name: vector<u8>,
        gpu_count: u64,
        devices: vector<vector<u8>>,
        slots: u64,
        price_per_hour: u64,
        gpu_price_per_hour: u64,
        stake: u64
    ): Object<Provider> {
        provider_registry::register_provider(
            &m::owner(),
            m::of(&m::operator()),
            v::key(),
            v::text(name),
            v::text(b"RTX"),
            gpu_count,
            24,
            16,
            64,
            500,
            v::text(b"eu"),
            v::text(b"docker"),
            devices,
            slots,
            price_per_hour,
            gpu_price_per_hour,
            w.asset(),
            stake
        )
    }

    /// BCS of the view of a provider that `register_pair` made at `registered_at` and nothing has used.
    fun pair_view(
        w: &World,
        provider: address,
        devices: vector<vector<u8>>,
        stake: u64,
        registered_at: u64
    ): vector<u8> {
        v::join(
            vector[
                a(provider),
                a(m::of(&m::owner())),
                a(m::of(&m::operator())),
                s(v::key()),
                s(b"pair"),
                s(b"RTX"),
                n(2),
                n(24),
                n(16),
                n(64),
                n(500),
                s(b"eu"),
                s(b"docker"),
                list(devices),
                // Slots, those taken, GPUs taken.
                n(3),
                n(0),
                n(0),
                n(100),
                n(10),
                a(w.asset_address()),
                // Staked, unbonding, unlocks at.
                n(stake),
                n(0),
                n(0),
                b(0),
                n(registered_at),
                n(registered_at),
                // Bound stake, liable until.
                n(0),
                n(0),
                n(0),
                n(0),
                n(0),
                n(0),
                n(0),
                n(0),
                n(5_000)
            ]
        )
    }

    // === Registering ===

    #[test]
    fun a_provider_is_what_it_registered_as() {
        let w = t::setup();
        m::wait(9);
        let now = m::start_time() + 9;
        let devices = vector[v::hash(1), v::hash(2)];
        let provider = address_of(register_pair(&w, devices, STAKE + 1));
        v::assert_last<ProviderRegistered>(
            vector[
                a(provider),
                a(m::of(&m::owner())),
                a(m::of(&m::operator())),
                s(v::key()),
                s(b"pair"),
                s(b"RTX"),
                n(2),
                n(24),
                n(16),
                n(64),
                n(500),
                s(b"eu"),
                s(b"docker"),
                list(devices),
                n(3),
                n(100),
                n(10),
                a(w.asset_address()),
                n(STAKE + 1),
                n(now)
            ]
        );
        assert!(
            bcs::to_bytes(&provider_registry::get_provider(provider))
                == pair_view(&w, provider, devices, STAKE + 1, now),
            1
        );
        assert!(provider_registry::active_jobs(provider) == vector[], 2);
        assert!(provider_registry::owner(provider) == m::of(&m::owner()), 3);
        assert!(provider_registry::is_owner(provider, m::of(&m::owner())), 4);
        assert!(!provider_registry::is_owner(provider, m::of(&m::operator())), 5);
        assert!(provider_registry::asset(provider) == w.asset(), 6);
        assert!(w.balance(m::of(&m::owner())) == m::funds() - STAKE - 1, 7);
        let (payee, key) = provider_registry::payment_terms(provider);
        assert!(payee == m::of(&m::owner()) && key == v::key(), 8);
    }

    #[test]
    fun the_entry_registers_too() {
        let w = t::setup();
        provider_registry::register(
            &m::owner(),
            m::of(&m::operator()),
            v::key(),
            v::text(b"pair"),
            v::text(b"RTX"),
            2,
            24,
            16,
            64,
            500,
            v::text(b"eu"),
            v::text(b"docker"),
            vector[],
            3,
            100,
            10,
            w.asset(),
            STAKE
        );
        let page = provider_registry::list_providers(1, 1);
        // A list of one has the length 1 before it; its address comes first.
        let provider = from_bcs::to_address(bcs::to_bytes(&page).slice(1, 33));
        assert!(
            bcs::to_bytes(&page[0]) == pair_view(&w, provider, vector[], STAKE, m::start_time()),
            1
        );
    }

    #[test]
    fun a_machine_without_gpu_registers() {
        let w = t::setup();
        let provider = register(&w, b"cpu", 0, vector[], 256, 0, 0, STAKE);
        let (rate, _) = provider_registry::quote(address_of(provider), 0);
        assert!(rate == 0, 1);
    }

    #[test]
    fun the_greatest_machine_registers() {
        let w = t::setup();
        let devices = vector[];
        for (i in 0..64) devices.push_back(v::hash((i as u8)));
        let provider = register(&w, b"rack", 64, devices, 256, 0, 1, STAKE);
        let (rate, _) = provider_registry::quote(address_of(provider), 64);
        assert!(rate == 64, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_PAUSED)]
    fun a_paused_market_registers_nobody() {
        let w = t::setup();
        m::pause();
        register_pair(&w, vector[], STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_ASSET_NOT_ALLOWED)]
    fun a_stake_must_be_of_an_allowed_asset() {
        let w = t::setup();
        market::set_asset_allowed(&m::admin(), w.asset(), false);
        register_pair(&w, vector[], STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_INVALID_ATTEST_KEY)]
    fun a_short_key_is_refused() {
        let w = t::setup();
        m::register(w.asset(), v::bytes_of(31, 1), 1, 1, STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_INVALID_ATTEST_KEY)]
    fun a_key_that_verifies_anything_is_refused() {
        let w = t::setup();
        m::register(w.asset(), v::bytes_of(32, 0), 1, 1, STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TEXT_LENGTH)]
    fun a_provider_needs_a_name() {
        let w = t::setup();
        register(&w, b"", 1, vector[], 1, 1, 1, STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TOO_MANY_GPUS)]
    fun a_provider_of_65_gpus_is_refused() {
        let w = t::setup();
        register(&w, b"x", 65, vector[], 1, 1, 1, STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_DEVICES)]
    fun commitments_are_checked() {
        let w = t::setup();
        register_pair(&w, vector[v::hash(1)], STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_SLOTS)]
    fun a_provider_needs_a_slot() {
        let w = t::setup();
        m::register(w.asset(), v::key(), 0, 1, STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STAKE_TOO_LOW)]
    fun a_stake_below_the_minimum_is_refused() {
        let w = t::setup();
        m::register(w.asset(), v::key(), 1, 1, STAKE - 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_stake_must_be_owned() {
        let w = t::setup();
        m::register(w.asset(), v::key(), 1, 1, m::funds() + 1);
    }

    // === The list ===

    #[test]
    fun every_provider_is_listed_in_order() {
        let w = t::setup();
        let first = w.provider_address();
        let second = address_of(register_pair(&w, vector[], STAKE));
        let third = address_of(register_pair(&w, vector[], STAKE));
        let views =
            vector[
                provider_registry::get_provider(first),
                provider_registry::get_provider(second),
                provider_registry::get_provider(third)
            ];
        assert!(provider_registry::provider_count() == 3, 1);
        assert!(provider_registry::list_providers(0, 100) == views, 2);
        assert!(provider_registry::list_providers(0, 3) == views, 3);
        assert!(provider_registry::list_providers(0, 1) == vector[views[0]], 4);
        assert!(provider_registry::list_providers(1, 1) == vector[views[1]], 5);
        assert!(provider_registry::list_providers(1, 100) == vector[views[1], views[2]], 6);
        assert!(provider_registry::list_providers(0, 0).is_empty(), 7);
        assert!(provider_registry::list_providers(3, 100).is_empty(), 8);
        assert!(provider_registry::list_providers(MAX, 100).is_empty(), 9);
    }

    #[test]
    fun a_market_begins_without_providers() {
        m::start_market();
        assert!(provider_registry::provider_count() == 0, 1);
        assert!(provider_registry::list_providers(0, 100).is_empty(), 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PAGE_TOO_LONG)]
    fun a_page_has_an_end() {
        t::setup();
        provider_registry::list_providers(0, 101);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NO_PROVIDER)]
    fun a_view_needs_a_provider() {
        provider_registry::get_provider(@0x77);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NO_PROVIDER)]
    fun the_active_jobs_need_a_provider() {
        provider_registry::active_jobs(@0x77);
    }

    // === Keys and status ===

    #[test]
    fun the_operator_beats_and_changes_the_status() {
        let w = t::setup();
        let provider = w.provider_address();
        m::wait(30);
        let now = m::start_time() + 30;
        provider_registry::heartbeat(&m::operator(), w.provider());
        v::assert_last<ProviderHeartbeat>(vector[a(provider), n(now)]);
        for (i in 0..3) {
            let status = 3 - i;
            provider_registry::set_status(&m::operator(), w.provider(), status);
            v::assert_last<ProviderStatusChanged>(vector[a(provider), b(status), n(now)]);
        };
        provider_registry::set_status(&m::owner(), w.provider(), 0);
        v::assert_last<ProviderStatusChanged>(vector[a(provider), b(0), n(now)]);
        // Saying it again tells nothing.
        provider_registry::set_status(&m::owner(), w.provider(), 0);
        assert!(v::count<ProviderStatusChanged>() == 4, 1);
    }

    #[test]
    fun a_heartbeat_is_shown() {
        let w = t::setup();
        let provider = register_pair(&w, vector[], STAKE);
        m::wait(30);
        provider_registry::heartbeat(&m::operator(), provider);
        // As if registered now, but for the time of registration, which comes right after the heartbeat; what is
        // bound and until when, six counts and the score follow.
        let view =
            pair_view(&w, address_of(provider), vector[], STAKE, m::start_time() + 30);
        let found = bcs::to_bytes(&provider_registry::get_provider(address_of(provider)));
        let at = view.length() - 10 * 8;
        assert!(found.slice(0, at) == view.slice(0, at), 1);
        assert!(found.slice(at, at + 8) == n(m::start_time()), 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_beats() {
        let w = t::setup();
        provider_registry::heartbeat(&m::owner(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER_OR_OPERATOR)]
    fun a_stranger_cannot_change_the_status() {
        let w = t::setup();
        provider_registry::set_status(&m::stranger(), w.provider(), 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_UNKNOWN_STATUS)]
    fun there_is_no_fifth_status() {
        let w = t::setup();
        provider_registry::set_status(&m::owner(), w.provider(), 4);
    }

    #[test]
    fun the_owner_changes_the_keys() {
        let w = t::setup();
        provider_registry::update_operator(
            &m::owner(), w.provider(), m::of(&m::stranger()), v::key()
        );
        v::assert_last<ProviderOperatorChanged>(
            vector[
                a(w.provider_address()),
                a(m::of(&m::stranger())),
                s(v::key()),
                n(m::start_time())
            ]
        );
        provider_registry::heartbeat(&m::stranger(), w.provider());
        assert!(v::count<ProviderHeartbeat>() == 1, 1);
        let (payee, key) = provider_registry::payment_terms(w.provider_address());
        assert!(payee == m::of(&m::owner()) && key == v::key(), 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun a_replaced_operator_has_no_power() {
        let w = t::setup();
        provider_registry::update_operator(
            &m::owner(), w.provider(), m::of(&m::stranger()), v::key()
        );
        provider_registry::heartbeat(&m::operator(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_change_the_keys() {
        let w = t::setup();
        provider_registry::update_operator(&m::operator(), w.provider(), @0x1, v::key());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_INVALID_ATTEST_KEY)]
    fun a_new_key_is_checked_too() {
        let w = t::setup();
        provider_registry::update_operator(
            &m::owner(), w.provider(), @0x1, v::bytes_of(33, 1)
        );
    }
}
