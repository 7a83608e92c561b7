/// Jobs, and the facade over everything a job needs: every way a job goes on and ends is one function here.
/// It doesn't know states (`job`), arithmetic (`payment_stream`), custody (`escrow`) or capacity
/// (`provider_registry`): it keeps the records and lets the others do what a transition demands.
///
///     job_orders::create_* --> accept --> start --> complete, fail, terminate, expire --> finalize --> reclaim
///                                 |         |                                     |
///                                 cancel    extend, change_rate, confirm          confirm, dispute
///
/// Every ending settles in its own transaction unless seconds may still be proven (terminated), money is held back
/// for the buyer, or the asset's issuer keeps the escrow from paying. A slot is reserved at accept and released when
/// work ends; the provider's record is written when money has moved.
module computestream::job_registry {
    use std::signer;
    use std::string::{Self, String};
    use aptos_framework::event;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, Object};
    use aptos_framework::timestamp;
    use computestream::attestation::{Self, Claim};
    use computestream::escrow;
    use computestream::job::{Self, JobRecord};
    use computestream::job_output;
    use computestream::job_terms::{Self, Terms};
    use computestream::market::{Self, JobRules};
    use computestream::payment_stream;
    use computestream::provider_registry::{Self, Provider};
    use computestream::reputation;
    use computestream::vault;

    // === Errors ===

    /// There is no job at this address: check the address.
    const E_NO_JOB: u64 = 1;
    /// This job was ordered from another provider.
    const E_OTHER_PROVIDER: u64 = 2;
    /// This job is paid in another asset than the provider's.
    const E_OTHER_ASSET: u64 = 3;
    /// The provider's machine or stake doesn't meet what the job requires.
    const E_REQUIREMENTS_NOT_MET: u64 = 4;
    /// The provider's price is above the buyer's maximum: lower it or choose another job.
    const E_PRICE_ABOVE_MAXIMUM: u64 = 5;
    /// Neither seconds nor money were added: give at least one of them.
    const E_NOTHING_ADDED: u64 = 6;
    /// Only the job's buyer or the provider's owner may do this.
    const E_NOT_BUYER_OR_OWNER: u64 = 7;
    /// A buyer may only raise the rate of a running job, an owner only lower it.
    const E_RATE_DIRECTION: u64 = 8;
    /// The job can't expire yet: its deadline hasn't passed, or it must be flagged as stalled first.
    const E_NOT_EXPIRED: u64 = 9;
    /// The provider may still prove its last seconds: try again when the claim window is over.
    const E_CLAIM_WINDOW_OPEN: u64 = 10;
    /// No money of this job is held back, so there is nothing to decide about.
    const E_NOTHING_HELD: u64 = 11;
    /// The asset's issuer has frozen or taken the escrowed money: ask the issuer to restore it, then finalize the job.
    const E_ESCROW_UNAVAILABLE: u64 = 12;

    // === Constants ===

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Job has key {
        record: JobRecord
    }

    // === Events ===

    #[event]
    struct JobReclaimed has drop, store {
        job: address,
        reclaimed_by: address,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_job(job: address): JobRecord acquires Job {
        assert!(exists<Job>(job), E_NO_JOB);
        Job[job].record
    }

    #[view]
    /// The jobs at these addresses in their order; addresses without one are left out.
    public fun get_jobs(jobs: vector<address>): vector<JobRecord> acquires Job {
        let records = vector[];
        jobs.for_each(|job| {
            if (exists<Job>(job)) records.push_back(Job[job].record);
        });
        records
    }

    // === Entry: work ===

    /// Takes a job with one of the provider's slots and the GPUs of the mask. The first valid acceptance of an open
    /// job gets it; its rate becomes that provider's price.
    public entry fun accept(
        operator: &signer,
        provider: Object<Provider>,
        job: Object<Job>,
        gpu_mask: u64
    ) acquires Job {
        market::assert_not_paused();
        let operator = signer::address_of(operator);
        let provider = object::object_address(&provider);
        provider_registry::assert_operator(provider, operator);
        let job = object::object_address(&job);
        let record = &mut Job[job].record;
        let now = timestamp::now_seconds();
        record.assert_acceptable(now);
        if (record.is_open()) take(record, provider)
        else assert!(provider == record.terms().provider(), E_OTHER_PROVIDER);
        let gpus = record.terms().requirements().gpus();
        let devices = provider_registry::reserve(provider, job, gpu_mask, gpus);

        record.accept(operator, gpu_mask, devices, now);
    }

    /// Opens the stream: the container runs from this second on. Payee and keys are fixed here.
    public entry fun start(operator: &signer, job: Object<Job>) acquires Job {
        let (job, record) = operated(operator, job);
        record.start(timestamp::now_seconds());

        let terms = record.terms();
        let stake = terms.stake_relied_on(record.rules().min_stake());
        assert!(provider_registry::bind_stake(terms.provider(), stake), E_REQUIREMENTS_NOT_MET);
        let (payee, attest_key) = provider_registry::payment_terms(terms.provider());
        let rules = record.rules();
        payment_stream::open(
            job,
            terms.buyer(),
            payee,
            rules.treasury(),
            escrow::asset(job),
            attest_key,
            terms.buyer_key(),
            record.terms_hash(),
            terms.rate_per_hour(),
            terms.deposit(),
            terms.max_duration_secs(),
            terms.holdback_secs(),
            rules.fee_bps(),
            rules.keeper_share_bps()
        );
    }

    /// Lengthens a running job and adds to its deposit; one of the two may be zero.
    public entry fun extend(
        buyer: &signer,
        job: Object<Job>,
        added_secs: u64,
        added_deposit: u64
    ) acquires Job {
        let (job, record) = bought(buyer, job);
        record.assert_running();
        assert!(added_secs > 0 || added_deposit > 0, E_NOTHING_ADDED);
        job_terms::assert_extension(payment_stream::max_duration_secs(job), added_secs);

        payment_stream::extend(job, buyer, added_secs, added_deposit);
        job_terms::assert_deposit(payment_stream::is_covered(job));
    }

    /// Changes the rate of the seconds not proven yet. Each side may only change it in the other's favour.
    public entry fun change_rate(
        buyer_or_owner: &signer, job: Object<Job>, rate_per_hour: u64
    ) acquires Job {
        let who = signer::address_of(buyer_or_owner);
        let job = object::object_address(&job);
        let record = &Job[job].record;
        let is_buyer = who == record.terms().buyer();
        let is_owner = provider_registry::is_owner(record.terms().provider(), who);
        assert!(is_buyer || is_owner, E_NOT_BUYER_OR_OWNER);
        record.assert_running();
        let current = payment_stream::rate_per_hour(job);
        assert!(
            (is_buyer && rate_per_hour > current) || (is_owner && rate_per_hour < current),
            E_RATE_DIRECTION
        );

        payment_stream::change_rate(job, who, rate_per_hour);
    }

    // === Entry: endings ===

    /// Ends a job that ran to its end: pays the proven seconds, refunds what wasn't used, holds back what was agreed.
    public entry fun complete(
        operator: &signer,
        job: Object<Job>,
        exit_code: u64,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        output_root: vector<u8>,
        output_size: u64,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    ) acquires Job {
        let (job, record) = operated(operator, job);
        record.assert_running();
        let reason = string::utf8(b"");
        let output =
            job_output::new(
                exit_code, reason, output_uris, output_sha256, output_root, output_size
            );

        let keeper = signer::address_of(operator);
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        let settles = end_stream(record, job, keeper, &claim, 0);
        record.complete(output, timestamp::now_seconds());
        if (settles) settle_if_free(record, job, keeper);
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
        output_size: u64,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    ) acquires Job {
        let (job, record) = operated(operator, job);
        record.assert_active();
        let output =
            job_output::new(
                exit_code, reason, output_uris, output_sha256, output_root, output_size
            );

        let keeper = signer::address_of(operator);
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        let settles = end_work(record, job, keeper, &claim);
        record.fail(output, timestamp::now_seconds());
        if (settles) settle_if_free(record, job, keeper);
    }

    /// Takes a job back before it starts: the whole deposit returns.
    public entry fun cancel(buyer: &signer, job: Object<Job>) acquires Job {
        let (job, record) = bought(buyer, job);
        record.assert_cancellable();

        if (record.holds_slot()) free_capacity(record, job);
        record.cancel(timestamp::now_seconds());
        settle_if_free(record, job, signer::address_of(buyer));
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
        let (job, record) = bought(buyer, job);
        record.assert_running();

        let keeper = signer::address_of(buyer);
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        let claim_window_secs = record.rules().claim_window_secs();
        let settles = end_stream(record, job, keeper, &claim, claim_window_secs);
        record.terminate(timestamp::now_seconds());
        if (settles) settle_if_free(record, job, keeper);
    }

    /// Marks a running job whose provider has proven nothing new for the stall window. An attestation clears it.
    public entry fun flag_stalled(anyone: &signer, job: Object<Job>) acquires Job {
        let job = object::object_address(&job);
        let record = &Job[job].record;
        record.assert_running();

        let rules = record.rules();
        payment_stream::flag_stalled(
            job,
            signer::address_of(anyone),
            rules.stall_after_secs(),
            rules.stall_grace_secs()
        );
    }

    /// Ends a job that nobody accepted or started in time, or that stayed silent after it was flagged.
    public entry fun expire(anyone: &signer, job: Object<Job>) acquires Job {
        let expired_by = signer::address_of(anyone);
        let job = object::object_address(&job);
        let record = &mut Job[job].record;
        record.assert_not_ended();
        let now = timestamp::now_seconds();
        let stalled_at =
            if (record.is_running()) payment_stream::stalled_at(job)
            else 0;
        assert!(record.is_overdue(stalled_at, now), E_NOT_EXPIRED);

        // Silence mustn't pay better than an ending of one's own: what is held back waits for the buyer here too.
        let settles = end_work(record, job, expired_by, &attestation::nothing_new());
        record.expire(expired_by, now);
        if (settles) settle_if_free(record, job, expired_by);
    }

    /// The buyer accepts every second billed so far: what was held back for them is paid, and an ended job with
    /// nothing left to prove settles.
    public entry fun confirm(buyer: &signer, job: Object<Job>) acquires Job {
        let (job, record) = bought(buyer, job);
        record.assert_confirmable();
        record.assert_no_case();

        confirm_first(record, job, signer::address_of(buyer), MAX_U64);
    }

    /// Brings the buyer's signature under an attestation and with it the buyer's agreement to the seconds it names,
    /// however late: nothing that comes later takes it back. An open case goes on about the rest.
    public entry fun confirm_signed(
        anyone: &signer,
        job: Object<Job>,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        countersignature: vector<u8>
    ) acquires Job {
        let job = object::object_address(&job);
        let record = &mut Job[job].record;
        record.assert_confirmable();
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, vector[]);
        payment_stream::assert_countersigned(job, &claim, &countersignature);

        confirm_first(record, job, signer::address_of(anyone), seconds_cum);
    }

    /// Settles a job that waits, once nothing more can be proven or challenged. The provider's operator may come
    /// before the claim window is over: it waives what it can't prove.
    public entry fun finalize(anyone: &signer, job: Object<Job>) acquires Job {
        let job = object::object_address(&job);
        let finalized_by = signer::address_of(anyone);
        let record = &mut Job[job].record;
        record.assert_waiting();
        record.assert_no_case();
        let now = timestamp::now_seconds();
        // Of any other job only the escrow can have made it wait.
        if (record.has_started() && !record.is_faulted()) {
            if (!payment_stream::is_final(job)) {
                let provider = record.terms().provider();
                let is_waiver = provider_registry::is_operator(provider, finalized_by);
                assert!(is_waiver, E_CLAIM_WINDOW_OPEN);
                payment_stream::seal(job, finalized_by);
                if (payment_stream::held(job) > 0) return record.waive(now);
            } else if (payment_stream::held(job) > 0) record.assert_challenge_over(now);
        };

        settle(record, job, finalized_by);
    }

    /// Deletes a settled job, so that its storage deposit is freed.
    public entry fun reclaim(anyone: &signer, job: Object<Job>) acquires Job {
        let job = object::object_address(&job);
        let reclaimed_by = signer::address_of(anyone);
        let now = timestamp::now_seconds();
        Job[job].record.assert_reclaimable(reclaimed_by, now);

        let Job { record } = move_from<Job>(job);
        if (record.has_started()) payment_stream::destroy(job);
        escrow::destroy(job, record.terms().buyer());
        event::emit(JobReclaimed { job, reclaimed_by, timestamp: now });
    }

    // === Package: for orders ===

    /// A new job with its deposit, which the purse pays for the buyer.
    public(package) fun place(
        purse: &signer,
        terms: Terms,
        asset: Object<Metadata>,
        is_open: bool
    ): Object<Job> {
        let now = timestamp::now_seconds();
        let constructor_ref = vault::create_object();
        let job = object::address_from_constructor_ref(&constructor_ref);
        let (buyer, deposit) = (terms.buyer(), terms.deposit());
        let record =
            job::new(
                job,
                terms,
                is_open,
                market::job_rules(),
                now + market::accept_window_secs(),
                now
            );
        move_to(&object::generate_signer(&constructor_ref), Job { record });
        escrow::open(&constructor_ref, buyer, purse, asset, deposit);
        object::object_from_constructor_ref(&constructor_ref)
    }

    // === Package: for disputes ===

    public(package) fun rules(job: address): JobRules acquires Job {
        *Job[job].record.rules()
    }

    public(package) fun provider(job: address): address acquires Job {
        Job[job].record.terms().provider()
    }

    /// Commitments of the GPUs the job uses or used.
    public(package) fun devices(job: address): vector<vector<u8>> acquires Job {
        Job[job].record.devices()
    }

    public(package) fun output_root(job: address): vector<u8> acquires Job {
        Job[job].record.output().root()
    }

    public(package) fun output_size(job: address): u64 acquires Job {
        Job[job].record.output().size()
    }

    public(package) fun assert_started(job: address) acquires Job {
        Job[job].record.assert_started();
    }

    public(package) fun is_faulted(job: address): bool acquires Job {
        Job[job].record.is_faulted()
    }

    /// A proven fault ends whatever goes on: nothing more is paid, the rest is the buyer's. A settled job only keeps
    /// the mark.
    public(package) fun mark_faulted(job: address, reporter: address) acquires Job {
        let record = &mut Job[job].record;
        record.mark_faulted();
        if (record.is_settled()) return;
        if (record.holds_slot()) free_capacity(record, job);
        record.forfeit(timestamp::now_seconds());
        if (escrow::can_release_all(job)) settle(record, job, reporter)
        else payment_stream::halt(job);
    }

    /// Holds the job for a case of its buyer until `window_secs` from now; returns what the case is about:
    /// what is held, which no attestation changes any more. `can_slash`: whether the case can end in a fault.
    public(package) fun open_case(
        job: address, buyer: address, window_secs: u64, can_slash: bool
    ): u64 acquires Job {
        let record = &mut Job[job].record;
        record.assert_no_case();
        record.assert_buyer(buyer);
        record.assert_waiting();
        record.assert_started();
        assert!(payment_stream::held(job) > 0 && !record.is_faulted(), E_NOTHING_HELD);
        assert!(payment_stream::is_final(job), E_CLAIM_WINDOW_OPEN);

        let now = timestamp::now_seconds();
        record.open_case(now, window_secs);
        if (can_slash) {
            // Once the deadline has passed anyone may resolve the case: for that long the stake must stay.
            provider_registry::extend_liability(
                record.terms().provider(),
                now + window_secs + record.rules().answer_window_secs()
            );
        };
        payment_stream::seal(job, buyer);
        payment_stream::held(job)
    }

    public(package) fun close_case(job: address) acquires Job {
        let record = &mut Job[job].record;
        record.close_case();
    }

    /// Settles a job that waits: `award` of what is held is paid, the rest refunded.
    public(package) fun settle_with_award(job: address, keeper: address, award: u64) acquires Job {
        assert!(escrow::can_release_all(job), E_ESCROW_UNAVAILABLE);
        let (seconds, paid, fees, deposited) =
            payment_stream::close_with_award(job, keeper, award);
        write_settlement(&mut Job[job].record, seconds, deposited, paid, fees);
    }

    // === Private ===

    inline fun operated(operator: &signer, job: Object<Job>): (address, &mut JobRecord) {
        let job_address = object::object_address(&job);
        let record = &mut Job[job_address].record;
        provider_registry::assert_operator(
            record.terms().provider(), signer::address_of(operator)
        );
        (job_address, record)
    }

    inline fun bought(buyer: &signer, job: Object<Job>): (address, &mut JobRecord) {
        let job_address = object::object_address(&job);
        let record = &mut Job[job_address].record;
        record.assert_buyer(signer::address_of(buyer));
        (job_address, record)
    }

    fun take(record: &mut JobRecord, provider: address) {
        let terms = record.terms();
        let asset = object::object_address(&provider_registry::asset(provider));
        assert!(asset == terms.asset(), E_OTHER_ASSET);
        let requirements = terms.requirements();
        assert!(provider_registry::meets(provider, requirements), E_REQUIREMENTS_NOT_MET);
        let rate_per_hour = provider_registry::price(provider, requirements.gpus());
        assert!(rate_per_hour <= terms.rate_per_hour(), E_PRICE_ABOVE_MAXIMUM);
        record.take(provider, rate_per_hour);
    }

    /// Ends the stream of a job with the last attestation of whoever ends it, and frees slot and GPUs. Returns
    /// whether the job can settle at once.
    fun end_stream(
        record: &mut JobRecord,
        job: address,
        keeper: address,
        claim: &Claim,
        claim_window_secs: u64
    ): bool {
        payment_stream::settle_last(job, keeper, claim);
        let (prove_until, held) = payment_stream::end(job, keeper, claim_window_secs);
        let settles = record.set_windows(prove_until, held, timestamp::now_seconds());
        free_capacity(record, job);
        settles
    }

    /// Ends a job without a window to prove, whether or not it has started: `end_stream`, or just frees slot and GPUs.
    fun end_work(
        record: &mut JobRecord, job: address, keeper: address, claim: &Claim
    ): bool {
        if (record.is_running()) return end_stream(record, job, keeper, claim, 0);
        // Without a stream only an empty claim passes.
        payment_stream::settle_last(job, keeper, claim);
        if (record.holds_slot()) free_capacity(record, job);
        true
    }

    fun free_capacity(record: &JobRecord, job: address) {
        provider_registry::release(
            record.terms().provider(),
            job,
            record.gpu_mask(),
            record.liable_until(timestamp::now_seconds())
        );
    }

    /// The first `secs` of the billed seconds are agreed; an ended job with nothing left to decide settles.
    fun confirm_first(
        record: &mut JobRecord, job: address, keeper: address, secs: u64
    ) {
        payment_stream::confirm(job, keeper, secs);
        let settles =
            record.is_waiting()
                && !record.has_case()
                && payment_stream::is_final(job)
                && payment_stream::held(job) == 0;
        if (settles) settle_if_free(record, job, keeper);
    }

    /// While the issuer keeps the escrow from paying, the job waits for `finalize`: an ending never fails for it.
    fun settle_if_free(record: &mut JobRecord, job: address, keeper: address) {
        if (escrow::can_release_all(job)) settle(record, job, keeper);
    }

    /// Pays everything earned, nothing where a fault was proven, and refunds the rest.
    fun settle(record: &mut JobRecord, job: address, keeper: address) {
        assert!(escrow::can_release_all(job), E_ESCROW_UNAVAILABLE);
        if (record.has_started()) {
            let (seconds, paid, fees, deposited) =
                if (record.is_faulted()) payment_stream::close_unpaid(job, keeper)
                else payment_stream::close(job, keeper);
            write_settlement(record, seconds, deposited, paid, fees);
        } else {
            let deposit = record.terms().deposit();
            escrow::refund(job, record.terms().buyer(), deposit);
            write_settlement(record, 0, deposit, 0, 0);
        };
    }

    fun write_settlement(
        record: &mut JobRecord,
        seconds: u64,
        deposited: u64,
        paid: u64,
        fees: u64
    ) {
        record.settle(seconds, deposited, paid, fees, timestamp::now_seconds());
        let (counts, completed, failed, expired) = record.verdict(paid);
        if (counts) {
            reputation::record_job(
                record.terms().provider(), completed, failed, expired, seconds, paid - fees
            );
        };
    }
}
