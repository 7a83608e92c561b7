#[test_only]
/// A stage for streams without jobs: one asset, a buyer with money and a key, a provider with a key, a keeper.
/// It doesn't know what is right: every expected value stands in the tests, worked out by hand.
module computestream::stream_test_utils {
    use std::bcs;
    use aptos_std::ed25519::{Self, SecretKey};
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use computestream::attestation::{Self, Claim};
    use computestream::escrow;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::stream::StreamSettled;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::vault;

    const BUYER: address = @0xb0b;
    const PAYEE: address = @0xa11;
    const KEEPER: address = @0x6e5;
    const TREASURY: address = @0x7ea;

    const FUNDS: u64 = 1_000_000_000;

    /// Of a StreamView's bytes: four addresses and the key with its length come first, then the numbers.
    const NUMBERS_AT: u64 = 161;
    const NUMBERS: u64 = 24;

    struct Stage has drop {
        asset: Object<Metadata>,
        secret: SecretKey,
        key: vector<u8>,
        buyer_secret: SecretKey,
        buyer_key: vector<u8>
    }

    // === Set-up ===

    /// The buyer has FUNDS, the keeper a store, the others nothing.
    public fun setup(): Stage {
        m::start_market();
        let stage = stage_of(b"streamed");
        primary_fungible_store::ensure_primary_store_exists(KEEPER, stage.asset);
        stage
    }

    /// A second asset with keys of its own, for which the keeper has no store.
    public fun setup_second(): Stage {
        stage_of(b"second")
    }

    fun stage_of(seed: vector<u8>): Stage {
        let asset = m::new_asset(seed);
        m::mint(asset, BUYER, FUNDS);
        let (secret, verifying) = ed25519::generate_keys();
        let (buyer_secret, buyer_verifying) = ed25519::generate_keys();
        Stage {
            asset,
            secret,
            key: ed25519::validated_public_key_to_bytes(&verifying),
            buyer_secret,
            buyer_key: ed25519::validated_public_key_to_bytes(&buyer_verifying)
        }
    }

    /// 1 % fee, of it 10 % the keeper's; the buyer may countersign.
    public fun open(
        self: &Stage,
        rate: u64,
        deposit: u64,
        max_duration_secs: u64,
        holdback_secs: u64
    ): address {
        self.open_with(
            rate, deposit, max_duration_secs, holdback_secs, 100, 1_000, self.buyer_key
        )
    }

    public fun open_with(
        self: &Stage,
        rate: u64,
        deposit: u64,
        max_duration_secs: u64,
        holdback_secs: u64,
        fee_bps: u64,
        keeper_share_bps: u64,
        buyer_key: vector<u8>
    ): address {
        let constructor_ref = vault::create_object();
        let job = object::address_from_constructor_ref(&constructor_ref);
        escrow::open(
            &constructor_ref,
            m::of(&m::buyer()),
            &m::buyer(),
            self.asset,
            deposit
        );
        payment_stream::open(
            job,
            BUYER,
            PAYEE,
            TREASURY,
            self.asset,
            self.key,
            buyer_key,
            terms_hash(),
            rate,
            deposit,
            max_duration_secs,
            holdback_secs,
            fee_bps,
            keeper_share_bps
        );
        job
    }

    /// 1,000 a second for 100 s, paid for to the unit.
    public fun open_plain(self: &Stage): address {
        self.open(3_600_000, 100_000, 100, 0)
    }

    /// The same, the last 10 s of which wait for the buyer.
    public fun open_held(self: &Stage): address {
        self.open(3_600_000, 100_000, 100, 10)
    }

    public fun terms_hash(): vector<u8> {
        v::hash(0x22)
    }

    public fun asset(self: &Stage): Object<Metadata> {
        self.asset
    }

    public fun key(self: &Stage): vector<u8> {
        self.key
    }

    public fun buyer_key(self: &Stage): vector<u8> {
        self.buyer_key
    }

    // === Attestations ===

    /// What both sides sign, its time START + `at`.
    public fun message(job: address, seq: u64, seconds: u64, at: u64): vector<u8> {
        attestation::usage_message(
            m::chain(),
            @computestream,
            job,
            terms_hash(),
            seq,
            seconds,
            m::start_time() + at,
            v::log_root()
        )
    }

    public fun sign(self: &Stage, job: address, seq: u64, seconds: u64, at: u64): vector<u8> {
        self.sign_bytes(message(job, seq, seconds, at))
    }

    public fun sign_bytes(self: &Stage, bytes: vector<u8>): vector<u8> {
        ed25519::signature_to_bytes(&ed25519::sign_arbitrary_bytes(&self.secret, bytes))
    }

    public fun countersign(
        self: &Stage, job: address, seq: u64, seconds: u64, at: u64
    ): vector<u8> {
        ed25519::signature_to_bytes(
            &ed25519::sign_arbitrary_bytes(
                &self.buyer_secret, message(job, seq, seconds, at)
            )
        )
    }

    /// A claim of now.
    public fun claim(self: &Stage, job: address, seq: u64, seconds: u64): Claim {
        self.claim_at(job, seq, seconds, m::elapsed())
    }

    public fun claim_at(
        self: &Stage, job: address, seq: u64, seconds: u64, at: u64
    ): Claim {
        claim_of(seq, seconds, at, self.sign(job, seq, seconds, at))
    }

    /// A claim with any signature, its time START + `at`.
    public fun claim_of(seq: u64, seconds: u64, at: u64, signature: vector<u8>): Claim {
        attestation::new_claim(seq, seconds, m::start_time() + at, v::log_root(), signature)
    }

    // === Steps ===

    /// The keeper brings a given signature; the claim's time is START + `at`.
    public fun bring(
        job: address,
        seq: u64,
        seconds: u64,
        at: u64,
        signature: vector<u8>,
        countersignature: vector<u8>
    ) {
        payment_stream::process_payment(
            &m::keeper(),
            job,
            seq,
            seconds,
            m::start_time() + at,
            v::log_root(),
            signature,
            countersignature
        );
    }

    /// The keeper settles `seconds` with an attestation of now.
    public fun pay(self: &Stage, job: address, seq: u64, seconds: u64) {
        self.pay_at(job, seq, seconds, m::elapsed());
    }

    /// The keeper settles `seconds` with an attestation whose time is START + `at`.
    public fun pay_at(self: &Stage, job: address, seq: u64, seconds: u64, at: u64) {
        bring(job, seq, seconds, at, self.sign(job, seq, seconds, at), vector[]);
    }

    /// The same of now, with the buyer's signature as well.
    public fun pay_agreed(self: &Stage, job: address, seq: u64, seconds: u64) {
        let at = m::elapsed();
        bring(
            job,
            seq,
            seconds,
            at,
            self.sign(job, seq, seconds, at),
            self.countersign(job, seq, seconds, at)
        );
    }

    /// The keeper brings many, all of START + `at`, without countersignatures.
    public fun bring_all(
        jobs: vector<address>,
        seqs: vector<u64>,
        seconds: vector<u64>,
        at: u64,
        signatures: vector<vector<u8>>
    ) {
        bring_all_agreed(jobs, seqs, seconds, at, signatures, vector[]);
    }

    public fun bring_all_agreed(
        jobs: vector<address>,
        seqs: vector<u64>,
        seconds: vector<u64>,
        at: u64,
        signatures: vector<vector<u8>>,
        countersignatures: vector<vector<u8>>
    ) {
        let times = vector[];
        let roots = vector[];
        jobs.for_each_ref(|_job| {
            times.push_back(m::start_time() + at);
            roots.push_back(v::log_root());
        });
        payment_stream::process_payments(
            &m::keeper(), jobs, seqs, seconds, times, roots, signatures, countersignatures
        );
    }

    /// The buyer agrees to all that is billed; `keeper` signs.
    public fun agree(job: address, keeper: address) {
        payment_stream::confirm(job, keeper, 0xffff_ffff_ffff_ffff);
    }

    // === Facts read back ===

    public fun view_bytes(job: address): vector<u8> {
        bcs::to_bytes(&payment_stream::get_stream(job))
    }

    /// Field `index` among the numbers of a StreamView: 0 rate, 1 deposited, 2 maximum, 3 funded, 4 holdback,
    /// 5 held rate, 6 started, 7 ended, 8 prove until, 9 seq, 10 attested, 11 confirmed, 12 billed, 13 and 14 the
    /// halves of acc, 15 earned, 16 paid, 17 fee paid, 18 keepers paid, 19 fee bps, 20 keeper bps, 21 balance,
    /// 22 last progress, 23 stalled.
    public fun field(job: address, index: u64): u64 {
        v::read_u64(&view_bytes(job), NUMBERS_AT + 8 * index)
    }

    public fun funded(job: address): u64 {
        field(job, 3)
    }

    public fun held_rate(job: address): u64 {
        field(job, 5)
    }

    public fun prove_until(job: address): u64 {
        field(job, 8)
    }

    public fun seq(job: address): u64 {
        field(job, 9)
    }

    public fun attested(job: address): u64 {
        field(job, 10)
    }

    public fun confirmed(job: address): u64 {
        field(job, 11)
    }

    public fun billed(job: address): u64 {
        field(job, 12)
    }

    /// The lower half of acc; no test earns more than that.
    public fun acc(job: address): u64 {
        field(job, 13)
    }

    public fun earned(job: address): u64 {
        field(job, 15)
    }

    public fun paid(job: address): u64 {
        field(job, 16)
    }

    public fun last_progress(job: address): u64 {
        field(job, 22)
    }

    public fun stalled(job: address): u64 {
        field(job, 23)
    }

    public fun is_sealed(job: address): bool {
        view_bytes(job)[NUMBERS_AT + 8 * NUMBERS] == 1
    }

    public fun is_closed(job: address): bool {
        view_bytes(job)[NUMBERS_AT + 8 * NUMBERS + 1] == 1
    }

    public fun has_stream(job: address): bool {
        !payment_stream::get_streams(vector[job]).is_empty()
    }

    // === Money ===

    /// Where every base unit of a job's deposits is. Holds when the job is the stage's only one.
    public fun assert_money(
        self: &Stage,
        job: address,
        net: u64,
        treasury: u64,
        keeper: u64,
        refunded: u64,
        escrowed: u64
    ) {
        let deposited = field(job, 1);
        assert!(deposited == net + treasury + keeper + refunded + escrowed, 9501);
        assert!(self.balance(PAYEE) == net, 9502);
        assert!(self.balance(TREASURY) == treasury, 9503);
        assert!(self.balance(KEEPER) == keeper, 9504);
        assert!(self.balance(BUYER) == FUNDS - deposited + refunded, 9505);
        assert!(escrow::balance(job) == escrowed, 9506);
        assert!(fungible_asset::balance(m::store_of(job)) == escrowed, 9507);
    }

    public fun balance(self: &Stage, who: address): u64 {
        primary_fungible_store::balance(who, self.asset)
    }

    public fun has_store(self: &Stage, who: address): bool {
        primary_fungible_store::primary_store_exists(who, self.asset)
    }

    /// `[amount, fee]` of a settlement at START + `at`.
    public fun quote(job: address, seconds: u64, at: u64): vector<u64> {
        let (amount, fee) =
            payment_stream::quote_settlement(job, seconds, m::start_time() + at);
        vector[amount, fee]
    }

    // === Events ===

    /// A settlement by the keeper, at START + `at`.
    public fun settled(
        job: address,
        seq: u64,
        attested: u64,
        confirmed: u64,
        billed: u64,
        amount: u64,
        fee: u64,
        keeper_fee: u64,
        paid: u64,
        fee_paid: u64,
        keeper_paid: u64,
        balance: u64,
        at: u64
    ): vector<vector<u8>> {
        settled_by(
            KEEPER,
            job,
            vector[
                seq,
                attested,
                confirmed,
                billed,
                amount,
                fee,
                keeper_fee,
                paid,
                fee_paid,
                keeper_paid,
                balance
            ],
            at
        )
    }

    public fun settled_by(
        keeper: address,
        job: address,
        numbers: vector<u64>,
        at: u64
    ): vector<vector<u8>> {
        let fields = vector[a(job), a(PAYEE), a(keeper)];
        numbers.for_each(|number| fields.push_back(n(number)));
        fields.push_back(n(m::start_time() + at));
        fields
    }

    /// What a skipped entry of the keeper's batch tells, at START + `at`.
    public fun skipped(job: address, code: u64, at: u64): vector<u8> {
        v::join(vector[a(job), a(KEEPER), n(code), n(m::start_time() + at)])
    }

    public fun settlements(): u64 {
        v::count<StreamSettled>()
    }
}
