/// Providers: one object per machine with its identity, price, capacity, stake and record.
/// It doesn't know jobs or streams: the facade reserves a slot, releases it once and reports how the job ended.
///
///     register --> available <--set_availability--> unavailable
///                      +------- unstaking below the minimum --> unavailable
///     stake --request_unstake--> unbonding --(unbonding_secs) withdraw_stake--> owner
///
/// The owner holds the stake and the price. The operator is a hot key: it can accept, start, attest, complete, fail,
/// heartbeat and change availability, and can't withdraw.
module computestream::provider_registry {
    use std::signer;
    use std::string::String;
    use aptos_std::ed25519;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, Object};
    use aptos_framework::timestamp;
    use computestream::market;
    use computestream::vault::{Self, Vault};

    // === Errors ===

    /// There is no provider at this address: check the address.
    const E_NO_PROVIDER: u64 = 1;
    /// Only the provider's owner may do this: sign with the owner's account.
    const E_NOT_OWNER: u64 = 2;
    /// Only the provider's operator may do this: sign with the operator's key.
    const E_NOT_OPERATOR: u64 = 3;
    /// Only the provider's owner or operator may do this.
    const E_NOT_OWNER_OR_OPERATOR: u64 = 4;
    /// The attestation key must be a valid Ed25519 public key of 32 bytes.
    const E_INVALID_ATTEST_KEY: u64 = 5;
    /// The name must be 1 to 128 bytes long, and GPU model, region and sandbox at most 128 bytes each.
    const E_TEXT_LENGTH: u64 = 6;
    /// A provider must offer at least one slot.
    const E_NO_SLOTS: u64 = 7;
    /// The stake is below the market's minimum: add stake.
    const E_STAKE_TOO_LOW: u64 = 8;
    /// The provider isn't available: choose another one or wait until it is.
    const E_PROVIDER_UNAVAILABLE: u64 = 9;
    /// Every slot of the provider is taken: wait until a job ends.
    const E_NO_FREE_SLOT: u64 = 10;
    /// The amount is more than is staked.
    const E_INSUFFICIENT_STAKE: u64 = 11;
    /// No stake is unbonding: request an unstake first.
    const E_NOTHING_UNBONDING: u64 = 12;
    /// The stake is still unbonding: wait until the time it unlocks.
    const E_STILL_UNBONDING: u64 = 13;
    /// The amount must be above zero.
    const E_ZERO_AMOUNT: u64 = 14;

    // === Constants ===

    const ATTEST_KEY_LENGTH: u64 = 32;
    const MAX_TEXT_LENGTH: u64 = 128;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Provider has key {
        owner: address,
        operator: address,
        attest_key: vector<u8>,
        name: String,
        gpu_model: String,
        gpu_count: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        slots: u64,
        slots_busy: u64,
        /// Base units of the vault's asset.
        price_per_hour: u64,
        /// `stake + unbonding` is the vault's balance.
        vault: Vault,
        stake: u64,
        unbonding: u64,
        unlocks_at: u64,
        available: bool,
        last_heartbeat_at: u64,
        registered_at: u64,
        jobs_completed: u64,
        jobs_failed: u64,
        jobs_expired: u64,
        seconds_served: u64,
        /// Net of fees.
        earned: u64
    }

    struct ProviderView has copy, drop, store {
        provider: address,
        owner: address,
        operator: address,
        attest_key: vector<u8>,
        name: String,
        gpu_model: String,
        gpu_count: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        slots: u64,
        slots_busy: u64,
        price_per_hour: u64,
        asset: address,
        stake: u64,
        unbonding: u64,
        unlocks_at: u64,
        available: bool,
        last_heartbeat_at: u64,
        registered_at: u64,
        jobs_completed: u64,
        jobs_failed: u64,
        jobs_expired: u64,
        seconds_served: u64,
        earned: u64
    }

    // === Events ===

    #[event]
    struct ProviderRegistered has drop, store {
        provider: address,
        owner: address,
        operator: address,
        attest_key: vector<u8>,
        name: String,
        gpu_model: String,
        gpu_count: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        slots: u64,
        price_per_hour: u64,
        asset: address,
        stake: u64,
        timestamp: u64
    }

    #[event]
    struct ProviderHeartbeat has drop, store {
        provider: address,
        timestamp: u64
    }

    #[event]
    struct ProviderAvailabilityChanged has drop, store {
        provider: address,
        available: bool,
        timestamp: u64
    }

    #[event]
    struct ProviderPriceChanged has drop, store {
        provider: address,
        price_per_hour: u64,
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
    struct StakeAdded has drop, store {
        provider: address,
        amount: u64,
        stake: u64,
        timestamp: u64
    }

    #[event]
    struct UnstakeRequested has drop, store {
        provider: address,
        amount: u64,
        stake: u64,
        unbonding: u64,
        unlocks_at: u64,
        timestamp: u64
    }

    #[event]
    struct StakeWithdrawn has drop, store {
        provider: address,
        amount: u64,
        stake: u64,
        timestamp: u64
    }

    #[event]
    struct ProviderCapacityChanged has drop, store {
        provider: address,
        slots_busy: u64,
        slots: u64,
        timestamp: u64
    }

    #[event]
    struct ProviderStatsUpdated has drop, store {
        provider: address,
        jobs_completed: u64,
        jobs_failed: u64,
        jobs_expired: u64,
        seconds_served: u64,
        earned: u64,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_provider(provider: address): ProviderView acquires Provider {
        assert!(exists<Provider>(provider), E_NO_PROVIDER);
        let p = &Provider[provider];
        ProviderView {
            provider,
            owner: p.owner,
            operator: p.operator,
            attest_key: p.attest_key,
            name: p.name,
            gpu_model: p.gpu_model,
            gpu_count: p.gpu_count,
            vram_gb: p.vram_gb,
            cpu_cores: p.cpu_cores,
            ram_gb: p.ram_gb,
            disk_gb: p.disk_gb,
            region: p.region,
            sandbox: p.sandbox,
            slots: p.slots,
            slots_busy: p.slots_busy,
            price_per_hour: p.price_per_hour,
            asset: object::object_address(&p.vault.asset()),
            stake: p.stake,
            unbonding: p.unbonding,
            unlocks_at: p.unlocks_at,
            available: p.available,
            last_heartbeat_at: p.last_heartbeat_at,
            registered_at: p.registered_at,
            jobs_completed: p.jobs_completed,
            jobs_failed: p.jobs_failed,
            jobs_expired: p.jobs_expired,
            seconds_served: p.seconds_served,
            earned: p.earned
        }
    }

    // === Entry ===

    /// Registers a machine, available at once, its stake taken from the owner.
    public entry fun register(
        owner: &signer,
        operator: address,
        attest_key: vector<u8>,
        name: String,
        gpu_model: String,
        gpu_count: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        slots: u64,
        price_per_hour: u64,
        asset: Object<Metadata>,
        stake: u64
    ) {
        register_provider(
            owner,
            operator,
            attest_key,
            name,
            gpu_model,
            gpu_count,
            vram_gb,
            cpu_cores,
            ram_gb,
            disk_gb,
            region,
            sandbox,
            slots,
            price_per_hour,
            asset,
            stake
        );
    }

    /// `register` for other modules: returns the new provider.
    public fun register_provider(
        owner: &signer,
        operator: address,
        attest_key: vector<u8>,
        name: String,
        gpu_model: String,
        gpu_count: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        region: String,
        sandbox: String,
        slots: u64,
        price_per_hour: u64,
        asset: Object<Metadata>,
        stake: u64
    ): Object<Provider> {
        market::assert_not_paused();
        market::assert_asset_allowed(asset);
        assert_attest_key(attest_key);
        assert!(!name.is_empty(), E_TEXT_LENGTH);
        assert_text(&name);
        assert_text(&gpu_model);
        assert_text(&region);
        assert_text(&sandbox);
        assert!(slots > 0, E_NO_SLOTS);
        assert_stake(stake);

        let now = timestamp::now_seconds();
        let constructor_ref = vault::create_object();
        let vault = vault::open(&constructor_ref, asset);
        vault.deposit(owner, stake);
        let owner = signer::address_of(owner);
        move_to(
            &object::generate_signer(&constructor_ref),
            Provider {
                owner,
                operator,
                attest_key,
                name,
                gpu_model,
                gpu_count,
                vram_gb,
                cpu_cores,
                ram_gb,
                disk_gb,
                region,
                sandbox,
                slots,
                slots_busy: 0,
                price_per_hour,
                vault,
                stake,
                unbonding: 0,
                unlocks_at: 0,
                available: true,
                last_heartbeat_at: now,
                registered_at: now,
                jobs_completed: 0,
                jobs_failed: 0,
                jobs_expired: 0,
                seconds_served: 0,
                earned: 0
            }
        );

        event::emit(
            ProviderRegistered {
                provider: object::address_from_constructor_ref(&constructor_ref),
                owner,
                operator,
                attest_key,
                name,
                gpu_model,
                gpu_count,
                vram_gb,
                cpu_cores,
                ram_gb,
                disk_gb,
                region,
                sandbox,
                slots,
                price_per_hour,
                asset: object::object_address(&asset),
                stake,
                timestamp: now
            }
        );
        object::object_from_constructor_ref(&constructor_ref)
    }

    public entry fun heartbeat(
        operator: &signer, provider: Object<Provider>
    ) acquires Provider {
        let provider = object::object_address(&provider);
        assert_operator(provider, signer::address_of(operator));
        let timestamp = timestamp::now_seconds();
        Provider[provider].last_heartbeat_at = timestamp;
        event::emit(ProviderHeartbeat { provider, timestamp });
    }

    /// Opens or closes the provider for new jobs; running ones go on. Opening needs the minimum stake.
    public entry fun set_availability(
        owner_or_operator: &signer, provider: Object<Provider>, available: bool
    ) acquires Provider {
        let provider = object::object_address(&provider);
        let who = signer::address_of(owner_or_operator);
        let p = &mut Provider[provider];
        assert!(who == p.owner || who == p.operator, E_NOT_OWNER_OR_OPERATOR);
        if (available) assert_stake(p.stake);
        p.change_availability(provider, available);
    }

    /// A new price for new jobs only.
    public entry fun update_price(
        owner: &signer, provider: Object<Provider>, price_per_hour: u64
    ) acquires Provider {
        let (provider, p) = owned(owner, provider);
        p.price_per_hour = price_per_hour;
        event::emit(
            ProviderPriceChanged {
                provider,
                price_per_hour,
                timestamp: timestamp::now_seconds()
            }
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
        event::emit(
            ProviderOperatorChanged {
                provider,
                operator,
                attest_key,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    public entry fun add_stake(
        owner: &signer, provider: Object<Provider>, amount: u64
    ) acquires Provider {
        let (provider, p) = owned(owner, provider);
        assert!(amount > 0, E_ZERO_AMOUNT);
        p.stake = p.stake + amount;
        p.vault.deposit(owner, amount);
        event::emit(
            StakeAdded {
                provider,
                amount,
                stake: p.stake,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// Starts unbonding. A further request restarts the clock for everything unbonding and never brings its end
    /// nearer; what is left below the minimum closes the provider for new jobs.
    public entry fun request_unstake(
        owner: &signer, provider: Object<Provider>, amount: u64
    ) acquires Provider {
        let (provider, p) = owned(owner, provider);
        assert!(amount > 0, E_ZERO_AMOUNT);
        assert!(amount <= p.stake, E_INSUFFICIENT_STAKE);
        let (min_stake, unbonding_secs) = market::stake_terms();
        let now = timestamp::now_seconds();

        p.stake = p.stake - amount;
        p.unbonding = p.unbonding + amount;
        let unlocks_at = now + unbonding_secs;
        if (unlocks_at > p.unlocks_at) p.unlocks_at = unlocks_at;

        event::emit(
            UnstakeRequested {
                provider,
                amount,
                stake: p.stake,
                unbonding: p.unbonding,
                unlocks_at: p.unlocks_at,
                timestamp: now
            }
        );
        if (p.stake < min_stake) p.change_availability(provider, false);
    }

    public entry fun withdraw_stake(
        owner: &signer, provider: Object<Provider>
    ) acquires Provider {
        let (provider, p) = owned(owner, provider);
        let amount = p.unbonding;
        assert!(amount > 0, E_NOTHING_UNBONDING);
        let now = timestamp::now_seconds();
        assert!(now >= p.unlocks_at, E_STILL_UNBONDING);

        p.unbonding = 0;
        p.unlocks_at = 0;
        p.vault.pay(p.owner, amount);

        event::emit(StakeWithdrawn { provider, amount, stake: p.stake, timestamp: now });
    }

    // === Package ===

    public(package) fun assert_operator(provider: address, who: address) acquires Provider {
        assert!(is_operator(provider, who), E_NOT_OPERATOR);
    }

    public(package) fun is_operator(provider: address, who: address): bool acquires Provider {
        who == Provider[provider].operator
    }

    /// `(price_per_hour, asset)` for a job ordered now.
    public(package) fun quote(provider: address): (u64, Object<Metadata>) acquires Provider {
        let p = &Provider[provider];
        assert!(p.available, E_PROVIDER_UNAVAILABLE);
        (p.price_per_hour, p.vault.asset())
    }

    /// `(payee, attest_key)` for a stream that opens now.
    public(package) fun payment_terms(provider: address): (address, vector<u8>) acquires Provider {
        let p = &Provider[provider];
        (p.owner, p.attest_key)
    }

    public(package) fun reserve_slot(provider: address) acquires Provider {
        let p = &mut Provider[provider];
        assert!(p.available, E_PROVIDER_UNAVAILABLE);
        assert!(p.slots_busy < p.slots, E_NO_FREE_SLOT);
        p.slots_busy = p.slots_busy + 1;
        p.emit_capacity(provider);
    }

    public(package) fun release_slot(provider: address) acquires Provider {
        let p = &mut Provider[provider];
        p.slots_busy = p.slots_busy - 1;
        p.emit_capacity(provider);
    }

    /// Adds one settled job to the record: at most one of the three is true; `earned` is net of fees.
    public(package) fun record_job(
        provider: address,
        completed: bool,
        failed: bool,
        expired: bool,
        seconds: u64,
        earned: u64
    ) acquires Provider {
        let p = &mut Provider[provider];
        if (completed) p.jobs_completed = p.jobs_completed + 1;
        if (failed) p.jobs_failed = p.jobs_failed + 1;
        if (expired) p.jobs_expired = p.jobs_expired + 1;
        p.seconds_served = p.seconds_served + seconds;
        // A statistic must never block a payment: it stops at its end instead of overflowing.
        p.earned =
            if (earned > MAX_U64 - p.earned) MAX_U64
            else p.earned + earned;
        event::emit(
            ProviderStatsUpdated {
                provider,
                jobs_completed: p.jobs_completed,
                jobs_failed: p.jobs_failed,
                jobs_expired: p.jobs_expired,
                seconds_served: p.seconds_served,
                earned: p.earned,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    // === Private ===

    inline fun owned(owner: &signer, provider: Object<Provider>): (address, &mut Provider) {
        let provider_address = object::object_address(&provider);
        let p = &mut Provider[provider_address];
        assert!(signer::address_of(owner) == p.owner, E_NOT_OWNER);
        (provider_address, p)
    }

    fun change_availability(self: &mut Provider, provider: address, available: bool) {
        if (self.available == available) return;
        self.available = available;
        event::emit(
            ProviderAvailabilityChanged {
                provider,
                available,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    fun emit_capacity(self: &Provider, provider: address) {
        event::emit(
            ProviderCapacityChanged {
                provider,
                slots_busy: self.slots_busy,
                slots: self.slots,
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

    fun assert_text(text: &String) {
        assert!(text.length() <= MAX_TEXT_LENGTH, E_TEXT_LENGTH);
    }

    fun assert_stake(stake: u64) {
        let (min_stake, _) = market::stake_terms();
        assert!(stake >= min_stake, E_STAKE_TOO_LOW);
    }
}
