/// What a buyer orders and a provider accepts: the terms of a job, their limits and their hash.
/// It doesn't know states, money that moves, or who is a provider: `job_registry` decides when terms are complete.
///
/// An open order has no provider and the buyer's maximum as its rate until a provider takes it.
module computestream::job_terms {
    use std::bcs;
    use std::hash;
    use std::string::String;
    use aptos_std::ed25519;
    use computestream::machine::Requirements;
    use computestream::market;

    // === Errors ===

    /// The image reference must be 1 to 512 bytes long.
    const E_IMAGE_LENGTH: u64 = 1;
    /// The job specification must be 1 to 4096 bytes long.
    const E_SPEC_LENGTH: u64 = 2;
    /// The duration is outside the market's bounds: choose one within them.
    const E_DURATION_OUT_OF_RANGE: u64 = 3;
    /// The deposit doesn't cover the whole duration at this rate: raise it or shorten the job.
    const E_DEPOSIT_TOO_LOW: u64 = 4;
    /// The priority must be 1 to 10.
    const E_PRIORITY: u64 = 5;
    /// The buyer's key must be empty or a valid Ed25519 public key of 32 bytes.
    const E_INVALID_BUYER_KEY: u64 = 6;
    /// The holdback is longer than the market allows: choose a shorter one.
    const E_HOLDBACK_TOO_LONG: u64 = 7;

    // === Constants ===

    const SECONDS_PER_HOUR: u128 = 3_600;
    const MAX_IMAGE_LENGTH: u64 = 512;
    const MAX_SPEC_LENGTH: u64 = 4_096;
    /// No market allows more, so that a sum of durations never overflows.
    const MAX_EXTENSION_SECS: u64 = 31_536_000;
    const MIN_PRIORITY: u8 = 1;
    const MAX_PRIORITY: u8 = 10;
    const KEY_LENGTH: u64 = 32;

    // === Structs ===

    struct Terms has copy, drop, store {
        buyer: address,
        /// 0x0 until an open order is taken.
        provider: address,
        asset: address,
        image: String,
        job_spec: String,
        requirements: Requirements,
        /// The buyer's maximum until an open order is taken.
        rate_per_hour: u64,
        max_duration_secs: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        /// Ed25519 key that may countersign attestations; empty for none.
        buyer_key: vector<u8>
    }

    /// What is hashed, in BCS.
    struct JobTerms has drop {
        job: address,
        terms: Terms
    }

    // === Package ===

    /// Terms without provider, asset and rate, checked against the limits and the market's bounds.
    public(package) fun new(
        buyer: address,
        image: String,
        job_spec: String,
        requirements: Requirements,
        max_duration_secs: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ): Terms {
        assert_length(&image, MAX_IMAGE_LENGTH, E_IMAGE_LENGTH);
        assert_length(&job_spec, MAX_SPEC_LENGTH, E_SPEC_LENGTH);
        assert!(MIN_PRIORITY <= priority && priority <= MAX_PRIORITY, E_PRIORITY);
        assert!(
            buyer_key.is_empty()
                || (
                    buyer_key.length() == KEY_LENGTH
                        && ed25519::new_validated_public_key_from_bytes(buyer_key).is_some()
                ),
            E_INVALID_BUYER_KEY
        );
        assert!(market::is_duration_allowed(max_duration_secs), E_DURATION_OUT_OF_RANGE);
        assert!(market::is_holdback_allowed(holdback_secs), E_HOLDBACK_TOO_LONG);
        Terms {
            buyer,
            provider: @0x0,
            asset: @0x0,
            image,
            job_spec,
            requirements,
            rate_per_hour: 0,
            max_duration_secs,
            deposit,
            holdback_secs,
            priority,
            buyer_key
        }
    }

    /// The same order with another specification, for a batch.
    public(package) fun with_spec(self: &Terms, job_spec: String): Terms {
        assert_length(&job_spec, MAX_SPEC_LENGTH, E_SPEC_LENGTH);
        let terms = *self;
        terms.job_spec = job_spec;
        terms
    }

    /// Sets what the job is paid in and at most: refuses a deposit that can't cover the whole duration.
    public(package) fun price(self: &mut Terms, asset: address, rate_per_hour: u64) {
        // D >= ceil(A * secs / P) is D * P >= A * secs.
        assert!(
            (self.deposit as u128) * SECONDS_PER_HOUR
                >= (rate_per_hour as u128) * (self.max_duration_secs as u128),
            E_DEPOSIT_TOO_LOW
        );
        self.asset = asset;
        self.rate_per_hour = rate_per_hour;
    }

    /// A running job may grow as long as a new one of that length could be ordered.
    public(package) fun assert_extension(max_duration_secs: u64, added_secs: u64) {
        assert!(
            added_secs == 0
                || (
                    added_secs <= MAX_EXTENSION_SECS
                        && market::is_duration_allowed(max_duration_secs + added_secs)
                ),
            E_DURATION_OUT_OF_RANGE
        );
    }

    public(package) fun assert_deposit(is_covered: bool) {
        assert!(is_covered, E_DEPOSIT_TOO_LOW);
    }

    public(package) fun set_provider(self: &mut Terms, provider: address) {
        self.provider = provider;
    }

    /// An open order taken by `provider` at its price, which is at most the maximum the deposit covers.
    public(package) fun set_rate(self: &mut Terms, rate_per_hour: u64) {
        self.rate_per_hour = rate_per_hour;
    }

    /// Attestations are bound to this.
    public(package) fun hash(self: &Terms, job: address): vector<u8> {
        hash::sha3_256(bcs::to_bytes(&JobTerms { job, terms: *self }))
    }

    public(package) fun buyer(self: &Terms): address {
        self.buyer
    }

    public(package) fun provider(self: &Terms): address {
        self.provider
    }

    public(package) fun asset(self: &Terms): address {
        self.asset
    }

    public(package) fun rate_per_hour(self: &Terms): u64 {
        self.rate_per_hour
    }

    public(package) fun max_duration_secs(self: &Terms): u64 {
        self.max_duration_secs
    }

    public(package) fun deposit(self: &Terms): u64 {
        self.deposit
    }

    public(package) fun holdback_secs(self: &Terms): u64 {
        self.holdback_secs
    }

    public(package) fun buyer_key(self: &Terms): vector<u8> {
        self.buyer_key
    }

    /// What the order requires, at least `min_stake`.
    public(package) fun stake_relied_on(self: &Terms, min_stake: u64): u64 {
        let required = self.requirements.min_stake();
        if (required > min_stake) required else min_stake
    }

    public(package) fun requirements(self: &Terms): &Requirements {
        &self.requirements
    }

    // === Private ===

    fun assert_length(text: &String, most: u64, code: u64) {
        let length = text.length();
        assert!(0 < length && length <= most, code);
    }
}
