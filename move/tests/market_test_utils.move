#[test_only]
/// What stands before a first job: the accounts, the clock, assets and their issuer, the market and its machines.
/// It doesn't know jobs: of an escrow it sees only the store.
module computestream::market_test_utils {
    use std::option;
    use std::signer;
    use std::string;
    use aptos_framework::account;
    use aptos_framework::chain_id;
    use aptos_framework::fungible_asset::{Self, FungibleStore, Metadata, MintRef, TransferRef};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;
    use computestream::job_quotes;
    use computestream::market;
    use computestream::provider_directory;
    use computestream::provider_registry::{Self, Provider};
    use computestream::value_test_utils as v;

    const START: u64 = 1_000_000;
    const CHAIN_ID: u8 = 250;

    const BUYER: address = @0xb0b;
    const OWNER: address = @0xa11;
    const OPERATOR: address = @0x0b7;
    const KEEPER: address = @0x6e5;
    const STRANGER: address = @0xbad;
    const TREASURY: address = @0x7ea;
    const ARBITER: address = @0xa7b;
    const ISSUER: address = @0xa55e7;

    /// 1,000 base units a second.
    const RATE: u64 = 3_600_000;
    const STAKE: u64 = 100_000_000;
    const FUNDS: u64 = 1_000_000_000;

    struct Refs has key {
        mint: MintRef,
        transfer: TransferRef
    }

    // === Settings ===

    /// A market with the default parameters but TREASURY as treasury, and no asset yet.
    public fun start_market() {
        let framework = account::create_signer_for_test(@aptos_framework);
        timestamp::set_time_has_started_for_testing(&framework);
        timestamp::update_global_time_for_test_secs(START);
        chain_id::initialize_for_test(&framework, CHAIN_ID);
        market::init_for_test(&admin());
        provider_directory::init_for_test(&admin());
        job_quotes::init_for_test(&admin());
        set_fees(100, 0);
    }

    /// The treasury is always TREASURY.
    public fun set_fees(fee_bps: u64, keeper_share_bps: u64) {
        market::set_fees(&admin(), fee_bps, keeper_share_bps, TREASURY);
    }

    public fun set_fee(fee_bps: u64) {
        set_fees(fee_bps, 0);
    }

    public fun set_windows(
        accept: u64, begin: u64, stall_after: u64, stall_grace: u64, claim: u64
    ) {
        market::set_windows(&admin(), accept, begin, stall_after, stall_grace, claim);
    }

    /// Challenge and answer windows take 100 and 60 seconds, arbitration 200; bonds are 1 %.
    public fun set_short_cases() {
        market::set_dispute_terms(&admin(), ARBITER, 100, 60, 200, 100);
    }

    public fun set_unbonding(unbonding_secs: u64) {
        market::set_stake_terms(&admin(), STAKE, unbonding_secs, 5_000, 1_000);
    }

    public fun pause() {
        market::set_paused(&admin(), true);
    }

    // === Machines ===

    public fun register(
        asset: Object<Metadata>,
        key: vector<u8>,
        slots: u64,
        rate_per_hour: u64,
        stake: u64
    ): Object<Provider> {
        provider_registry::register_provider(
            &owner(),
            OPERATOR,
            key,
            v::text(b"machine"),
            v::text(b"RTX"),
            1,
            24,
            16,
            64,
            500,
            v::text(b"eu"),
            v::text(b"docker"),
            vector[],
            slots,
            rate_per_hour,
            0,
            asset,
            stake
        )
    }

    public fun rate(): u64 {
        RATE
    }

    public fun stake(): u64 {
        STAKE
    }

    // === Assets ===

    /// A market and its asset: OWNER has FUNDS and a stake's worth more, BUYER has FUNDS.
    public fun funded_market(): Object<Metadata> acquires Refs {
        start_market();
        let asset = new_asset(b"first");
        market::initialize(&admin(), asset);
        mint(asset, BUYER, FUNDS);
        mint(asset, OWNER, FUNDS + STAKE);
        asset
    }

    public fun funds(): u64 {
        FUNDS
    }

    /// A fungible asset with primary stores; `seed` tells several apart.
    public fun new_asset(seed: vector<u8>): Object<Metadata> {
        let creator = account::create_signer_for_test(ISSUER);
        let constructor_ref = object::create_named_object(&creator, seed);
        primary_fungible_store::create_primary_store_enabled_fungible_asset(
            &constructor_ref,
            option::none(),
            string::utf8(b"Test"),
            string::utf8(b"TST"),
            8,
            string::utf8(b""),
            string::utf8(b"")
        );
        move_to(
            &object::generate_signer(&constructor_ref),
            Refs {
                mint: fungible_asset::generate_mint_ref(&constructor_ref),
                transfer: fungible_asset::generate_transfer_ref(&constructor_ref)
            }
        );
        object::object_from_constructor_ref<Metadata>(&constructor_ref)
    }

    public fun mint(asset: Object<Metadata>, to: address, amount: u64) acquires Refs {
        primary_fungible_store::mint(
            &Refs[object::object_address(&asset)].mint, to, amount
        );
    }

    /// The issuer freezes or thaws an account.
    public fun freeze_account(asset: Object<Metadata>, who: address, frozen: bool) acquires Refs {
        primary_fungible_store::set_frozen_flag(
            &Refs[object::object_address(&asset)].transfer, who, frozen
        );
    }

    /// The issuer freezes or thaws the store of a job.
    public fun freeze_escrow(asset: Object<Metadata>, job: address, frozen: bool) acquires Refs {
        fungible_asset::set_frozen_flag(
            &Refs[object::object_address(&asset)].transfer, store_of(job), frozen
        );
    }

    /// The issuer takes from the store of a job.
    public fun claw_back(asset: Object<Metadata>, job: address, amount: u64) acquires Refs {
        let taken =
            fungible_asset::withdraw_with_ref(
                &Refs[object::object_address(&asset)].transfer, store_of(job), amount
            );
        primary_fungible_store::deposit(ISSUER, taken);
    }

    /// The issuer puts back what it has taken.
    public fun give_back(asset: Object<Metadata>, job: address, amount: u64) {
        let issuer = account::create_signer_for_test(ISSUER);
        fungible_asset::deposit(
            store_of(job), primary_fungible_store::withdraw(&issuer, asset, amount)
        );
    }

    public fun store_of(holder: address): Object<FungibleStore> {
        object::address_to_object<FungibleStore>(holder)
    }

    // === Clock and chain ===

    public fun wait(secs: u64) {
        timestamp::fast_forward_seconds(secs);
    }

    public fun elapsed(): u64 {
        timestamp::now_seconds() - START
    }

    public fun start_time(): u64 {
        START
    }

    public fun chain(): u8 {
        CHAIN_ID
    }

    // === Accounts ===

    public fun admin(): signer {
        account::create_signer_for_test(@computestream)
    }

    public fun buyer(): signer {
        account::create_signer_for_test(BUYER)
    }

    public fun owner(): signer {
        account::create_signer_for_test(OWNER)
    }

    public fun operator(): signer {
        account::create_signer_for_test(OPERATOR)
    }

    public fun keeper(): signer {
        account::create_signer_for_test(KEEPER)
    }

    public fun arbiter(): signer {
        account::create_signer_for_test(ARBITER)
    }

    public fun stranger(): signer {
        account::create_signer_for_test(STRANGER)
    }

    public fun treasury_address(): address {
        TREASURY
    }

    public fun of(who: &signer): address {
        signer::address_of(who)
    }
}
