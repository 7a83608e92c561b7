/// The bytes a provider signs for each second, whether a signed claim may replace the newest one known, and whether
/// two of them contradict each other.
/// It doesn't know streams or money, and stores nothing.
///
/// The buyer may sign the same bytes with a key of its own: such a countersigned claim is agreed, not just asserted.
///
/// `check` returns a code instead of aborting, so that one bad claim can't poison a batch. The codes start at 101:
/// they never collide with those of `payment_stream`, whose `SettlementSkipped` carries both.
module computestream::attestation {
    use std::bcs;
    use aptos_std::ed25519;
    use aptos_framework::chain_id;

    // === Errors ===

    /// The log root must be 32 bytes.
    const E_LOG_ROOT_LENGTH: u64 = 101;
    /// The signature must be 64 bytes.
    const E_SIGNATURE_LENGTH: u64 = 102;
    /// The signature isn't the provider's for this chain, package, job, terms and usage: sign exactly what is sent.
    const E_BAD_SIGNATURE: u64 = 103;
    /// A newer attestation is already on chain: send the newest one.
    const E_SEQ_BELOW_WATERMARK: u64 = 104;
    /// This sequence number is on chain with other seconds: a provider must never sign one number twice.
    const E_EQUIVOCATION: u64 = 105;
    /// The seconds are fewer than those already proven: attestations are cumulative.
    const E_SECONDS_BELOW_WATERMARK: u64 = 106;
    /// The attestation's time is before the stream started: check the provider's clock.
    const E_BEFORE_START: u64 = 107;
    /// More seconds are claimed than have passed since the start: check the provider's clock.
    const E_MORE_SECONDS_THAN_TIME: u64 = 108;
    /// The countersignature isn't the buyer key's for the same usage: leave it empty, or sign exactly what is sent.
    const E_BAD_COUNTERSIGNATURE: u64 = 109;
    /// The attestation's time is ahead of the chain's clock: check the provider's clock and send it again then.
    const E_AHEAD_OF_TIME: u64 = 110;

    // === Constants ===

    const DOMAIN: vector<u8> = b"computestream::usage.v1";
    const HASH_LENGTH: u64 = 32;
    const KEY_LENGTH: u64 = 32;
    const SIGNATURE_LENGTH: u64 = 64;
    const FIRST_CODE: u64 = 101;
    /// How far a provider's clock may be ahead of the chain's. Nothing is paid ahead whatever it says: the wall clock
    /// of the stream is the chain's.
    const CLOCK_SKEW_SECS: u64 = 30;

    /// What `contradicts` finds; `dispute::FaultProven` carries the same numbers.
    const NO_CONTRADICTION: u8 = 0;
    const EQUIVOCATION: u8 = 1;
    const FEWER_SECONDS: u8 = 2;

    // === Structs ===

    /// What is signed, in BCS.
    struct UsageV1 has drop {
        domain: vector<u8>,
        chain_id: u8,
        module_address: address,
        job: address,
        terms_hash: vector<u8>,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>
    }

    /// What a caller sends: the part of a `UsageV1` the chain doesn't know, and its signature.
    struct Claim has copy, drop {
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    }

    // === Views ===

    #[view]
    /// The exact bytes to sign.
    public fun usage_message(
        chain_id: u8,
        module_address: address,
        job: address,
        terms_hash: vector<u8>,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>
    ): vector<u8> {
        bcs::to_bytes(
            &UsageV1 {
                domain: DOMAIN,
                chain_id,
                module_address,
                job,
                terms_hash,
                seq,
                seconds_cum,
                t_last,
                log_root
            }
        )
    }

    // === Package ===

    public(package) fun new_claim(
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    ): Claim {
        Claim { seq, seconds_cum, t_last, log_root, signature }
    }

    /// The claim that says nothing.
    public(package) fun nothing_new(): Claim {
        new_claim(0, 0, 0, vector[], vector[])
    }

    /// `(seq, seconds_cum)`.
    public(package) fun watermark(self: &Claim): (u64, u64) {
        (self.seq, self.seconds_cum)
    }

    public(package) fun t_last(self: &Claim): u64 {
        self.t_last
    }

    public(package) fun log_root(self: &Claim): vector<u8> {
        self.log_root
    }

    /// An empty signature means "nothing new".
    public(package) fun is_empty(self: &Claim): bool {
        self.signature.is_empty()
    }

    /// True for the code of a claim that is genuine but older than what is on chain.
    public(package) fun is_old_news(code: u64): bool {
        code == E_SEQ_BELOW_WATERMARK
    }

    /// The code of a claim whose countersignature doesn't pass `is_countersigned`.
    public(package) fun bad_countersignature(): u64 {
        E_BAD_COUNTERSIGNATURE
    }

    /// 0 if `claim` may replace the watermark `(last_seq, last_seconds)` at `now`, else the code of the first check it
    /// fails. Never aborts. A repeat of the watermark passes: applying it changes nothing.
    public(package) fun check(
        claim: &Claim,
        key: vector<u8>,
        job: address,
        terms_hash: vector<u8>,
        started_at: u64,
        last_seq: u64,
        last_seconds: u64,
        now: u64
    ): u64 {
        let code = check_signature(claim, key, job, terms_hash);
        if (code != 0) return code;
        if (claim.seq < last_seq) return E_SEQ_BELOW_WATERMARK;
        if (claim.seq == last_seq && claim.seconds_cum != last_seconds) return E_EQUIVOCATION;
        if (claim.seconds_cum < last_seconds) return E_SECONDS_BELOW_WATERMARK;
        if (claim.t_last < started_at) return E_BEFORE_START;
        if (claim.seconds_cum > claim.t_last - started_at) return E_MORE_SECONDS_THAN_TIME;
        if (claim.t_last > now + CLOCK_SKEW_SECS) return E_AHEAD_OF_TIME;
        0
    }

    /// 0 if `key` signed `claim`, true or not, else the code of the first check it fails. Never aborts.
    public(package) fun check_signature(
        claim: &Claim,
        key: vector<u8>,
        job: address,
        terms_hash: vector<u8>
    ): u64 {
        if (claim.log_root.length() != HASH_LENGTH) return E_LOG_ROOT_LENGTH;
        if (claim.signature.length() != SIGNATURE_LENGTH) return E_SIGNATURE_LENGTH;
        if (!is_signed(claim, claim.signature, key, job, terms_hash)) return E_BAD_SIGNATURE;
        0
    }

    /// True if the buyer signed the bytes of `claim` too. Never aborts; false without a buyer key.
    public(package) fun is_countersigned(
        claim: &Claim,
        countersignature: &vector<u8>,
        buyer_key: vector<u8>,
        job: address,
        terms_hash: vector<u8>
    ): bool {
        buyer_key.length() == KEY_LENGTH
            && countersignature.length() == SIGNATURE_LENGTH
            && is_signed(claim, *countersignature, buyer_key, job, terms_hash)
    }

    /// Whether one signer may have signed both: 1 if not, because one number stands for two truths; 2 if not, because
    /// the later number counts fewer seconds; 0 if so. Signatures are the caller's to check.
    public(package) fun contradicts(a: &Claim, b: &Claim): u8 {
        if (a.seq == b.seq) {
            let is_same =
                a.seconds_cum == b.seconds_cum
                    && a.t_last == b.t_last
                    && a.log_root == b.log_root;
            return if (is_same) NO_CONTRADICTION else EQUIVOCATION
        };
        let (earlier, later) = if (a.seq < b.seq) (a, b) else (b, a);
        if (later.seconds_cum < earlier.seconds_cum) FEWER_SECONDS else NO_CONTRADICTION
    }

    /// Aborts if `code` is one of these, so that a single settlement names the same error as a batch.
    public(package) fun assert_ok(code: u64) {
        assert!(code < FIRST_CODE, code);
    }

    // === Private ===

    fun is_signed(
        claim: &Claim,
        signature: vector<u8>,
        key: vector<u8>,
        job: address,
        terms_hash: vector<u8>
    ): bool {
        let message =
            usage_message(
                chain_id::get(),
                @computestream,
                job,
                terms_hash,
                claim.seq,
                claim.seconds_cum,
                claim.t_last,
                claim.log_root
            );
        ed25519::signature_verify_strict(
            &ed25519::new_signature_from_bytes(signature),
            &ed25519::new_unvalidated_public_key_from_bytes(key),
            message
        )
    }
}
