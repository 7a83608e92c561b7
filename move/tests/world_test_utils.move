#[test_only]
/// The world the tests share: one asset, one provider with a key that really signs, one buyer, and their jobs' steps.
/// It doesn't know what is right: every expected value stands in the tests, worked out by hand.
module computestream::world_test_utils {
    use std::bcs;
    use aptos_std::ed25519::{Self, SecretKey};
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use computestream::attestation;
    use computestream::escrow;
    use computestream::job_orders;
    use computestream::job_registry::{Self, Job};
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::provider_registry::{Self, Provider};
    use computestream::value_test_utils as v;

    /// Index for `stream_field`.
    const DEPOSITED: u64 = 1;

    struct World has drop {
        asset: Object<Metadata>,
        provider: Object<Provider>,
        secret: SecretKey
    }

    // === Set-up ===

    public fun setup(): World {
        setup_at(m::rate())
    }

    /// The funded market and a provider with 2 slots at `rate_per_hour`, whose stake the owner has paid.
    public fun setup_at(rate_per_hour: u64): World {
        let asset = m::funded_market();
        let (secret, verifying) = ed25519::generate_keys();
        let provider =
            m::register(
                asset,
                ed25519::validated_public_key_to_bytes(&verifying),
                2,
                rate_per_hour,
                m::stake()
            );
        World { asset, provider, secret }
    }

    // === Orders ===

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
                &m::buyer(),
                self.provider,
                v::text(b"busybox"),
                vector[v::text(b"{}")],
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
                &m::buyer(),
                self.asset,
                v::text(b"busybox"),
                vector[v::text(b"{}")],
                v::text(b""),
                0,
                0,
                0,
                0,
                0,
                v::text(b""),
                v::text(b""),
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

    // === Steps ===

    public fun accept(self: &World, job: address) {
        job_registry::accept(&m::operator(), self.provider, handle(job), 0);
    }

    public fun accepted(self: &World, max_duration_secs: u64, deposit: u64): address {
        let job = self.create(max_duration_secs, deposit);
        self.accept(job);
        job
    }

    public fun running(self: &World, max_duration_secs: u64, deposit: u64): address {
        let job = self.accepted(max_duration_secs, deposit);
        job_registry::start(&m::operator(), handle(job));
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
        job_registry::start(&m::operator(), handle(job));
        job
    }

    /// A keeper settles `seconds` with an attestation of now.
    public fun pay(self: &World, job: address, seq: u64, seconds: u64) {
        let t = m::elapsed();
        payment_stream::process_payment(
            &m::keeper(),
            job,
            seq,
            seconds,
            m::start_time() + t,
            v::log_root(),
            self.sign(job, seq, seconds, t),
            vector[]
        );
    }

    public fun complete(self: &World, job: address, seq: u64, seconds: u64) {
        let t = m::elapsed();
        job_registry::complete(
            &m::operator(),
            handle(job),
            0,
            vector[v::text(b"ipfs://cid")],
            v::hash(1),
            v::hash(2),
            40_000,
            seq,
            seconds,
            m::start_time() + t,
            v::log_root(),
            self.sign(job, seq, seconds, t)
        );
    }

    public fun complete_with_nothing_new(job: address) {
        job_registry::complete(
            &m::operator(), handle(job), 0, vector[], vector[], vector[], 0, 0, 0, 0, vector[], vector[]
        );
    }

    public fun fail_with_nothing_new(job: address) {
        job_registry::fail(
            &m::operator(),
            handle(job),
            137,
            v::text(b"out of memory"),
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
        let t = m::elapsed();
        job_registry::terminate(
            &m::buyer(),
            handle(job),
            seq,
            seconds,
            m::start_time() + t,
            v::log_root(),
            self.sign(job, seq, seconds, t)
        );
    }

    public fun terminate_with_nothing_new(job: address) {
        job_registry::terminate(&m::buyer(), handle(job), 0, 0, 0, vector[], vector[]);
    }

    // === Signed usages ===

    /// The signature of an honest attestation, its time `t` seconds after the start.
    public fun sign(self: &World, job: address, seq: u64, seconds: u64, t: u64): vector<u8> {
        self.sign_as(m::chain(), @computestream, job, terms_hash(job), seq, seconds, t)
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
                m::start_time() + t,
                v::log_root()
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
                m::chain(),
                @computestream,
                job,
                terms_hash(job),
                seq,
                seconds,
                m::start_time() + t,
                v::log_root()
            );
        let _ = self;
        ed25519::signature_to_bytes(&ed25519::sign_arbitrary_bytes(secret, message))
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
        assert!(self.balance(m::of(&m::owner())) == m::funds() + net, 9002);
        assert!(self.balance(m::treasury_address()) == fees, 9003);
        assert!(self.balance(m::of(&m::buyer())) == m::funds() - deposit + refunded, 9004);
        assert!(escrow::balance(job) == escrowed, 9005);
        assert!(fungible_asset::balance(m::store_of(job)) == escrowed, 9006);
    }

    /// What the buyer has put in so far.
    fun deposited(job: address): u64 {
        if (has_stream(job)) stream_field(job, DEPOSITED)
        else job_registry::get_job(job).terms().deposit()
    }

    public fun balance(self: &World, who: address): u64 {
        primary_fungible_store::balance(who, self.asset)
    }

    // === Parts of the world ===

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

    // === Facts read back ===

    public fun handle(job: address): Object<Job> {
        object::address_to_object<Job>(job)
    }

    /// BCS of a view, so that tests of other modules can compare whole values and pick single fields.
    public fun job_bytes(job: address): vector<u8> {
        bcs::to_bytes(&job_registry::get_job(job))
    }

    public fun terms_hash(job: address): vector<u8> {
        job_registry::get_job(job).terms_hash()
    }

    public fun assert_state(job: address, state: u8, outcome: u8) {
        let (found_state, found_outcome) = job_registry::get_job(job).states();
        assert!(found_state == state, 9101);
        assert!(found_outcome == outcome, 9102);
    }

    /// Field `index` among the numbers of a StreamView after its addresses and its key of 32 bytes: 0 rate,
    /// 1 deposited, 2 max duration, 3 funded, 4 holdback, 5 held rate, 6 started, 7 ended, 8 prove until, 9 seq,
    /// 10 attested, 11 confirmed, 12 billed, 13 and 14 the halves of acc, 15 earned, 16 paid, 17 fee paid,
    /// 18 keeper paid, 19 fee bps, 20 keeper share bps, 21 balance, 22 last progress, 23 stalled.
    public fun stream_field(job: address, index: u64): u64 {
        v::read_u64(&bcs::to_bytes(&payment_stream::get_stream(job)), 4 * 32 + 33 + 8 * index)
    }

    /// True from the start to the reclaim, open or closed.
    public fun has_stream(job: address): bool {
        !payment_stream::get_streams(vector[job]).is_empty()
    }

    /// The last field of a StreamView.
    public fun is_stream_closed(job: address): bool {
        let bytes = bcs::to_bytes(&payment_stream::get_stream(job));
        bytes[bytes.length() - 1] == 1
    }

    public fun slots_busy(self: &World): u64 {
        provider_registry::active_jobs(self.provider_address()).length()
    }
}
