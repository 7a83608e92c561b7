/// The market's parameters, its list of assets and its admin.
/// It doesn't know providers, jobs or money: the other modules copy what they need when a relation begins, so no
/// change here ever reaches a job that exists already.
///
///     asset:  not listed --set_asset_allowed(true)--> allowed --set_asset_allowed(false)--> not listed
///     admin:  admin --propose_admin--> proposed --accept_admin--> admin
module computestream::market {
    use std::option::{Self, Option};
    use std::signer;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, Object};
    use aptos_framework::timestamp;
    use computestream::vault;

    // === Errors ===

    /// Only the market's admin may do this: sign with the admin's account.
    const E_NOT_ADMIN: u64 = 1;
    /// Only the proposed admin may accept: ask the admin to propose this account.
    const E_NOT_PROPOSED_ADMIN: u64 = 2;
    /// The fee is above the maximum of 1000 basis points: choose a lower one.
    const E_FEE_TOO_HIGH: u64 = 3;
    /// A window is out of range: accept, start and stall windows take 1 second to 365 days, unbonding 0 to 365 days, the claim window 5 seconds to 1 day.
    const E_WINDOW_OUT_OF_RANGE: u64 = 4;
    /// The duration bounds don't fit: the minimum must be at least 1 second, at most the maximum, and that at most 365 days.
    const E_DURATION_BOUNDS: u64 = 5;
    /// The market is paused: registering, creating and accepting will work again when the admin resumes it.
    const E_PAUSED: u64 = 6;
    /// This asset isn't accepted by the market: use one of the allowed assets.
    const E_ASSET_NOT_ALLOWED: u64 = 7;

    // === Constants ===

    const MAX_FEE_BPS: u64 = 1_000;
    /// Keeps every deadline far from the end of u64 and every duration below 2^32.
    const MAX_WINDOW_SECS: u64 = 31_536_000;
    /// Attestations reach the chain seconds after they are signed: less would take a provider's last seconds.
    const MIN_CLAIM_WINDOW_SECS: u64 = 5;
    /// The only window that its buyer can't end: it bounds how long a silent provider may hold a refund.
    const MAX_CLAIM_WINDOW_SECS: u64 = 86_400;

    // === Structs ===

    struct Market has key {
        admin: address,
        proposed_admin: Option<address>,
        parameters: Parameters,
        /// Few, so a vector.
        assets: vector<address>
    }

    struct Parameters has copy, drop, store {
        fee_bps: u64,
        treasury: address,
        min_stake: u64,
        unbonding_secs: u64,
        accept_window_secs: u64,
        start_window_secs: u64,
        stall_after_secs: u64,
        stall_grace_secs: u64,
        claim_window_secs: u64,
        min_duration_secs: u64,
        max_duration_secs: u64,
        paused: bool
    }

    // === Events ===

    #[event]
    struct ParametersUpdated has drop, store {
        fee_bps: u64,
        treasury: address,
        min_stake: u64,
        unbonding_secs: u64,
        accept_window_secs: u64,
        start_window_secs: u64,
        stall_after_secs: u64,
        stall_grace_secs: u64,
        claim_window_secs: u64,
        min_duration_secs: u64,
        max_duration_secs: u64,
        paused: bool,
        timestamp: u64
    }

    #[event]
    struct AssetAllowanceChanged has drop, store {
        asset: address,
        allowed: bool,
        timestamp: u64
    }

    #[event]
    struct AdminProposed has drop, store {
        admin: address,
        proposed: address,
        timestamp: u64
    }

    #[event]
    struct AdminChanged has drop, store {
        admin: address,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun parameters(): Parameters acquires Market {
        Market[@computestream].parameters
    }

    #[view]
    public fun admin(): address acquires Market {
        Market[@computestream].admin
    }

    #[view]
    public fun is_asset_allowed(asset: address): bool acquires Market {
        Market[@computestream].assets.contains(&asset)
    }

    // === Entry ===

    fun init_module(publisher: &signer) {
        let admin = signer::address_of(publisher);
        let parameters = Parameters {
            fee_bps: 100,
            treasury: admin,
            min_stake: 100_000_000,
            unbonding_secs: 86_400,
            accept_window_secs: 120,
            start_window_secs: 600,
            stall_after_secs: 60,
            stall_grace_secs: 60,
            claim_window_secs: 15,
            min_duration_secs: 1,
            max_duration_secs: 604_800,
            paused: false
        };
        move_to(
            publisher,
            Market { admin, proposed_admin: option::none(), parameters, assets: vector[] }
        );
        emit_parameters(parameters);
        event::emit(AdminChanged { admin, timestamp: timestamp::now_seconds() });
    }

    /// Allows the market's first asset; a repeat changes nothing.
    public entry fun initialize(admin: &signer, asset: Object<Metadata>) acquires Market {
        set_asset_allowed(admin, asset, true);
    }

    /// Sets every parameter at once. Jobs and unbondings that exist keep the values they began with.
    public entry fun update_parameters(
        admin: &signer,
        fee_bps: u64,
        treasury: address,
        min_stake: u64,
        unbonding_secs: u64,
        accept_window_secs: u64,
        start_window_secs: u64,
        stall_after_secs: u64,
        stall_grace_secs: u64,
        claim_window_secs: u64,
        min_duration_secs: u64,
        max_duration_secs: u64,
        paused: bool
    ) acquires Market {
        let market = admin_market(admin);
        assert!(fee_bps <= MAX_FEE_BPS, E_FEE_TOO_HIGH);
        assert_window(accept_window_secs, 1);
        assert_window(start_window_secs, 1);
        assert_window(stall_after_secs, 1);
        assert_window(stall_grace_secs, 1);
        assert!(
            MIN_CLAIM_WINDOW_SECS <= claim_window_secs
                && claim_window_secs <= MAX_CLAIM_WINDOW_SECS,
            E_WINDOW_OUT_OF_RANGE
        );
        assert_window(unbonding_secs, 0);
        assert!(
            1 <= min_duration_secs
                && min_duration_secs <= max_duration_secs
                && max_duration_secs <= MAX_WINDOW_SECS,
            E_DURATION_BOUNDS
        );

        market.parameters = Parameters {
            fee_bps,
            treasury,
            min_stake,
            unbonding_secs,
            accept_window_secs,
            start_window_secs,
            stall_after_secs,
            stall_grace_secs,
            claim_window_secs,
            min_duration_secs,
            max_duration_secs,
            paused
        };

        emit_parameters(market.parameters);
    }

    /// Allows or refuses an asset for new providers and new jobs. Assets with transfer hooks abort here: a hook
    /// could keep escrowed money from leaving. Allow only assets whose issuer you trust not to freeze or claw back.
    public entry fun set_asset_allowed(
        admin: &signer, asset: Object<Metadata>, allowed: bool
    ) acquires Market {
        let market = admin_market(admin);
        let asset_address = object::object_address(&asset);
        let (listed, index) = market.assets.index_of(&asset_address);
        if (listed == allowed) return;

        if (allowed) {
            vault::assert_storable(asset);
            market.assets.push_back(asset_address);
        } else {
            market.assets.swap_remove(index);
        };

        event::emit(
            AssetAllowanceChanged {
                asset: asset_address,
                allowed,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// Names the next admin, who must accept; a later proposal replaces this one.
    public entry fun propose_admin(admin: &signer, new_admin: address) acquires Market {
        let market = admin_market(admin);
        market.proposed_admin = option::some(new_admin);
        event::emit(
            AdminProposed {
                admin: market.admin,
                proposed: new_admin,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    public entry fun accept_admin(new_admin: &signer) acquires Market {
        let admin = signer::address_of(new_admin);
        let market = &mut Market[@computestream];
        assert!(market.proposed_admin == option::some(admin), E_NOT_PROPOSED_ADMIN);

        market.admin = admin;
        market.proposed_admin = option::none();

        event::emit(AdminChanged { admin, timestamp: timestamp::now_seconds() });
    }

    // === Package ===

    public(package) fun assert_not_paused() acquires Market {
        assert!(!Market[@computestream].parameters.paused, E_PAUSED);
    }

    public(package) fun assert_asset_allowed(asset: Object<Metadata>) acquires Market {
        assert!(is_asset_allowed(object::object_address(&asset)), E_ASSET_NOT_ALLOWED);
    }

    public(package) fun is_duration_allowed(secs: u64): bool acquires Market {
        let parameters = &Market[@computestream].parameters;
        parameters.min_duration_secs <= secs && secs <= parameters.max_duration_secs
    }

    /// `(fee_bps, treasury)` for a stream that opens now.
    public(package) fun fee_terms(): (u64, address) acquires Market {
        let parameters = &Market[@computestream].parameters;
        (parameters.fee_bps, parameters.treasury)
    }

    /// `(min_stake, unbonding_secs)`.
    public(package) fun stake_terms(): (u64, u64) acquires Market {
        let parameters = &Market[@computestream].parameters;
        (parameters.min_stake, parameters.unbonding_secs)
    }

    /// `(accept, start, stall_after, stall_grace, claim)` windows in seconds for a job made now.
    public(package) fun job_windows(): (u64, u64, u64, u64, u64) acquires Market {
        let parameters = &Market[@computestream].parameters;
        (
            parameters.accept_window_secs,
            parameters.start_window_secs,
            parameters.stall_after_secs,
            parameters.stall_grace_secs,
            parameters.claim_window_secs
        )
    }

    // === Private ===

    inline fun admin_market(admin: &signer): &mut Market {
        let market = &mut Market[@computestream];
        assert!(signer::address_of(admin) == market.admin, E_NOT_ADMIN);
        market
    }

    fun assert_window(secs: u64, least: u64) {
        assert!(least <= secs && secs <= MAX_WINDOW_SECS, E_WINDOW_OUT_OF_RANGE);
    }

    fun emit_parameters(parameters: Parameters) {
        let Parameters {
            fee_bps,
            treasury,
            min_stake,
            unbonding_secs,
            accept_window_secs,
            start_window_secs,
            stall_after_secs,
            stall_grace_secs,
            claim_window_secs,
            min_duration_secs,
            max_duration_secs,
            paused
        } = parameters;
        event::emit(
            ParametersUpdated {
                fee_bps,
                treasury,
                min_stake,
                unbonding_secs,
                accept_window_secs,
                start_window_secs,
                stall_after_secs,
                stall_grace_secs,
                claim_window_secs,
                min_duration_secs,
                max_duration_secs,
                paused,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    // === Test only ===

    #[test_only]
    public fun init_for_test(publisher: &signer) {
        init_module(publisher);
    }
}
