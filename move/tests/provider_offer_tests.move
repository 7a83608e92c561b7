#[test_only]
/// What providers offer: their prices, and the description of their machine, which only changes while it is idle.
/// Registering is in `provider_registry_tests`.
module computestream::provider_offer_tests {
    use std::bcs;
    use aptos_framework::object::{Self, Object};
    use computestream::machine;
    use computestream::market_test_utils as m;
    use computestream::provider_registry::{
        Self,
        Provider,
        ProviderMachineChanged,
        ProviderPriceChanged
    };
    use computestream::value_test_utils::{Self as v, a, list, n, s};
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

    fun update(
        who: &signer,
        provider: Object<Provider>,
        name: vector<u8>,
        gpu_count: u64,
        devices: vector<vector<u8>>,
        slots: u64
    ) {
        provider_registry::update_machine(
            who,
            provider,
            v::text(name),
            v::text(b"H200"),
            gpu_count,
            141,
            32,
            128,
            2_000,
            v::text(b"us"),
            v::text(b"gvisor"),
            devices,
            slots
        );
    }

    /// BCS of the Machine that `update` describes.
    fun updated(name: vector<u8>, gpu_count: u64): vector<u8> {
        v::join(
            vector[
                s(name),
                s(b"H200"),
                n(gpu_count),
                n(141),
                n(32),
                n(128),
                n(2_000),
                s(b"us"),
                s(b"gvisor")
            ]
        )
    }

    // === Prices ===

    #[test]
    fun a_price_is_the_machine_and_its_gpus() {
        let w = t::setup();
        let provider = address_of(register_pair(&w, vector[], STAKE));
        let (rate, asset) = provider_registry::quote(provider, 0);
        assert!(rate == 100 && asset == w.asset(), 1);
        let (rate, _) = provider_registry::quote(provider, 1);
        assert!(rate == 110, 2);
        let (rate, _) = provider_registry::quote(provider, 2);
        assert!(rate == 120, 3);
        assert!(provider_registry::price(provider, 2) == 120, 4);
    }

    #[test]
    fun the_owner_changes_the_prices() {
        let w = t::setup();
        let provider = register_pair(&w, vector[], STAKE);
        provider_registry::update_price(&m::owner(), provider, 5, 7);
        v::assert_last<ProviderPriceChanged>(
            vector[a(address_of(provider)), n(5), n(7), n(m::start_time())]
        );
        assert!(provider_registry::price(address_of(provider), 2) == 19, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_change_the_prices() {
        let w = t::setup();
        provider_registry::update_price(&m::operator(), w.provider(), 5, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_ENOUGH_GPUS)]
    fun a_machine_sells_no_gpu_it_does_not_have() {
        let w = t::setup();
        provider_registry::quote(address_of(register_pair(&w, vector[], STAKE)), 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PROVIDER_UNAVAILABLE)]
    fun a_draining_provider_has_no_price() {
        let w = t::setup();
        provider_registry::set_status(&m::operator(), w.provider(), 1);
        provider_registry::quote(w.provider_address(), 0);
    }

    #[test]
    fun the_greatest_price_is_counted() {
        let w = t::setup();
        // 2 * (2^63 - 1) + 1 = 2^64 - 1.
        let provider =
            register(&w, b"x", 2, vector[], 1, 1, 0x7fff_ffff_ffff_ffff, STAKE);
        let (rate, _) = provider_registry::quote(address_of(provider), 2);
        assert!(rate == MAX, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PRICE_OVERFLOW)]
    fun a_price_beyond_counting_cannot_be_ordered() {
        let w = t::setup();
        let provider =
            register(&w, b"x", 2, vector[], 1, 2, 0x7fff_ffff_ffff_ffff, STAKE);
        provider_registry::quote(address_of(provider), 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PRICE_OVERFLOW)]
    fun the_price_of_64_gpus_does_not_wrap() {
        let w = t::setup();
        let provider = register(&w, b"x", 64, vector[], 1, MAX, MAX, STAKE);
        provider_registry::quote(address_of(provider), 64);
    }

    // === The machine ===

    #[test]
    fun an_idle_machine_is_described_anew() {
        let w = t::setup();
        let provider = register_pair(&w, vector[], STAKE);
        m::wait(4);
        let devices = vector[v::hash(7), v::hash(8), v::hash(9)];
        update(&m::owner(), provider, b"new", 3, devices, 4);
        v::assert_all<ProviderMachineChanged>(
            vector[
                v::join(
                    vector[
                        a(address_of(provider)),
                        updated(b"new", 3),
                        list(devices),
                        n(4),
                        n(m::start_time() + 4)
                    ]
                )
            ]
        );
        let found = bcs::to_bytes(&provider_registry::get_provider(address_of(provider)));
        // Three addresses and the key come before.
        let expected = v::join(vector[updated(b"new", 3), list(devices), n(4), n(0), n(0)]);
        assert!(found.slice(129, 129 + expected.length()) == expected, 1);
        // The new GPUs are there.
        let given = provider_registry::reserve(address_of(provider), @0x1, 5, 2);
        assert!(given == vector[v::hash(7), v::hash(9)], 2);
    }

    #[test]
    fun a_described_machine_meets_other_orders() {
        let w = t::setup();
        let provider = w.provider_address();
        let wanted = machine::only_gpus(2);
        assert!(!provider_registry::meets(provider, &wanted), 1);
        update(&m::owner(), w.provider(), b"new", 2, vector[], 1);
        assert!(provider_registry::meets(provider, &wanted), 2);
    }

    #[test]
    fun the_stake_is_part_of_what_an_order_wants() {
        let w = t::setup();
        let provider = w.provider_address();
        let any = v::text(b"");
        let wanted = machine::new_requirements(any, 1, 24, 16, 64, 500, any, any, STAKE + 1);
        assert!(!provider_registry::meets(provider, &wanted), 1);
        provider_registry::add_stake(&m::owner(), w.provider(), 1);
        assert!(provider_registry::meets(provider, &wanted), 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_describe_the_machine() {
        let w = t::setup();
        update(&m::operator(), w.provider(), b"new", 1, vector[], 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_BUSY)]
    fun a_busy_machine_stays_as_it_is() {
        let w = t::setup();
        w.accepted(100, 100_000);
        update(&m::owner(), w.provider(), b"new", 1, vector[], 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TEXT_LENGTH)]
    fun a_machine_keeps_a_name() {
        let w = t::setup();
        update(&m::owner(), w.provider(), b"", 1, vector[], 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_DEVICES)]
    fun new_commitments_are_checked_too() {
        let w = t::setup();
        update(&m::owner(), w.provider(), b"new", 2, vector[v::hash(1), v::hash(1)], 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_SLOTS)]
    fun a_machine_keeps_a_slot() {
        let w = t::setup();
        update(&m::owner(), w.provider(), b"new", 1, vector[], 0);
    }
}
