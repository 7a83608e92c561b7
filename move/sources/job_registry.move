/// Jobs, and the facade over everything a job needs: every way a job begins, goes on and ends is one function here.
/// It doesn't know arithmetic or custody: `payment_stream` works out money, `escrow` holds it, `provider_registry`
/// counts slots.
///
///                 accept             start               complete
///   Pending(0) ----------> Accepted(1) ----> Running(2) ----------> Completed(3) --+
///     |  |                   |  |  |           | | |   fail                        |
///     |  |                   |  |  +- fail ------------------------> Failed(4) ----+
///     |  +----- cancel ------+  |              | |                                 |
///     |         (buyer)  +---------------------|-|-----------------> Cancelled(5) -+--> Settled(8)
///     |                         |              | |   terminate (buyer)             |
///     |                         |              | +-----------------> Terminated(6) + finalize
///     | expire (anyone): accept |              |                                   |
///     +---- or start window ----+- flag_stalled, then expire ------> Expired(7) ---+
///           over
///
/// Every ending but `terminate` settles in its own transaction, so `state` shows 0, 1, 2, 6 or 8 between
/// transactions. Windows are half open: what must happen before a deadline fails at it, what may happen after it
/// works at it. A slot is reserved at accept and released when work ends; the record is written when money has.
module computestream::job_registry {
    use std::bcs;
    use std::hash;
    use std::signer;
    use std::string::{Self, String};
    use aptos_framework::event;
    use aptos_framework::object::{Self, Object};
    use aptos_framework::timestamp;
    use computestream::attestation;
    use computestream::escrow;
    use computestream::market;
    use computestream::payment_stream;
    use computestream::provider_registry::{Self, Provider};
    use computestream::vault;

    // === Errors ===

    /// There is no job at this address: check the address.
    const E_NO_JOB: u64 = 1;
    /// Only the job's buyer may do this: sign with the account that created it.
    const E_NOT_BUYER: u64 = 2;
    /// The job isn't waiting to be accepted.
    const E_NOT_PENDING: u64 = 3;
    /// The job isn't accepted, or has started already.
    const E_NOT_ACCEPTED: u64 = 4;
    /// The job isn't running.
    const E_NOT_RUNNING: u64 = 5;
    /// The job is neither accepted nor running.
    const E_NOT_ACTIVE: u64 = 6;
    /// The job has started or ended: a running job can be terminated instead.
    const E_NOT_CANCELLABLE: u64 = 7;
    /// The job isn't terminated: only a terminated job waits to be finalized.
    const E_NOT_TERMINATED: u64 = 8;
    /// The job has ended already.
    const E_ALREADY_ENDED: u64 = 9;
    /// The image reference must be 1 to 512 bytes long.
    const E_IMAGE_LENGTH: u64 = 10;
    /// The job specification must be 1 to 4096 bytes long.
    const E_SPEC_LENGTH: u64 = 11;
    /// The duration is outside the market's bounds: choose one within them.
    const E_DURATION_OUT_OF_RANGE: u64 = 12;
    /// The provider's price is above your maximum: raise the maximum or choose another provider.
    const E_PRICE_ABOVE_MAXIMUM: u64 = 13;
    /// The deposit doesn't cover the whole duration at the provider's price: raise it or shorten the job.
    const E_DEPOSIT_TOO_LOW: u64 = 14;
    /// The time to accept this job is over.
    const E_ACCEPT_WINDOW_OVER: u64 = 15;
    /// The time to start this job is over.
    const E_START_WINDOW_OVER: u64 = 16;
    /// At most 8 output addresses of at most 512 bytes each are stored.
    const E_OUTPUT_URIS: u64 = 17;
    /// An output hash must be empty or 32 bytes.
    const E_OUTPUT_HASH_LENGTH: u64 = 18;
    /// The reason must be at most 1024 bytes long.
    const E_REASON_LENGTH: u64 = 19;
    /// The job can't expire yet: its deadline hasn't passed, or it must be flagged as stalled first.
    const E_NOT_EXPIRED: u64 = 20;
    /// The provider may still prove its last seconds: finalize when the claim window is over.
    const E_CLAIM_WINDOW_OPEN: u64 = 21;

    // === Constants ===

    const PENDING: u8 = 0;
    const ACCEPTED: u8 = 1;
    const RUNNING: u8 = 2;
    const COMPLETED: u8 = 3;
    const FAILED: u8 = 4;
    const CANCELLED: u8 = 5;
    const TERMINATED: u8 = 6;
    const EXPIRED: u8 = 7;
    const SETTLED: u8 = 8;

    const SECONDS_PER_HOUR: u128 = 3_600;
    const MAX_IMAGE_LENGTH: u64 = 512;
    const MAX_SPEC_LENGTH: u64 = 4_096;
    const MAX_OUTPUT_URIS: u64 = 8;
    const MAX_OUTPUT_URI_LENGTH: u64 = 512;
    const MAX_REASON_LENGTH: u64 = 1_024;
    const HASH_LENGTH: u64 = 32;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Job has key {
        buyer: address,
        provider: address,
        asset: address,
        image: String,
        job_spec: String,
        terms_hash: vector<u8>,
        rate_per_hour: u64,
        max_duration_secs: u64,
        deposit: u64,
        state: u8,
        /// 0 until settled.
        outcome: u8,
        /// Unix seconds; 0 while they haven't come.
        created_at: u64,
        accept_by: u64,
        start_by: u64,
        started_at: u64,
        ended_at: u64,
        claim_until: u64,
        /// The market's windows when the job was made.
        start_window_secs: u64,
        stall_after_secs: u64,
        stall_grace_secs: u64,
        claim_window_secs: u64,
        exit_code: u64,
        reason: String,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        output_root: vector<u8>
    }

    /// What buyer and provider agree on; attestations are bound to its hash.
    struct Terms has drop {
        job: address,
        buyer: address,
        provider: address,
        asset: address,
        rate_per_hour: u64,
        max_duration_secs: u64,
        deposit: u64,
        image: String,
        job_spec: String
    }

    struct JobView has copy, drop, store {
        job: address,
        buyer: address,
        provider: address,
        asset: address,
        image: String,
        job_spec: String,
        terms_hash: vector<u8>,
        rate_per_hour: u64,
        max_duration_secs: u64,
        deposit: u64,
        state: u8,
        outcome: u8,
        created_at: u64,
        accept_by: u64,
        start_by: u64,
        started_at: u64,
        ended_at: u64,
        claim_until: u64,
        exit_code: u64,
        reason: String,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        output_root: vector<u8>
    }

    // === Events ===

    #[event]
    struct JobCreated has drop, store {
        job: address,
        buyer: address,
        provider: address,
        asset: address,
        image: String,
        job_spec: String,
        rate_per_hour: u64,
        max_duration_secs: u64,
        deposit: u64,
        terms_hash: vector<u8>,
        accept_by: u64,
        timestamp: u64
    }

    #[event]
    struct JobAccepted has drop, store {
        job: address,
        provider: address,
        operator: address,
        start_by: u64,
        timestamp: u64
    }

    #[event]
    struct JobStarted has drop, store {
        job: address,
        provider: address,
        started_at: u64,
        timestamp: u64
    }

    #[event]
    struct JobCompleted has drop, store {
        job: address,
        provider: address,
        exit_code: u64,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        output_root: vector<u8>,
        timestamp: u64
    }

    #[event]
    struct JobFailed has drop, store {
        job: address,
        provider: address,
        exit_code: u64,
        reason: String,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        output_root: vector<u8>,
        timestamp: u64
    }

    #[event]
    struct JobCancelled has drop, store {
        job: address,
        buyer: address,
        timestamp: u64
    }

    #[event]
    struct JobTerminated has drop, store {
        job: address,
        buyer: address,
        ended_at: u64,
        claim_until: u64,
        timestamp: u64
    }

    #[event]
    struct JobStalled has drop, store {
        job: address,
        flagged_by: address,
        answer_by: u64,
        timestamp: u64
    }

    #[event]
    struct JobExpired has drop, store {
        job: address,
        expired_by: address,
        timestamp: u64
    }

    #[event]
    struct JobSettled has drop, store {
        job: address,
        buyer: address,
        provider: address,
        outcome: u8,
        seconds: u64,
        deposited: u64,
        paid: u64,
        fees: u64,
        refunded: u64,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_job(job: address): JobView acquires Job {
        assert!(exists<Job>(job), E_NO_JOB);
        let j = &Job[job];
        JobView {
            job,
            buyer: j.buyer,
            provider: j.provider,
            asset: j.asset,
            image: j.image,
            job_spec: j.job_spec,
            terms_hash: j.terms_hash,
            rate_per_hour: j.rate_per_hour,
            max_duration_secs: j.max_duration_secs,
            deposit: j.deposit,
            state: j.state,
            outcome: j.outcome,
            created_at: j.created_at,
            accept_by: j.accept_by,
            start_by: j.start_by,
            started_at: j.started_at,
            ended_at: j.ended_at,
            claim_until: j.claim_until,
            exit_code: j.exit_code,
            reason: j.reason,
            output_uris: j.output_uris,
            output_sha256: j.output_sha256,
            output_root: j.output_root
        }
    }

    // === Entry ===

    /// Orders a job and locks its deposit. The rate is the provider's price now.
    public entry fun create_job(
        buyer: &signer,
        provider: Object<Provider>,
        image: String,
        job_spec: String,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64
    ) {
        create(buyer, provider, image, job_spec, max_duration_secs, max_rate_per_hour, deposit);
    }

    /// `create_job` for other modules: returns the new job.
    public fun create(
        buyer: &signer,
        provider: Object<Provider>,
        image: String,
        job_spec: String,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64
    ): Object<Job> {
        market::assert_not_paused();
        assert_length(&image, MAX_IMAGE_LENGTH, E_IMAGE_LENGTH);
        assert_length(&job_spec, MAX_SPEC_LENGTH, E_SPEC_LENGTH);
        assert!(market::is_duration_allowed(max_duration_secs), E_DURATION_OUT_OF_RANGE);
        let provider = object::object_address(&provider);
        let (rate_per_hour, asset) = provider_registry::quote(provider);
        market::assert_asset_allowed(asset);
        assert!(rate_per_hour <= max_rate_per_hour, E_PRICE_ABOVE_MAXIMUM);
        // D >= ceil(A * secs / P) is D * P >= A * secs.
        assert!(
            (deposit as u128) * SECONDS_PER_HOUR
                >= (rate_per_hour as u128) * (max_duration_secs as u128),
            E_DEPOSIT_TOO_LOW
        );

        let (accept_window_secs, start_window_secs, stall_after_secs, stall_grace_secs, claim_window_secs) =
            market::job_windows();
        let now = timestamp::now_seconds();
        let accept_by = now + accept_window_secs;
        let constructor_ref = vault::create_object();
        let job = object::address_from_constructor_ref(&constructor_ref);
        let buyer_address = signer::address_of(buyer);
        let asset_address = object::object_address(&asset);
        let terms_hash =
            hash::sha3_256(
                bcs::to_bytes(
                    &Terms {
                        job,
                        buyer: buyer_address,
                        provider,
                        asset: asset_address,
                        rate_per_hour,
                        max_duration_secs,
                        deposit,
                        image,
                        job_spec
                    }
                )
            );
        move_to(
            &object::generate_signer(&constructor_ref),
            Job {
                buyer: buyer_address,
                provider,
                asset: asset_address,
                image,
                job_spec,
                terms_hash,
                rate_per_hour,
                max_duration_secs,
                deposit,
                state: PENDING,
                outcome: 0,
                created_at: now,
                accept_by,
                start_by: 0,
                started_at: 0,
                ended_at: 0,
                claim_until: 0,
                start_window_secs,
                stall_after_secs,
                stall_grace_secs,
                claim_window_secs,
                exit_code: 0,
                reason: string::utf8(b""),
                output_uris: vector[],
                output_sha256: vector[],
                output_root: vector[]
            }
        );
        escrow::open(&constructor_ref, buyer, asset, deposit);

        event::emit(
            JobCreated {
                job,
                buyer: buyer_address,
                provider,
                asset: asset_address,
                image,
                job_spec,
                rate_per_hour,
                max_duration_secs,
                deposit,
                terms_hash,
                accept_by,
                timestamp: now
            }
        );
        object::object_from_constructor_ref(&constructor_ref)
    }

    /// Takes a job that was ordered from this provider, and one of its slots.
    public entry fun accept(operator: &signer, job: Object<Job>) acquires Job {
        market::assert_not_paused();
        let (job, j) = operated(operator, job);
        assert!(j.state == PENDING, E_NOT_PENDING);
        let now = timestamp::now_seconds();
        assert!(now < j.accept_by, E_ACCEPT_WINDOW_OVER);

        j.state = ACCEPTED;
        j.start_by = now + j.start_window_secs;
        provider_registry::reserve_slot(j.provider);

        event::emit(
            JobAccepted {
                job,
                provider: j.provider,
                operator: signer::address_of(operator),
                start_by: j.start_by,
                timestamp: now
            }
        );
    }

    /// Opens the stream: the container runs from this second on. Fees, payees and keys are fixed here.
    public entry fun start(operator: &signer, job: Object<Job>) acquires Job {
        let (job, j) = operated(operator, job);
        assert!(j.state == ACCEPTED, E_NOT_ACCEPTED);
        let now = timestamp::now_seconds();
        assert!(now < j.start_by, E_START_WINDOW_OVER);

        j.state = RUNNING;
        j.started_at = now;
        let (payee, attest_key) = provider_registry::payment_terms(j.provider);
        let (fee_bps, treasury) = market::fee_terms();
        payment_stream::open(
            job,
            j.buyer,
            payee,
            treasury,
            j.asset,
            attest_key,
            j.terms_hash,
            j.rate_per_hour,
            j.deposit,
            j.max_duration_secs,
            fee_bps
        );

        event::emit(
            JobStarted { job, provider: j.provider, started_at: now, timestamp: now }
        );
    }

    /// Ends a job that ran to its end: pays the proven seconds, refunds the rest.
    public entry fun complete(
        operator: &signer,
        job: Object<Job>,
        exit_code: u64,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        output_root: vector<u8>,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    ) acquires Job {
        let (job, j) = operated(operator, job);
        assert!(j.state == RUNNING, E_NOT_RUNNING);
        assert_output(&output_uris, &output_sha256, &output_root);

        let keeper = signer::address_of(operator);
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        payment_stream::settle_last(job, keeper, &claim);
        j.end_work(COMPLETED);
        j.exit_code = exit_code;
        j.output_uris = output_uris;
        j.output_sha256 = output_sha256;
        j.output_root = output_root;

        event::emit(
            JobCompleted {
                job,
                provider: j.provider,
                exit_code,
                output_uris,
                output_sha256,
                output_root,
                timestamp: j.ended_at
            }
        );
        j.settle(job, keeper);
    }

    /// Ends a job that can't be finished. Before its start everything goes back; after it proven seconds are paid.
    public entry fun fail(
        operator: &signer,
        job: Object<Job>,
        exit_code: u64,
        reason: String,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        output_root: vector<u8>,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    ) acquires Job {
        let (job, j) = operated(operator, job);
        assert!(holds_slot(j.state), E_NOT_ACTIVE);
        assert!(reason.length() <= MAX_REASON_LENGTH, E_REASON_LENGTH);
        assert_output(&output_uris, &output_sha256, &output_root);

        let keeper = signer::address_of(operator);
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        payment_stream::settle_last(job, keeper, &claim);
        j.end_work(FAILED);
        j.exit_code = exit_code;
        j.reason = reason;
        j.output_uris = output_uris;
        j.output_sha256 = output_sha256;
        j.output_root = output_root;

        event::emit(
            JobFailed {
                job,
                provider: j.provider,
                exit_code,
                reason,
                output_uris,
                output_sha256,
                output_root,
                timestamp: j.ended_at
            }
        );
        j.settle(job, keeper);
    }

    /// Takes a job back before it starts: the whole deposit returns.
    public entry fun cancel(buyer: &signer, job: Object<Job>) acquires Job {
        let (job, j) = bought(buyer, job);
        assert!(j.state == PENDING || j.state == ACCEPTED, E_NOT_CANCELLABLE);

        j.end_work(CANCELLED);

        event::emit(JobCancelled { job, buyer: j.buyer, timestamp: j.ended_at });
        j.settle(job, signer::address_of(buyer));
    }

    /// Stops a running job at once: pays what is proven, refunds what can't be earned any more, and keeps the worth
    /// of the seconds still unproven until they are proven or the claim window is over.
    public entry fun terminate(
        buyer: &signer,
        job: Object<Job>,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    ) acquires Job {
        let (job, j) = bought(buyer, job);
        assert!(j.state == RUNNING, E_NOT_RUNNING);

        let keeper = signer::address_of(buyer);
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        payment_stream::settle_last(job, keeper, &claim);
        j.end_work(TERMINATED);
        let all_proven = payment_stream::end(job, keeper);
        j.claim_until =
            if (all_proven) j.ended_at
            else j.ended_at + j.claim_window_secs;

        event::emit(
            JobTerminated {
                job,
                buyer: j.buyer,
                ended_at: j.ended_at,
                claim_until: j.claim_until,
                timestamp: j.ended_at
            }
        );
        if (all_proven) j.settle(job, keeper);
    }

    /// Marks a running job whose provider has proven nothing new for the stall window. An attestation clears it.
    public entry fun flag_stalled(anyone: &signer, job: Object<Job>) acquires Job {
        let job = object::object_address(&job);
        let j = &Job[job];
        assert!(j.state == RUNNING, E_NOT_RUNNING);

        payment_stream::flag_stalled(job, j.stall_after_secs);

        let now = timestamp::now_seconds();
        event::emit(
            JobStalled {
                job,
                flagged_by: signer::address_of(anyone),
                answer_by: now + j.stall_grace_secs,
                timestamp: now
            }
        );
    }

    /// Ends a job that nobody accepted or started in time, or that stayed silent after it was flagged.
    public entry fun expire(anyone: &signer, job: Object<Job>) acquires Job {
        let job = object::object_address(&job);
        let j = &mut Job[job];
        assert!(j.state <= RUNNING, E_ALREADY_ENDED);
        assert!(j.is_overdue(job, timestamp::now_seconds()), E_NOT_EXPIRED);

        j.end_work(EXPIRED);

        let expired_by = signer::address_of(anyone);
        event::emit(JobExpired { job, expired_by, timestamp: j.ended_at });
        j.settle(job, expired_by);
    }

    /// Settles a terminated job once nothing is left to prove, the claim window is over, or the provider's operator
    /// waives what it can't prove.
    public entry fun finalize(anyone: &signer, job: Object<Job>) acquires Job {
        let job = object::object_address(&job);
        let finalized_by = signer::address_of(anyone);
        let j = &mut Job[job];
        assert!(j.state == TERMINATED, E_NOT_TERMINATED);
        assert!(
            timestamp::now_seconds() >= j.claim_until
                || payment_stream::is_fully_proven(job)
                || provider_registry::is_operator(j.provider, finalized_by),
            E_CLAIM_WINDOW_OPEN
        );

        j.settle(job, finalized_by);
    }

    // === Private ===

    inline fun operated(operator: &signer, job: Object<Job>): (address, &mut Job) {
        let job_address = object::object_address(&job);
        let j = &mut Job[job_address];
        provider_registry::assert_operator(j.provider, signer::address_of(operator));
        (job_address, j)
    }

    inline fun bought(buyer: &signer, job: Object<Job>): (address, &mut Job) {
        let job_address = object::object_address(&job);
        let j = &mut Job[job_address];
        assert!(signer::address_of(buyer) == j.buyer, E_NOT_BUYER);
        (job_address, j)
    }

    fun holds_slot(state: u8): bool {
        state == ACCEPTED || state == RUNNING
    }

    fun is_overdue(self: &Job, job: address, now: u64): bool {
        if (self.state == PENDING) return now >= self.accept_by;
        if (self.state == ACCEPTED) return now >= self.start_by;
        let stalled_at = payment_stream::stalled_at(job);
        stalled_at != 0 && now >= stalled_at + self.stall_grace_secs
    }

    /// Work is over, whatever money is still to move: the slot is free.
    fun end_work(self: &mut Job, state: u8) {
        if (holds_slot(self.state)) provider_registry::release_slot(self.provider);
        self.state = state;
        self.ended_at = timestamp::now_seconds();
    }

    /// Pays and refunds everything, closes the stream, writes the provider's record.
    fun settle(self: &mut Job, job: address, keeper: address) {
        let outcome = self.state;
        self.state = SETTLED;
        self.outcome = outcome;
        let (seconds, paid, fees) =
            if (payment_stream::is_open(job)) {
                payment_stream::close(job, keeper)
            } else {
                escrow::refund(job, self.buyer, self.deposit);
                (0, 0, 0)
            };
        // Neither the buyer's change of mind nor an order nobody took says anything about the provider.
        if (self.start_by != 0 && outcome != CANCELLED) {
            provider_registry::record_job(
                self.provider,
                outcome == COMPLETED,
                outcome == FAILED,
                outcome == EXPIRED,
                seconds,
                paid - fees
            );
        };
        event::emit(
            JobSettled {
                job,
                buyer: self.buyer,
                provider: self.provider,
                outcome,
                seconds,
                deposited: self.deposit,
                paid: paid - fees,
                fees,
                refunded: self.deposit - paid,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    fun assert_length(text: &String, most: u64, code: u64) {
        let length = text.length();
        assert!(0 < length && length <= most, code);
    }

    fun assert_output(
        output_uris: &vector<String>, output_sha256: &vector<u8>, output_root: &vector<u8>
    ) {
        assert!(
            output_uris.length() <= MAX_OUTPUT_URIS
                && output_uris.all(|uri| uri.length() <= MAX_OUTPUT_URI_LENGTH),
            E_OUTPUT_URIS
        );
        assert_hash(output_sha256);
        assert_hash(output_root);
    }

    fun assert_hash(hash: &vector<u8>) {
        assert!(hash.is_empty() || hash.length() == HASH_LENGTH, E_OUTPUT_HASH_LENGTH);
    }
}
