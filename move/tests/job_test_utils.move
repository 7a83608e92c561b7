#[test_only]
/// What the tests of jobs share: machines with GPUs, steps, what a job's record says, and its bytes.
/// It doesn't know what is right: every expected value stands in the tests, worked out by hand.
module computestream::job_test_utils {
    use std::bcs;
    use std::hash;
    use aptos_std::ed25519::{Self, SecretKey};
    use aptos_std::from_bcs;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::transaction_context;
    use computestream::job::{JobCreated, JobSettled};
    use computestream::job_registry::{Self, Job};
    use computestream::market_test_utils as m;
    use computestream::order_builder::{Self, Order};
    use computestream::payment_stream;
    use computestream::provider_registry::{Self, Provider};
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::value_test_utils::{Self as v, a, b, list, n, s, yes};
    use computestream::world_test_utils::{Self as t, World};

    // Indexes for `time`, after those of created_at, accept_by and start_by.
    const STARTED_AT: u64 = 3;
    const ENDED_AT: u64 = 4;
    const CLAIM_UNTIL: u64 = 5;
    const CHALLENGE_UNTIL: u64 = 6;
    const SETTLED_AT: u64 = 7;
    const CASE_UNTIL: u64 = 8;

    // === Orders and providers ===

    /// 100 s at no more than 1,000 a second, paid in full, from a machine of any kind.
    public fun order(): Order {
        order_builder::new()
    }

    /// Another machine of OWNER's, with the keys of the world's provider and a stake of its own: GPUs "RTX", 24 GB,
    /// 16 cores, 64 GB, 500 GB, "eu", "docker".
    public fun machine(
        w: &World,
        gpu_count: u64,
        devices: vector<vector<u8>>,
        slots: u64,
        price_per_hour: u64,
        gpu_price_per_hour: u64
    ): Object<Provider> {
        let (_, key) = provider_registry::payment_terms(w.provider_address());
        m::mint(w.asset(), m::of(&m::owner()), m::stake());
        machine_of(
            &m::owner(),
            m::of(&m::operator()),
            key,
            w.asset(),
            gpu_count,
            devices,
            slots,
            price_per_hour,
            gpu_price_per_hour
        )
    }

    /// The same of anyone's; takes the stake from `owner`.
    public fun machine_of(
        owner: &signer,
        operator: address,
        key: vector<u8>,
        asset: Object<Metadata>,
        gpu_count: u64,
        devices: vector<vector<u8>>,
        slots: u64,
        price_per_hour: u64,
        gpu_price_per_hour: u64
    ): Object<Provider> {
        provider_registry::register_provider(
            owner,
            operator,
            key,
            v::text(b"other"),
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
            asset,
            m::stake()
        )
    }

    // === Steps ===

    public fun accept(provider: Object<Provider>, job: address, gpu_mask: u64) {
        job_registry::accept(&m::operator(), provider, t::handle(job), gpu_mask);
    }

    public fun start(job: address) {
        job_registry::start(&m::operator(), t::handle(job));
    }

    public fun confirm(job: address) {
        job_registry::confirm(&m::buyer(), t::handle(job));
    }

    public fun finalize(job: address) {
        job_registry::finalize(&m::stranger(), t::handle(job));
    }

    public fun extend(job: address, added_secs: u64, added_deposit: u64) {
        job_registry::extend(&m::buyer(), t::handle(job), added_secs, added_deposit);
    }

    public fun raise(job: address, rate_per_hour: u64) {
        job_registry::change_rate(&m::buyer(), t::handle(job), rate_per_hour);
    }

    public fun lower(job: address, rate_per_hour: u64) {
        job_registry::change_rate(&m::owner(), t::handle(job), rate_per_hour);
    }

    /// 100 s at 1,000 a second, the last ten of which wait for the buyer.
    public fun running_held(w: &World): address {
        w.running_held(100, 100_000, 10, vector[])
    }

    /// 30 s of it ran and are proven: 20,000 are paid, 10,000 held.
    public fun ran_thirty(w: &World): address {
        let job = running_held(w);
        m::wait(30);
        w.pay(job, 1, 30);
        job
    }

    /// 30 s of it ran, 20 are proven: 10,000 are paid, 10,000 held, 10,000 wait for proof; the buyer has ended it.
    public fun terminated_unproven(w: &World): address {
        let job = running_held(w);
        m::wait(30);
        w.pay(job, 1, 20);
        t::terminate_with_nothing_new(job);
        job
    }

    /// Flags and expires a job that has been silent for long enough.
    public fun expire_stalled(job: address) {
        job_registry::flag_stalled(&m::stranger(), t::handle(job));
        m::wait(60);
        job_registry::expire(&m::stranger(), t::handle(job));
    }

    /// A keeper brings an attestation of START + `at`, whether that has come or not.
    public fun bring(w: &World, job: address, seq: u64, seconds: u64, at: u64) {
        payment_stream::process_payment(
            &m::keeper(),
            job,
            seq,
            seconds,
            m::start_time() + at,
            v::log_root(),
            w.sign(job, seq, seconds, at),
            vector[]
        );
    }

    /// A keeper brings an attestation that the buyer has countersigned with `secret`.
    public fun pay_agreed(
        w: &World,
        secret: &SecretKey,
        job: address,
        seq: u64,
        seconds: u64
    ) {
        let at = m::elapsed();
        payment_stream::process_payment(
            &m::keeper(),
            job,
            seq,
            seconds,
            m::start_time() + at,
            v::log_root(),
            w.sign(job, seq, seconds, at),
            w.countersign(secret, job, seq, seconds, at)
        );
    }

    /// A stranger brings the buyer's countersignature of an attestation whose time was START + `at`.
    public fun confirm_signed(
        w: &World,
        secret: &SecretKey,
        job: address,
        seq: u64,
        seconds: u64,
        at: u64
    ) {
        job_registry::confirm_signed(
            &m::stranger(),
            t::handle(job),
            seq,
            seconds,
            m::start_time() + at,
            v::log_root(),
            w.countersign(secret, job, seq, seconds, at)
        );
    }

    /// `(secret, public key)` of a buyer that countersigns.
    public fun buyer_keys(): (SecretKey, vector<u8>) {
        let (secret, verifying) = ed25519::generate_keys();
        (secret, ed25519::validated_public_key_to_bytes(&verifying))
    }

    /// A stranger sends `amount` to the store of a job.
    public fun litter(w: &World, job: address, amount: u64) {
        fungible_asset::deposit(
            m::store_of(job),
            primary_fungible_store::withdraw(&m::stranger(), w.asset(), amount)
        );
    }

    /// The issuer freezes the store of a job, so that nothing leaves it.
    public fun freeze_store(w: &World, job: address) {
        m::freeze_escrow(w.asset(), job, true);
    }

    public fun thaw_store(w: &World, job: address) {
        m::freeze_escrow(w.asset(), job, false);
    }

    // === Facts read back ===

    public fun last_created(): address {
        let events = event::emitted_events<JobCreated>();
        let bytes = bcs::to_bytes(&events[events.length() - 1]);
        from_bcs::to_address(bytes.slice(0, 32))
    }

    public fun started_at(job: address): u64 {
        time(job, STARTED_AT)
    }

    public fun ended_at(job: address): u64 {
        time(job, ENDED_AT)
    }

    public fun claim_until(job: address): u64 {
        time(job, CLAIM_UNTIL)
    }

    public fun challenge_until(job: address): u64 {
        time(job, CHALLENGE_UNTIL)
    }

    public fun settled_at(job: address): u64 {
        time(job, SETTLED_AT)
    }

    public fun case_until(job: address): u64 {
        time(job, CASE_UNTIL)
    }

    /// Reads one of the times of a JobRecord, whatever the texts before it.
    fun time(job: address, index: u64): u64 {
        let bytes = t::job_bytes(job);
        // Job, buyer, provider, asset.
        let at = 4 * 32;
        at = skip_bytes(&bytes, at);
        at = skip_bytes(&bytes, at);
        // Requirements: a text, five numbers, two texts, a number.
        at = skip_bytes(&bytes, at) + 5 * 8;
        at = skip_bytes(&bytes, at);
        at = skip_bytes(&bytes, at) + 8;
        // Rate, duration, deposit, holdback; priority; key; is_open; terms hash.
        at = skip_bytes(&bytes, at + 4 * 8 + 1) + 1;
        at = skip_bytes(&bytes, at);
        // Rules: fourteen numbers, arbiter and treasury; state, outcome; GPU mask.
        at = at + 14 * 8 + 2 * 32 + 2 + 8;
        let (count, at) = read_length(&bytes, at);
        while (count > 0) {
            at = skip_bytes(&bytes, at);
            count = count - 1;
        };
        v::read_u64(&bytes, at + 8 * index)
    }

    fun skip_bytes(bytes: &vector<u8>, at: u64): u64 {
        let (length, at) = read_length(bytes, at);
        at + length
    }

    /// ULEB128 of at most two bytes, and where it ends.
    fun read_length(bytes: &vector<u8>, at: u64): (u64, u64) {
        let low = bytes[at] as u64;
        if (low < 128) (low, at + 1)
        else (low - 128 + 128 * (bytes[at + 1] as u64), at + 2)
    }

    /// The world's only job has ended and waits for proof, for its buyer, or both.
    public fun assert_waits(job: address, state: u8, claim_until: u64, challenge_until: u64) {
        t::assert_state(job, state, 0);
        assert!(Self::claim_until(job) == claim_until, 9321);
        assert!(Self::challenge_until(job) == challenge_until, 9322);
        assert!(v::count<JobSettled>() == 0, 9323);
    }

    /// The job is settled as told, and not a base unit is left in it.
    public fun assert_settled(
        w: &World,
        job: address,
        outcome: u8,
        seconds: u64,
        deposited: u64,
        paid: u64,
        fees: u64,
        refunded: u64
    ) {
        v::assert_last<JobSettled>(
            vector[
                a(job),
                a(m::of(&m::buyer())),
                a(w.provider_address()),
                b(outcome),
                n(seconds),
                n(deposited),
                n(paid),
                n(fees),
                n(refunded),
                n(m::start_time() + m::elapsed())
            ]
        );
        t::assert_state(job, 8, outcome);
        w.assert_money(job, paid, fees, refunded, 0);
        assert!(w.slots_busy() == 0, 9301);
        assert!(settled_at(job) == m::start_time() + m::elapsed(), 9302);
    }

    /// The provider's record as the last job that counts left it, without faults.
    public fun assert_record(
        w: &World,
        completed: u64,
        failed: u64,
        expired: u64,
        seconds: u64,
        earned: u64,
        score: u64
    ) {
        v::assert_last<ProviderStatsUpdated>(
            vector[
                a(w.provider_address()),
                n(completed),
                n(failed),
                n(expired),
                n(0),
                n(seconds),
                n(earned),
                n(score),
                n(m::start_time() + m::elapsed())
            ]
        );
    }

    /// What `who` has in stores on objects of its own: a frozen account is paid there. Objects made in a test have the
    /// addresses sha3_256(transaction hash, count, 0xFB).
    public fun kept_for(who: address): u64 {
        let total = 0;
        for (count in 1..64) {
            let preimage = transaction_context::get_transaction_hash();
            preimage.append(bcs::to_bytes(&count));
            preimage.push_back(0xfb);
            let found = from_bcs::to_address(hash::sha3_256(preimage));
            if (fungible_asset::store_exists(found)) {
                let store = m::store_of(found);
                if (object::owner(store) == who) total = total + fungible_asset::balance(store);
            };
        };
        total
    }

    /// Nothing of the job is left, not even its object.
    public fun assert_gone(job: address) {
        assert!(!object::is_object(job), 9311);
        assert!(!object::object_exists<Job>(job), 9312);
        assert!(!t::has_stream(job), 9313);
        assert!(!fungible_asset::store_exists(job), 9314);
        assert!(job_registry::get_jobs(vector[job]).is_empty(), 9315);
    }

    // === Bytes ===

    public fun hash_of(job: address, terms: vector<u8>): vector<u8> {
        hash::sha3_256(v::join(vector[a(job), terms]))
    }

    /// BCS of the JobRules of a market with default parameters but TREASURY as treasury.
    public fun default_rules(): vector<u8> {
        v::join(
            vector[
                n(600),
                n(60),
                n(60),
                n(15),
                n(3_600),
                n(3_600),
                n(86_400),
                n(86_400),
                n(100_000_000),
                n(100),
                n(5_000),
                n(1_000),
                a(@computestream),
                n(100),
                n(0),
                a(m::treasury_address())
            ]
        )
    }

    /// BCS of an Output.
    public fun output(
        exit_code: u64,
        reason: vector<u8>,
        output_uris: vector<vector<u8>>,
        output_sha256: vector<u8>,
        output_root: vector<u8>,
        output_size: u64
    ): vector<u8> {
        v::join(
            vector[
                n(exit_code),
                s(reason),
                list(output_uris),
                s(output_sha256),
                s(output_root),
                n(output_size)
            ]
        )
    }

    public fun no_output(): vector<u8> {
        output(0, b"", vector[], vector[], vector[], 0)
    }

    /// BCS of a JobRecord made under the default rules; `times` are the nine from created_at to case_until.
    public fun record(
        job: address,
        terms: vector<u8>,
        is_open: bool,
        terms_hash: vector<u8>,
        state: u8,
        outcome: u8,
        gpu_mask: u64,
        devices: vector<vector<u8>>,
        times: vector<u64>,
        output: vector<u8>
    ): vector<u8> {
        let parts =
            vector[
                a(job),
                terms,
                yes(is_open),
                s(terms_hash),
                default_rules(),
                b(state),
                b(outcome),
                n(gpu_mask),
                list(devices)
            ];
        times.for_each(|time| parts.push_back(n(time)));
        parts.push_back(yes(false));
        parts.push_back(output);
        v::join(parts)
    }
}
