/// The market's parameters, its list of assets and its admin.
/// It doesn't know providers, jobs or money: the other modules copy what they need when a relation begins, so no
/// change here ever reaches a job that exists already.
///
///     asset:  not listed --set_asset_allowed(true)--> allowed --set_asset_allowed(false)--> not listed
///     admin:  admin --propose_admin--> proposed --accept_admin--> admin
///
/// The admin is an address that answers for itself when it accepts: a person's account, or a multisig account.
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
    /// A window is out of its bounds: see the protocol's table of parameters and choose one within them.
    const E_WINDOW_OUT_OF_RANGE: u64 = 4;
    /// The bounds of jobs don't fit: durations take 1 second to 365 days, minimum first, the holdback at most 1 day.
    const E_DURATION_BOUNDS: u64 = 5;
    /// The market is paused: registering, creating and accepting will work again when the admin resumes it.
    const E_PAUSED: u64 = 6;
    /// This asset isn't accepted by the market: use one of the allowed assets.
    const E_ASSET_NOT_ALLOWED: u64 = 7;
    /// A share is out of range: at most 10000 basis points, for the reporter's reward at most 5000.
    const E_BPS_OUT_OF_RANGE: u64 = 8;
    /// Stake must stay in reach for as long as a job can be challenged and answered: lengthen the unbonding first.
    const E_UNBONDING_TOO_SHORT: u64 = 9;

    // === Constants ===

    const MAX_FEE_BPS: u64 = 1_000;
    const MAX_BPS: u64 = 10_000;
    /// A provider that reports itself must lose more than it gets back.
    const MAX_REPORTER_REWARD_BPS: u64 = 5_000;
    const DAY_SECS: u64 = 86_400;
    /// Keeps every deadline far from the end of u64 and every duration below 2^32.
    const MAX_WINDOW_SECS: u64 = 31_536_000;
    /// Attestations reach the chain seconds after they are signed: less would take a provider's last seconds.
    const MIN_CLAIM_WINDOW_SECS: u64 = 5;
    /// Time in which a person or a program can answer at all.
    const MIN_ANSWER_WINDOW_SECS: u64 = 60;

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
        keeper_share_bps: u64,
        treasury: address,
        min_stake: u64,
        unbonding_secs: u64,
        slash_bps: u64,
        reporter_reward_bps: u64,
        accept_window_secs: u64,
        start_window_secs: u64,
        stall_after_secs: u64,
        stall_grace_secs: u64,
        claim_window_secs: u64,
        min_duration_secs: u64,
        max_duration_secs: u64,
        max_holdback_secs: u64,
        arbiter: address,
        challenge_window_secs: u64,
        answer_window_secs: u64,
        arbitration_window_secs: u64,
        bond_bps: u64,
        paused: bool
    }

    /// What a job keeps of the parameters from the moment it is made.
    struct JobRules has copy, drop, store {
        start_window_secs: u64,
        stall_after_secs: u64,
        stall_grace_secs: u64,
        claim_window_secs: u64,
        challenge_window_secs: u64,
        answer_window_secs: u64,
        arbitration_window_secs: u64,
        reclaim_after_secs: u64,
        min_stake: u64,
        bond_bps: u64,
        slash_bps: u64,
        reporter_reward_bps: u64,
        arbiter: address,
        fee_bps: u64,
        keeper_share_bps: u64,
        treasury: address
    }

    // === Events ===

    #[event]
    struct ParametersUpdated has drop, store {
        parameters: Parameters,
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

    #[view]
    public fun assets(): vector<address> acquires Market {
        Market[@computestream].assets
    }

    // === Entry ===

    fun init_module(publisher: &signer) {
        let admin = signer::address_of(publisher);
        let parameters = Parameters {
            fee_bps: 100,
            keeper_share_bps: 1_000,
            treasury: admin,
            min_stake: 100_000_000,
            unbonding_secs: DAY_SECS,
            slash_bps: 5_000,
            reporter_reward_bps: 1_000,
            accept_window_secs: 120,
            start_window_secs: 600,
            stall_after_secs: 60,
            stall_grace_secs: 60,
            claim_window_secs: 15,
            min_duration_secs: 1,
            max_duration_secs: 604_800,
            max_holdback_secs: 3_600,
            arbiter: admin,
            challenge_window_secs: 3_600,
            answer_window_secs: 3_600,
            arbitration_window_secs: DAY_SECS,
            bond_bps: 100,
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

    /// The fee of streams that open from now on, and the keepers' share of it.
    public entry fun set_fees(
        admin: &signer, fee_bps: u64, keeper_share_bps: u64, treasury: address
    ) acquires Market {
        let parameters = admin_parameters(admin);
        assert!(fee_bps <= MAX_FEE_BPS, E_FEE_TOO_HIGH);
        assert!(keeper_share_bps <= MAX_BPS, E_BPS_OUT_OF_RANGE);
        parameters.fee_bps = fee_bps;
        parameters.keeper_share_bps = keeper_share_bps;
        parameters.treasury = treasury;
        emit_parameters(*parameters);
    }

    /// What a provider risks. Unbondings that run and jobs that exist keep the values they began with.
    public entry fun set_stake_terms(
        admin: &signer,
        min_stake: u64,
        unbonding_secs: u64,
        slash_bps: u64,
        reporter_reward_bps: u64
    ) acquires Market {
        let parameters = admin_parameters(admin);
        assert!(unbonding_secs <= MAX_WINDOW_SECS, E_WINDOW_OUT_OF_RANGE);
        assert!(slash_bps <= MAX_BPS && reporter_reward_bps <= MAX_REPORTER_REWARD_BPS, E_BPS_OUT_OF_RANGE);
        parameters.min_stake = min_stake;
        parameters.unbonding_secs = unbonding_secs;
        parameters.slash_bps = slash_bps;
        parameters.reporter_reward_bps = reporter_reward_bps;
        parameters.assert_stake_outlasts_challenge();
        emit_parameters(*parameters);
    }

    /// The windows of jobs that are made from now on.
    public entry fun set_windows(
        admin: &signer,
        accept_window_secs: u64,
        start_window_secs: u64,
        stall_after_secs: u64,
        stall_grace_secs: u64,
        claim_window_secs: u64
    ) acquires Market {
        let parameters = admin_parameters(admin);
        assert_window(accept_window_secs, 1, MAX_WINDOW_SECS);
        assert_window(start_window_secs, 1, MAX_WINDOW_SECS);
        assert_window(stall_after_secs, 1, MAX_WINDOW_SECS);
        assert_window(stall_grace_secs, 1, MAX_WINDOW_SECS);
        assert_window(claim_window_secs, MIN_CLAIM_WINDOW_SECS, DAY_SECS);
        parameters.accept_window_secs = accept_window_secs;
        parameters.start_window_secs = start_window_secs;
        parameters.stall_after_secs = stall_after_secs;
        parameters.stall_grace_secs = stall_grace_secs;
        parameters.claim_window_secs = claim_window_secs;
        emit_parameters(*parameters);
    }

    /// What buyers may order from now on.
    public entry fun set_job_bounds(
        admin: &signer,
        min_duration_secs: u64,
        max_duration_secs: u64,
        max_holdback_secs: u64
    ) acquires Market {
        let parameters = admin_parameters(admin);
        assert!(
            1 <= min_duration_secs
                && min_duration_secs <= max_duration_secs
                && max_duration_secs <= MAX_WINDOW_SECS
                && max_holdback_secs <= DAY_SECS,
            E_DURATION_BOUNDS
        );
        parameters.min_duration_secs = min_duration_secs;
        parameters.max_duration_secs = max_duration_secs;
        parameters.max_holdback_secs = max_holdback_secs;
        emit_parameters(*parameters);
    }

    /// Who decides cases of jobs that are made from now on, how fast, and what opening one costs.
    public entry fun set_dispute_terms(
        admin: &signer,
        arbiter: address,
        challenge_window_secs: u64,
        answer_window_secs: u64,
        arbitration_window_secs: u64,
        bond_bps: u64
    ) acquires Market {
        let parameters = admin_parameters(admin);
        assert_window(challenge_window_secs, 1, 7 * DAY_SECS);
        assert_window(answer_window_secs, MIN_ANSWER_WINDOW_SECS, 7 * DAY_SECS);
        assert_window(arbitration_window_secs, MIN_ANSWER_WINDOW_SECS, 30 * DAY_SECS);
        assert!(bond_bps <= MAX_BPS, E_BPS_OUT_OF_RANGE);
        parameters.arbiter = arbiter;
        parameters.challenge_window_secs = challenge_window_secs;
        parameters.answer_window_secs = answer_window_secs;
        parameters.arbitration_window_secs = arbitration_window_secs;
        parameters.bond_bps = bond_bps;
        parameters.assert_stake_outlasts_challenge();
        emit_parameters(*parameters);
    }

    /// Stops or resumes registering, creating and accepting. No claim and no refund ever waits for it.
    public entry fun set_paused(admin: &signer, paused: bool) acquires Market {
        let parameters = admin_parameters(admin);
        parameters.paused = paused;
        emit_parameters(*parameters);
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

    public(package) fun is_holdback_allowed(secs: u64): bool acquires Market {
        secs <= Market[@computestream].parameters.max_holdback_secs
    }

    /// `(min_stake, unbonding_secs)`.
    public(package) fun stake_terms(): (u64, u64) acquires Market {
        let parameters = &Market[@computestream].parameters;
        (parameters.min_stake, parameters.unbonding_secs)
    }

    public(package) fun accept_window_secs(): u64 acquires Market {
        Market[@computestream].parameters.accept_window_secs
    }

    /// The rules of a job that is made now.
    public(package) fun job_rules(): JobRules acquires Market {
        let p = &Market[@computestream].parameters;
        JobRules {
            start_window_secs: p.start_window_secs,
            stall_after_secs: p.stall_after_secs,
            stall_grace_secs: p.stall_grace_secs,
            claim_window_secs: p.claim_window_secs,
            challenge_window_secs: p.challenge_window_secs,
            answer_window_secs: p.answer_window_secs,
            arbitration_window_secs: p.arbitration_window_secs,
            reclaim_after_secs: p.unbonding_secs,
            min_stake: p.min_stake,
            bond_bps: p.bond_bps,
            slash_bps: p.slash_bps,
            reporter_reward_bps: p.reporter_reward_bps,
            arbiter: p.arbiter,
            fee_bps: p.fee_bps,
            keeper_share_bps: p.keeper_share_bps,
            treasury: p.treasury
        }
    }

    public(package) fun start_window_secs(self: &JobRules): u64 {
        self.start_window_secs
    }

    public(package) fun stall_after_secs(self: &JobRules): u64 {
        self.stall_after_secs
    }

    public(package) fun stall_grace_secs(self: &JobRules): u64 {
        self.stall_grace_secs
    }

    public(package) fun claim_window_secs(self: &JobRules): u64 {
        self.claim_window_secs
    }

    public(package) fun challenge_window_secs(self: &JobRules): u64 {
        self.challenge_window_secs
    }

    public(package) fun answer_window_secs(self: &JobRules): u64 {
        self.answer_window_secs
    }

    public(package) fun arbitration_window_secs(self: &JobRules): u64 {
        self.arbitration_window_secs
    }

    public(package) fun reclaim_after_secs(self: &JobRules): u64 {
        self.reclaim_after_secs
    }

    public(package) fun min_stake(self: &JobRules): u64 {
        self.min_stake
    }

    public(package) fun bond_bps(self: &JobRules): u64 {
        self.bond_bps
    }

    public(package) fun slash_bps(self: &JobRules): u64 {
        self.slash_bps
    }

    public(package) fun reporter_reward_bps(self: &JobRules): u64 {
        self.reporter_reward_bps
    }

    public(package) fun arbiter(self: &JobRules): address {
        self.arbiter
    }

    public(package) fun fee_bps(self: &JobRules): u64 {
        self.fee_bps
    }

    public(package) fun keeper_share_bps(self: &JobRules): u64 {
        self.keeper_share_bps
    }

    public(package) fun treasury(self: &JobRules): address {
        self.treasury
    }

    // === Private ===

    inline fun admin_market(admin: &signer): &mut Market {
        let market = &mut Market[@computestream];
        assert!(signer::address_of(admin) == market.admin, E_NOT_ADMIN);
        market
    }

    inline fun admin_parameters(admin: &signer): &mut Parameters {
        &mut admin_market(admin).parameters
    }

    /// A provider must not be able to take its stake away before a challenge that began in time has its answer.
    fun assert_stake_outlasts_challenge(self: &Parameters) {
        assert!(
            self.unbonding_secs >= self.challenge_window_secs + self.answer_window_secs,
            E_UNBONDING_TOO_SHORT
        );
    }

    fun assert_window(secs: u64, least: u64, most: u64) {
        assert!(least <= secs && secs <= most, E_WINDOW_OUT_OF_RANGE);
    }

    fun emit_parameters(parameters: Parameters) {
        event::emit(ParametersUpdated { parameters, timestamp: timestamp::now_seconds() });
    }

    // === Test only ===

    #[test_only]
    public fun init_for_test(publisher: &signer) {
        init_module(publisher);
    }
}
