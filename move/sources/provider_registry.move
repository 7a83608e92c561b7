/// Providers: one object per machine with its keys, price and status, and which slots and GPUs are taken by which jobs.
/// It doesn't know how jobs or streams work: others reserve, release and report; `stake` and `reputation` keep the books.
///
///     register --> active <--set_status--> draining, maintenance, offline
///                    +------- staked falls below the minimum --> offline
///
/// The owner holds the stake and the prices. The operator is a hot key: it can accept, start, attest, complete, fail,
/// heartbeat and change the status, and can't withdraw.
module computestream::provider_registry {
    use std::signer;
    use std::string::String;
    use aptos_std::ed25519;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, Object};
    use aptos_framework::timestamp;
    use computestream::capacity::{Self, Capacity};
    use computestream::liability::{Self, Liability};
    use computestream::machine::{Self, Machine, Requirements};
    use computestream::market;
    use computestream::provider_directory;
    use computestream::reputation;
    use computestream::stake;
    use computestream::vault;

    // === Errors ===

    /// There is no provider at this address: check the address.
    const E_NO_PROVIDER: u64 = 1;
    /// Only the provider's owner may do this: sign with the owner's account.
    const E_NOT_OWNER: u64 = 2;
    /// Only the provider's operator may do this: sign with the operator's key.
    const E_NOT_OPERATOR: u64 = 3;
    /// Only the provider's owner or operator may do this: sign with one of their keys.
    const E_NOT_OWNER_OR_OPERATOR: u64 = 4;
    /// The attestation key must be a valid Ed25519 public key of 32 bytes.
    const E_INVALID_ATTEST_KEY: u64 = 5;
    /// The stake is below the market's minimum: add stake.
    const E_STAKE_TOO_LOW: u64 = 8;
    /// The provider isn't active: choose another one or wait until it is.
    const E_PROVIDER_UNAVAILABLE: u64 = 9;
    /// The amount must be above zero.
    const E_ZERO_AMOUNT: u64 = 14;
    /// The status must be 0 (active), 1 (draining), 2 (maintenance) or 3 (offline).
    const E_UNKNOWN_STATUS: u64 = 15;
    /// The provider still has active jobs: drain it, then try again.
    const E_STILL_BUSY: u64 = 16;
    /// Jobs of this provider run or can still cost stake: wait until `liable_until`, or keep `bound_stake` staked.
    const E_STILL_LIABLE: u64 = 17;
    /// The price of so many GPUs is too large to be counted: choose another provider, or lower its prices.
    const E_PRICE_OVERFLOW: u64 = 18;
    /// The provider doesn't have so many GPUs: ask for fewer or choose another one.
    const E_NOT_ENOUGH_GPUS: u64 = 19;
    /// At most 100 providers are listed at once: ask for the next ones with a larger offset.
    const E_PAGE_TOO_LONG: u64 = 20;

    // === Constants ===

    const ACTIVE: u8 = 0;
    const OFFLINE: u8 = 3;

    const ATTEST_KEY_LENGTH: u64 = 32;
    const MAX_PAGE: u64 = 100;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Provider has key {
        owner: address,
        operator: address,
        attest_key: vector<u8>,
        machine: Machine,
        capacity: Capacity,
        /// Base units of the stake's asset, like the next.
        price_per_hour: u64,
        gpu_price_per_hour: u64,
        status: u8,
        last_heartbeat_at: u64,
        registered_at: u64,
        liability: Liability
    }

    struct ProviderView has copy, drop, store {
        provider: address,
        owner: address,
        operator: address,
        attest_key: vector<u8>,
        machine: Machine,
        devices: vector<vector<u8>>,
        slots: u64,
        slots_busy: u64,
        gpus_busy: u64,
        price_per_hour: u64,
        gpu_price_per_hour: u64,
        asset: address,
        staked: u64,
        unbonding: u64,
        unlocks_at: u64,
        status: u8,
        last_heartbeat_at: u64,
        registered_at: u64,
        /// What the jobs rely on, and until when those that have ended do.
        bound_stake: u64,
        liable_until: u64,
        jobs_completed: u64,
        jobs_failed: u64,
        jobs_expired: u64,
        faults: u64,
        seconds_served: u64,
        earned: u64,
        score: u64
    }

    // === Events ===

    #[event]
    struct ProviderRegistered has drop, store {
        provider: address,
        owner: address,
        operator: address,
        attest_key: vector<u8>,
        machine: Machine,
        devices: vector<vector<u8>>,
        slots: u64,
        price_per_hour: u64,
        gpu_price_per_hour: u64,
        asset: address,
        staked: u64,
        timestamp: u64
    }

    #[event]
    struct ProviderMachineChanged has drop, store {
        provider: address,
        machine: Machine,
        devices: vector<vector<u8>>,
        slots: u64,
        timestamp: u64
    }

    #[event]
    struct ProviderHeartbeat has drop, store {
        provider: address,
        timestamp: u64
    }

    #[event]
    struct ProviderStatusChanged has drop, store {
        provider: address,
        status: u8,
        timestamp: u64
    }

    #[event]
    struct ProviderPriceChanged has drop, store {
        provider: address,
        price_per_hour: u64,
        gpu_price_per_hour: u64,
        timestamp: u64
    }

    #[event]
    struct ProviderOperatorChanged has drop, store {
        provider: address,
        operator: address,
        attest_key: vector<u8>,
        timestamp: u64
    }

    #[event]
    struct ProviderLiabilityChanged has drop, store {
        provider: address,
        bound_stake: u64,
        liable_until: u64,
        timestamp: u64
    }

    #[event]
    struct ProviderCapacityChanged has drop, store {
        provider: address,
        slots_busy: u64,
        slots: u64,
        gpus_busy: u64,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_provider(provider: address): ProviderView acquires Provider {
        assert!(exists<Provider>(provider), E_NO_PROVIDER);
        let p = &Provider[provider];
        let (jobs_completed, jobs_failed, jobs_expired, faults, seconds_served, earned) =
            reputation::counts(provider);
        ProviderView {
            provider,
            owner: p.owner,
            operator: p.operator,
            attest_key: p.attest_key,
            machine: p.machine,
            devices: p.capacity.devices(),
            slots: p.capacity.slots(),
            slots_busy: p.capacity.slots_busy(),
            gpus_busy: p.capacity.gpus_busy(),
            price_per_hour: p.price_per_hour,
            gpu_price_per_hour: p.gpu_price_per_hour,
            asset: object::object_address(&stake::asset(provider)),
            staked: stake::staked(provider),
            unbonding: stake::unbonding(provider),
            unlocks_at: stake::unlocks_at(provider),
            status: p.status,
            last_heartbeat_at: p.last_heartbeat_at,
            registered_at: p.registered_at,
            bound_stake: p.liability.stake(),
            liable_until: p.liability.until(),
            jobs_completed,
            jobs_failed,
            jobs_expired,
            faults,
            seconds_served,
            earned,
            score: reputation::score(provider)
        }
    }

    #[view]
    /// Up to `limit` providers, from the `offset`-th ever registered on.
    public fun list_providers(
        offset: u64, limit: u64
    ): vector<ProviderView> acquires Provider {
        assert!(limit <= MAX_PAGE, E_PAGE_TOO_LONG);
        provider_directory::page(offset, limit).map(|provider| get_provider(provider))
    }

    #[view]
    public fun provider_count(): u64 {
        provider_directory::count()
    }

    #[view]
    /// The jobs that take a slot.
    public fun active_jobs(provider: address): vector<address> acquires Provider {
        assert!(exists<Provider>(provider), E_NO_PROVIDER);
        Provider[provider].capacity.jobs()
    }

    // === Entry ===

    /// Registers a machine, active at once, its stake taken from the owner.
    public entry fun register(
        owner: &signer, operator: address, attest_key: vector<u8>,
        name: String, gpu_model: String, gpu_count: u64, vram_gb: u64, cpu_cores: u64, ram_gb: u64,
        disk_gb: u64, region: String, sandbox: String,
        devices: vector<vector<u8>>, slots: u64, price_per_hour: u64, gpu_price_per_hour: u64,
        asset: Object<Metadata>, stake: u64
    ) {
        register_provider(
            owner, operator, attest_key, name, gpu_model, gpu_count, vram_gb, cpu_cores, ram_gb, disk_gb,
            region, sandbox, devices, slots, price_per_hour, gpu_price_per_hour, asset, stake
        );
    }

    /// `register` for other modules: returns the new provider.
    public fun register_provider(
        owner: &signer, operator: address, attest_key: vector<u8>,
        name: String, gpu_model: String, gpu_count: u64, vram_gb: u64, cpu_cores: u64, ram_gb: u64,
        disk_gb: u64, region: String, sandbox: String,
        devices: vector<vector<u8>>, slots: u64, price_per_hour: u64, gpu_price_per_hour: u64,
        asset: Object<Metadata>, stake: u64
    ): Object<Provider> {
        market::assert_not_paused();
        market::assert_asset_allowed(asset);
        assert_attest_key(attest_key);
        let machine =
            machine::new(
                name, gpu_model, gpu_count, vram_gb, cpu_cores, ram_gb, disk_gb, region, sandbox
            );
        let capacity = capacity::new(gpu_count, devices, slots);
        assert_stake(stake);

        let now = timestamp::now_seconds();
        let constructor_ref = vault::create_object();
        let provider = object::address_from_constructor_ref(&constructor_ref);
        let provider_signer = object::generate_signer(&constructor_ref);
        stake::open(&constructor_ref, owner, asset, stake);
        reputation::open(&provider_signer);
        let owner = signer::address_of(owner);
        move_to(
            &provider_signer,
            Provider {
                owner,
                operator,
                attest_key,
                machine,
                capacity,
                price_per_hour,
                gpu_price_per_hour,
                status: ACTIVE,
                last_heartbeat_at: now,
                registered_at: now,
                liability: liability::new()
            }
        );
        provider_directory::add(provider);

        event::emit(
            ProviderRegistered {
                provider,
                owner,
                operator,
                attest_key,
                machine,
                devices,
                slots,
                price_per_hour,
                gpu_price_per_hour,
                asset: object::object_address(&asset),
                staked: stake,
                timestamp: now
            }
        );
        object::object_from_constructor_ref(&constructor_ref)
    }

    public entry fun heartbeat(operator: &signer, provider: Object<Provider>) acquires Provider {
        let provider = object::object_address(&provider);
        assert_operator(provider, signer::address_of(operator));
        let timestamp = timestamp::now_seconds();
        Provider[provider].last_heartbeat_at = timestamp;
        event::emit(ProviderHeartbeat { provider, timestamp });
    }

    /// Opens or closes the provider for new jobs; running ones go on. Opening needs the minimum stake.
    public entry fun set_status(
        owner_or_operator: &signer, provider: Object<Provider>, status: u8
    ) acquires Provider {
        let provider = object::object_address(&provider);
        let who = signer::address_of(owner_or_operator);
        let p = &mut Provider[provider];
        assert!(who == p.owner || who == p.operator, E_NOT_OWNER_OR_OPERATOR);
        assert!(status <= OFFLINE, E_UNKNOWN_STATUS);
        if (status == ACTIVE) assert_stake(stake::staked(provider));
        p.change_status(provider, status);
    }

    /// New prices for new jobs only.
    public entry fun update_price(
        owner: &signer,
        provider: Object<Provider>,
        price_per_hour: u64,
        gpu_price_per_hour: u64
    ) acquires Provider {
        let (provider, p) = owned(owner, provider);
        p.price_per_hour = price_per_hour;
        p.gpu_price_per_hour = gpu_price_per_hour;
        let timestamp = timestamp::now_seconds();
        event::emit(
            ProviderPriceChanged { provider, price_per_hour, gpu_price_per_hour, timestamp }
        );
    }

    /// Replaces the hot keys. Streams that are open keep the attestation key they opened with.
    public entry fun update_operator(
        owner: &signer,
        provider: Object<Provider>,
        operator: address,
        attest_key: vector<u8>
    ) acquires Provider {
        let (provider, p) = owned(owner, provider);
        assert_attest_key(attest_key);
        p.operator = operator;
        p.attest_key = attest_key;
        let timestamp = timestamp::now_seconds();
        event::emit(ProviderOperatorChanged { provider, operator, attest_key, timestamp });
    }

    /// Describes the machine anew, when no job uses it.
    public entry fun update_machine(
        owner: &signer, provider: Object<Provider>,
        name: String, gpu_model: String, gpu_count: u64, vram_gb: u64, cpu_cores: u64, ram_gb: u64,
        disk_gb: u64, region: String, sandbox: String,
        devices: vector<vector<u8>>, slots: u64
    ) acquires Provider {
        let (provider, p) = owned(owner, provider);
        assert!(p.capacity.is_idle(), E_STILL_BUSY);
        let machine =
            machine::new(
                name, gpu_model, gpu_count, vram_gb, cpu_cores, ram_gb, disk_gb, region, sandbox
            );
        p.capacity = capacity::new(gpu_count, devices, slots);
        p.machine = machine;
        let timestamp = timestamp::now_seconds();
        event::emit(ProviderMachineChanged { provider, machine, devices, slots, timestamp });
    }

    public entry fun add_stake(
        owner: &signer, provider: Object<Provider>, amount: u64
    ) acquires Provider {
        let (provider, _) = owned(owner, provider);
        assert!(amount > 0, E_ZERO_AMOUNT);
        stake::add(provider, owner, amount);
    }

    /// Starts unbonding; what is left below the minimum closes the provider for new jobs.
    public entry fun request_unstake(
        owner: &signer, provider: Object<Provider>, amount: u64
    ) acquires Provider {
        let (provider, p) = owned(owner, provider);
        assert!(amount > 0, E_ZERO_AMOUNT);
        let (_, unbonding_secs) = market::stake_terms();
        let staked = stake::request_unstake(provider, amount, unbonding_secs);
        p.close_below_minimum(provider, staked);
    }

    /// Pays out what has unbonded. While jobs rely on stake, what they rely on must stay.
    public entry fun withdraw_stake(owner: &signer, provider: Object<Provider>) acquires Provider {
        let (provider, p) = owned(owner, provider);
        stake::assert_withdrawable(provider);
        assert!(
            p.liability.allows(
                stake::staked(provider), p.capacity.is_idle(), timestamp::now_seconds()
            ),
            E_STILL_LIABLE
        );
        stake::withdraw(provider);
    }

    // === Package ===

    public(package) fun assert_operator(provider: address, who: address) acquires Provider {
        assert!(is_operator(provider, who), E_NOT_OPERATOR);
    }

    /// Nobody's is an open order that no provider has taken.
    public(package) fun is_operator(provider: address, who: address): bool acquires Provider {
        exists<Provider>(provider) && who == Provider[provider].operator
    }

    public(package) fun is_owner(provider: address, who: address): bool acquires Provider {
        exists<Provider>(provider) && who == Provider[provider].owner
    }

    public(package) fun owner(provider: address): address acquires Provider {
        Provider[provider].owner
    }

    public(package) fun asset(provider: address): Object<Metadata> {
        stake::asset(provider)
    }

    public(package) fun assert_active(provider: address) acquires Provider {
        assert!(Provider[provider].status == ACTIVE, E_PROVIDER_UNAVAILABLE);
    }

    public(package) fun meets(
        provider: address, requirements: &Requirements
    ): bool acquires Provider {
        Provider[provider].machine.meets(requirements, stake::staked(provider))
    }

    /// Per hour, for a job with `gpus` GPUs.
    public(package) fun price(provider: address, gpus: u64): u64 acquires Provider {
        let p = &Provider[provider];
        let price =
            (p.price_per_hour as u128) + (gpus as u128) * (p.gpu_price_per_hour as u128);
        assert!(price <= (MAX_U64 as u128), E_PRICE_OVERFLOW);
        (price as u64)
    }

    /// `(rate_per_hour, asset)` for a job with `gpus` GPUs ordered now.
    public(package) fun quote(provider: address, gpus: u64): (u64, Object<Metadata>) acquires Provider {
        assert_active(provider);
        assert!(gpus <= Provider[provider].machine.gpu_count(), E_NOT_ENOUGH_GPUS);
        (price(provider, gpus), stake::asset(provider))
    }

    /// `(payee, attest_key)` for a stream that opens now.
    public(package) fun payment_terms(provider: address): (address, vector<u8>) acquires Provider {
        let p = &Provider[provider];
        (p.owner, p.attest_key)
    }

    /// Gives the job a slot and these GPUs; returns the GPUs' commitments, if the provider made any.
    public(package) fun reserve(
        provider: address, job: address, gpu_mask: u64, gpus: u64
    ): vector<vector<u8>> acquires Provider {
        assert_active(provider);
        let p = &mut Provider[provider];
        let devices = p.capacity.reserve(job, gpu_mask, gpus);
        p.emit_capacity(provider);
        devices
    }

    /// One of the active jobs begins, relying on `stake`. Returns whether so much is there, unbonding or not: from now
    /// on it can't leave.
    public(package) fun bind_stake(provider: address, stake: u64): bool acquires Provider {
        let p = &mut Provider[provider];
        let liability = p.liability;
        let is_alone = p.capacity.jobs().length() == 1;
        liability.bind(stake, is_alone, timestamp::now_seconds());
        p.set_liability(provider, liability);
        stake <= stake::total(provider)
    }

    /// Takes slot and GPUs back, if the job holds any. The provider answers for it until `liable_until`.
    public(package) fun release(
        provider: address, job: address, gpu_mask: u64, liable_until: u64
    ) acquires Provider {
        extend_liability(provider, liable_until);
        let p = &mut Provider[provider];
        if (p.capacity.release(job, gpu_mask)) p.emit_capacity(provider);
    }

    public(package) fun extend_liability(provider: address, until: u64) acquires Provider {
        let p = &mut Provider[provider];
        let liability = p.liability;
        liability.extend(until);
        p.set_liability(provider, liability);
    }

    /// Punishes a proven fault; returns what it cost and how much of that the reporter got.
    public(package) fun slash(
        provider: address,
        reporter: address,
        slash_bps: u64,
        reward_bps: u64,
        treasury: address
    ): (u64, u64) acquires Provider {
        let (amount, reward) = stake::slash(provider, slash_bps, reporter, reward_bps, treasury);
        reputation::record_fault(provider);
        let p = &mut Provider[provider];
        p.close_below_minimum(provider, stake::staked(provider));
        (amount, reward)
    }

    // === Private ===

    inline fun owned(owner: &signer, provider: Object<Provider>): (address, &mut Provider) {
        let provider_address = object::object_address(&provider);
        let p = &mut Provider[provider_address];
        assert!(signer::address_of(owner) == p.owner, E_NOT_OWNER);
        (provider_address, p)
    }

    fun change_status(self: &mut Provider, provider: address, status: u8) {
        if (self.status == status) return;
        self.status = status;
        event::emit(
            ProviderStatusChanged { provider, status, timestamp: timestamp::now_seconds() }
        );
    }

    fun close_below_minimum(self: &mut Provider, provider: address, staked: u64) {
        if (self.status == ACTIVE && !has_minimum(staked)) self.change_status(provider, OFFLINE);
    }

    fun set_liability(self: &mut Provider, provider: address, liability: Liability) {
        if (self.liability == liability) return;
        self.liability = liability;
        event::emit(
            ProviderLiabilityChanged {
                provider,
                bound_stake: liability.stake(),
                liable_until: liability.until(),
                timestamp: timestamp::now_seconds()
            }
        );
    }

    fun emit_capacity(self: &Provider, provider: address) {
        event::emit(
            ProviderCapacityChanged {
                provider,
                slots_busy: self.capacity.slots_busy(),
                slots: self.capacity.slots(),
                gpus_busy: self.capacity.gpus_busy(),
                timestamp: timestamp::now_seconds()
            }
        );
    }

    fun assert_attest_key(key: vector<u8>) {
        assert!(
            key.length() == ATTEST_KEY_LENGTH
                && ed25519::new_validated_public_key_from_bytes(key).is_some(),
            E_INVALID_ATTEST_KEY
        );
    }

    fun assert_stake(staked: u64) {
        assert!(has_minimum(staked), E_STAKE_TOO_LOW);
    }

    fun has_minimum(staked: u64): bool {
        let (min_stake, _) = market::stake_terms();
        staked >= min_stake
    }
}
