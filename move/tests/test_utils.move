#[test_only]
/// The world the tests share: one asset, one market, one provider, one buyer, a clock and keys that really sign.
/// It doesn't know what is right: every expected value stands in the tests, worked out by hand.
module computestream::test_utils {
    use std::bcs;
    use std::option;
    use std::signer;
    use std::string::{Self, String};
    use std::vector;
    use aptos_std::ed25519::{Self, SecretKey};
    use aptos_framework::account;
    use aptos_framework::chain_id;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::{Self, FungibleStore, Metadata, MintRef, TransferRef};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;
    use computestream::attestation;
    use computestream::escrow;
    use computestream::job_orders;
    use computestream::job_registry::{Self, Job};
    use computestream::market;
    use computestream::payment_stream;
    use computestream::provider_registry::{Self, Provider};

    const START: u64 = 1_000_000;
    const CHAIN_ID: u8 = 250;

    const BUYER: address = @0xb0b;
    const OWNER: address = @0xa11;
    const OPERATOR: address = @0x0b7;
    const KEEPER: address = @0x6e5;
    const STRANGER: address = @0xbad;
    const TREASURY: address = @0x7ea;
    const ARBITER: address = @0xa7b;

    /// 1,000 base units a second.
    const RATE: u64 = 3_600_000;
    const STAKE: u64 = 100_000_000;
    const FUNDS: u64 = 1_000_000_000;

    /// Index for `stream_field`.
    const DEPOSITED: u64 = 1;

    struct Refs has key {
        mint: MintRef,
        transfer: TransferRef
    }

    struct World has drop {
        asset: Object<Metadata>,
        provider: Object<Provider>,
        secret: SecretKey
    }

    // === Set-up ===

    /// A market with the default parameters but TREASURY as treasury, and no asset yet.
    public fun start_market() {
        let framework = account::create_signer_for_test(@aptos_framework);
        timestamp::set_time_has_started_for_testing(&framework);
        timestamp::update_global_time_for_test_secs(START);
        chain_id::initialize_for_test(&framework, CHAIN_ID);
        market::init_for_test(&admin());
        provider_registry::init_for_test(&admin());
        set_fees(100, 0);
    }

    /// The treasury is always TREASURY.
    public fun set_fees(fee_bps: u64, keeper_share_bps: u64) {
        market::set_fees(&admin(), fee_bps, keeper_share_bps, TREASURY);
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

    public fun set_fee(fee_bps: u64) {
        set_fees(fee_bps, 0);
    }

    public fun pause() {
        market::set_paused(&admin(), true);
    }

    /// A fungible asset with primary stores; `seed` tells several apart.
    public fun new_asset(seed: vector<u8>): Object<Metadata> {
        let creator = account::create_signer_for_test(@0xa55e7);
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
        primary_fungible_store::deposit(@0xa55e7, taken);
    }

    /// A market, an allowed asset, funded accounts, and a provider with 2 slots at `rate_per_hour`.
    /// OWNER has FUNDS after staking, BUYER has FUNDS.
    public fun setup_at(rate_per_hour: u64): World acquires Refs {
        start_market();
        let asset = new_asset(b"first");
        market::initialize(&admin(), asset);
        mint(asset, BUYER, FUNDS);
        mint(asset, OWNER, FUNDS + STAKE);
        let (secret, verifying) = ed25519::generate_keys();
        let provider =
            register(
                asset,
                ed25519::validated_public_key_to_bytes(&verifying),
                2,
                rate_per_hour,
                STAKE
            );
        World { asset, provider, secret }
    }

    public fun setup(): World acquires Refs {
        setup_at(RATE)
    }

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
            text(b"machine"),
            text(b"RTX"),
            1,
            24,
            16,
            64,
            500,
            text(b"eu"),
            text(b"docker"),
            vector[],
            slots,
            rate_per_hour,
            0,
            asset,
            stake
        )
    }

    // === Steps ===

    public fun create(self: &World, max_duration_secs: u64, deposit: u64): address {
        self.create_held(max_duration_secs, deposit, 0, vector[])
    }

    /// A direct order with a holdback and a buyer key.
    public fun create_held(
        self: &World,
        max_duration_secs: u64,
        deposit: u64,
        holdback_secs: u64,
        buyer_key: vector<u8>
    ): address {
        let jobs =
            job_orders::create(
                &buyer(),
                self.provider,
                text(b"busybox"),
                vector[text(b"{}")],
                0,
                max_duration_secs,
                0xffff_ffff_ffff_ffff,
                deposit,
                holdback_secs,
                5,
                buyer_key
            );
        object::object_address(&jobs[0])
    }

    /// An open order that any machine of the asset meets, at most at `max_rate_per_hour`.
    public fun create_open(
        self: &World, max_duration_secs: u64, max_rate_per_hour: u64, deposit: u64
    ): address {
        let jobs =
            job_orders::create_open(
                &buyer(),
                self.asset,
                text(b"busybox"),
                vector[text(b"{}")],
                text(b""),
                0,
                0,
                0,
                0,
                0,
                text(b""),
                text(b""),
                0,
                max_duration_secs,
                max_rate_per_hour,
                deposit,
                0,
                5,
                vector[]
            );
        object::object_address(&jobs[0])
    }

    public fun accept(self: &World, job: address) {
        job_registry::accept(&operator(), self.provider, handle(job), 0);
    }

    public fun accepted(self: &World, max_duration_secs: u64, deposit: u64): address {
        let job = self.create(max_duration_secs, deposit);
        self.accept(job);
        job
    }

    /// A running job whose last `holdback_secs` wait for the buyer.
    public fun running_held(
        self: &World,
        max_duration_secs: u64,
        deposit: u64,
        holdback_secs: u64,
        buyer_key: vector<u8>
    ): address {
        let job = self.create_held(max_duration_secs, deposit, holdback_secs, buyer_key);
        self.accept(job);
        job_registry::start(&operator(), handle(job));
        job
    }

    public fun running(self: &World, max_duration_secs: u64, deposit: u64): address {
        let job = self.accepted(max_duration_secs, deposit);
        job_registry::start(&operator(), handle(job));
        job
    }

    /// The signature of an honest attestation, its time START + `t`.
    public fun sign(self: &World, job: address, seq: u64, seconds: u64, t: u64): vector<u8> {
        self.sign_as(CHAIN_ID, @computestream, job, terms_hash(job), seq, seconds, t)
    }

    public fun sign_as(
        self: &World,
        chain: u8,
        module_address: address,
        job: address,
        terms_hash: vector<u8>,
        seq: u64,
        seconds: u64,
        t: u64
    ): vector<u8> {
        let message =
            attestation::usage_message(
                chain,
                module_address,
                job,
                terms_hash,
                seq,
                seconds,
                START + t,
                log_root()
            );
        ed25519::signature_to_bytes(&ed25519::sign_arbitrary_bytes(&self.secret, message))
    }

    /// The same attestation countersigned with `secret`.
    public fun countersign(
        self: &World,
        secret: &SecretKey,
        job: address,
        seq: u64,
        seconds: u64,
        t: u64
    ): vector<u8> {
        let message =
            attestation::usage_message(
                CHAIN_ID,
                @computestream,
                job,
                terms_hash(job),
                seq,
                seconds,
                START + t,
                log_root()
            );
        let _ = self;
        ed25519::signature_to_bytes(&ed25519::sign_arbitrary_bytes(secret, message))
    }

    /// A keeper settles `seconds` with an attestation of now.
    public fun pay(self: &World, job: address, seq: u64, seconds: u64) {
        let t = elapsed();
        payment_stream::process_payment(
            &keeper(),
            job,
            seq,
            seconds,
            START + t,
            log_root(),
            self.sign(job, seq, seconds, t),
            vector[]
        );
    }

    public fun complete(self: &World, job: address, seq: u64, seconds: u64) {
        let t = elapsed();
        job_registry::complete(
            &operator(),
            handle(job),
            0,
            vector[text(b"ipfs://cid")],
            hash(1),
            hash(2),
            40_000,
            seq,
            seconds,
            START + t,
            log_root(),
            self.sign(job, seq, seconds, t)
        );
    }

    public fun complete_with_nothing_new(job: address) {
        job_registry::complete(
            &operator(), handle(job), 0, vector[], vector[], vector[], 0, 0, 0, 0, vector[], vector[]
        );
    }

    public fun fail_with_nothing_new(job: address) {
        job_registry::fail(
            &operator(),
            handle(job),
            137,
            text(b"out of memory"),
            vector[],
            vector[],
            vector[],
            0,
            0,
            0,
            0,
            vector[],
            vector[]
        );
    }

    public fun terminate(self: &World, job: address, seq: u64, seconds: u64) {
        let t = elapsed();
        job_registry::terminate(
            &buyer(),
            handle(job),
            seq,
            seconds,
            START + t,
            log_root(),
            self.sign(job, seq, seconds, t)
        );
    }

    public fun terminate_with_nothing_new(job: address) {
        job_registry::terminate(&buyer(), handle(job), 0, 0, 0, vector[], vector[]);
    }

    public fun wait(secs: u64) {
        timestamp::fast_forward_seconds(secs);
    }

    // === Money ===

    /// Where every base unit of a job's deposit is: `net` with the provider's owner, `fees` with the treasury,
    /// `refunded` with the buyer, `escrowed` in the job's store. Holds when the job is the world's only one.
    public fun assert_money(
        self: &World,
        job: address,
        net: u64,
        fees: u64,
        refunded: u64,
        escrowed: u64
    ) {
        let deposit = deposited(job);
        assert!(deposit == net + fees + refunded + escrowed, 9001);
        assert!(self.balance(OWNER) == FUNDS + net, 9002);
        assert!(self.balance(TREASURY) == fees, 9003);
        assert!(self.balance(BUYER) == FUNDS - deposit + refunded, 9004);
        assert!(escrow::balance(job) == escrowed, 9005);
        assert!(fungible_asset::balance(store_of(job)) == escrowed, 9006);
    }

    /// What the buyer has put in so far.
    fun deposited(job: address): u64 {
        if (payment_stream::exists_at(job)) stream_field(job, DEPOSITED)
        else job_registry::terms_deposit(job)
    }

    public fun balance(self: &World, who: address): u64 {
        primary_fungible_store::balance(who, self.asset)
    }

    public fun asset(self: &World): Object<Metadata> {
        self.asset
    }

    public fun asset_address(self: &World): address {
        object::object_address(&self.asset)
    }

    public fun provider(self: &World): Object<Provider> {
        self.provider
    }

    public fun provider_address(self: &World): address {
        object::object_address(&self.provider)
    }

    public fun store_of(holder: address): Object<FungibleStore> {
        object::address_to_object<FungibleStore>(holder)
    }

    // === Facts read back ===

    /// BCS of a view, so that tests of other modules can compare whole values and pick single fields.
    public fun job_bytes(job: address): vector<u8> {
        bcs::to_bytes(&job_registry::get_job(job))
    }

    public fun terms_hash(job: address): vector<u8> {
        job_registry::record(job).terms_hash()
    }

    public fun assert_state(job: address, state: u8, outcome: u8) {
        let (found_state, found_outcome) = job_registry::record(job).states();
        assert!(found_state == state, 9101);
        assert!(found_outcome == outcome, 9102);
    }

    public fun read_u64(bytes: &vector<u8>, at: u64): u64 {
        let value = 0;
        let i = 8;
        while (i > 0) {
            i = i - 1;
            value = value * 256 + (bytes[at + i] as u64);
        };
        value
    }

    /// Field `index` among the u64 fields of a StreamView after its addresses and its key of 32 bytes: 0 rate,
    /// 1 deposited, 2 max duration, 3 funded, 4 holdback, 5 started, 6 ended, 7 seq, 8 attested, 9 confirmed,
    /// 10 billed, 11 earned, 12 paid, 13 fee paid, 14 keeper paid, 15 fee bps, 16 keeper share bps, 17 balance,
    /// 18 last progress, 19 stalled.
    public fun stream_field(job: address, index: u64): u64 {
        read_u64(&bcs::to_bytes(&payment_stream::get_stream(job)), 4 * 32 + 33 + 8 * index)
    }

    public fun slots_busy(self: &World): u64 {
        provider_registry::active_jobs(self.provider_address()).length()
    }

    // === Events ===

    public fun count<T: drop + store>(): u64 {
        event::emitted_events<T>().length()
    }

    /// The newest event of a type has exactly these fields, each as BCS, in this order.
    public fun assert_last<T: drop + store>(fields: vector<vector<u8>>) {
        let events = event::emitted_events<T>();
        assert!(!events.is_empty(), 9201);
        let last = &events[events.length() - 1];
        assert!(bcs::to_bytes(last) == join(fields), 9202);
    }

    /// The events of a type, oldest first, are exactly these, each the BCS of one.
    public fun assert_all<T: drop + store>(expected: vector<vector<u8>>) {
        let found = vector[];
        event::emitted_events<T>().for_each_ref(|event| {
            found.push_back(bcs::to_bytes(event));
        });
        assert!(found == expected, 9203);
    }

    public fun join(parts: vector<vector<u8>>): vector<u8> {
        let all = vector[];
        vector::for_each(parts, |part| vector::append(&mut all, part));
        all
    }

    public fun a(value: address): vector<u8> {
        bcs::to_bytes(&value)
    }

    public fun n(value: u64): vector<u8> {
        bcs::to_bytes(&value)
    }

    public fun b(value: u8): vector<u8> {
        vector[value]
    }

    public fun yes(value: bool): vector<u8> {
        bcs::to_bytes(&value)
    }

    public fun s(value: vector<u8>): vector<u8> {
        bcs::to_bytes(&value)
    }

    /// A list of short texts.
    public fun list(values: vector<vector<u8>>): vector<u8> {
        bcs::to_bytes(&values)
    }

    // === Small values ===

    public fun text(bytes: vector<u8>): String {
        string::utf8(bytes)
    }

    public fun long_text(length: u64): String {
        string::utf8(bytes_of(length, 120))
    }

    public fun bytes_of(length: u64, byte: u8): vector<u8> {
        let bytes = vector[];
        let i = 0;
        while (i < length) {
            bytes.push_back(byte);
            i = i + 1;
        };
        bytes
    }

    public fun hash(byte: u8): vector<u8> {
        bytes_of(32, byte)
    }

    /// A valid public key that no test signs with.
    public fun key(): vector<u8> {
        x"fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618"
    }

    public fun log_root(): vector<u8> {
        bytes_of(32, 0x5a)
    }

    public fun handle(job: address): Object<Job> {
        object::address_to_object<Job>(job)
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

    public fun rate(): u64 {
        RATE
    }

    public fun funds(): u64 {
        FUNDS
    }

    public fun stake(): u64 {
        STAKE
    }

    public fun treasury_address(): address {
        TREASURY
    }

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

    public fun of(who: &signer): address {
        signer::address_of(who)
    }
}
