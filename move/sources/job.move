/// A job's record: its fields, the transitions its state allows, and the event each transition tells.
/// It doesn't know storage, money or providers: `job_registry` keeps the record and does what a transition demands.
///
///                 accept             start               complete
///   Pending(0) ----------> Accepted(1) ----> Running(2) ----------> Completed(3) --+
///     |  |                   |  |  |           | | |   fail                        |
///     |  |                   |  |  +- fail ------------------------> Failed(4) ----+
///     |  +----- cancel ------+  |              | |                                 |
///     |         (buyer)  +---------------------|-|-----------------> Cancelled(5) -+--> Settled(8) -- reclaim --> gone
///     |                         |              | |   terminate (buyer)             |
///     |                         |              | +-----------------> Terminated(6) + finalize, confirm, ruling, fault
///     | expire (anyone): accept |              |                                   |
///     +---- or start window ----+- flag_stalled, then expire ------> Expired(7) ---+
///           over
///
/// Windows are half open: what must happen before a deadline fails at it, what may happen after it works at it.
module computestream::job {
    use aptos_framework::event;
    use computestream::job_output::{Self, Output};
    use computestream::job_terms::Terms;
    use computestream::market::JobRules;

    // === Errors ===

    /// Only the job's buyer may do this: sign with the account that created it.
    const E_NOT_BUYER: u64 = 1;
    /// The job isn't waiting to be accepted.
    const E_NOT_PENDING: u64 = 2;
    /// The job isn't accepted, or has started already.
    const E_NOT_ACCEPTED: u64 = 3;
    /// The job isn't running.
    const E_NOT_RUNNING: u64 = 4;
    /// The job is neither accepted nor running.
    const E_NOT_ACTIVE: u64 = 5;
    /// The job has started or ended: a running job can be terminated instead.
    const E_NOT_CANCELLABLE: u64 = 6;
    /// The job isn't waiting to be settled: it still goes on, or is settled already.
    const E_NOT_ENDED: u64 = 7;
    /// The job has ended already.
    const E_ALREADY_ENDED: u64 = 8;
    /// The time to accept this job is over.
    const E_ACCEPT_WINDOW_OVER: u64 = 9;
    /// The time to start this job is over.
    const E_START_WINDOW_OVER: u64 = 10;
    /// There is nothing to confirm: the job hasn't started, is settled already, or a fault was proven.
    const E_NOT_CONFIRMABLE: u64 = 11;
    /// A case about this job is open: wait until it is answered or decided.
    const E_CASE_OPEN: u64 = 12;
    /// The buyer may still challenge what is held back: finalize when the challenge window is over.
    const E_CHALLENGE_WINDOW_OPEN: u64 = 13;
    /// The time to challenge this job is over.
    const E_CHALLENGE_WINDOW_OVER: u64 = 14;
    /// The job isn't settled yet.
    const E_NOT_SETTLED: u64 = 15;
    /// The job's record must be kept for a while longer: its provider's stake is still in reach.
    const E_TOO_EARLY_TO_RECLAIM: u64 = 16;
    /// The job has never started.
    const E_NEVER_STARTED: u64 = 17;

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

    const FAULT_REASON: vector<u8> = b"FAULT_PROVEN";

    // === Structs ===

    /// What is stored of a job and shown by the views.
    struct JobRecord has copy, drop, store {
        job: address,
        /// As agreed; the stream has the current deposit, duration and rate.
        terms: Terms,
        /// Ordered without naming a provider.
        is_open: bool,
        /// Empty until an open order is taken.
        terms_hash: vector<u8>,
        rules: JobRules,
        state: u8,
        /// 0 until settled.
        outcome: u8,
        gpu_mask: u64,
        /// Commitments of the GPUs in the mask, if the provider gave any.
        devices: vector<vector<u8>>,
        /// Unix seconds; 0 while they haven't come.
        created_at: u64,
        accept_by: u64,
        start_by: u64,
        started_at: u64,
        ended_at: u64,
        claim_until: u64,
        challenge_until: u64,
        settled_at: u64,
        /// Deadline of the open case, 0 without one.
        case_until: u64,
        faulted: bool,
        output: Output
    }

    // === Events ===

    #[event]
    struct JobCreated has drop, store {
        job: address,
        terms: Terms,
        is_open: bool,
        terms_hash: vector<u8>,
        accept_by: u64,
        timestamp: u64
    }

    #[event]
    struct JobAccepted has drop, store {
        job: address,
        provider: address,
        operator: address,
        rate_per_hour: u64,
        terms_hash: vector<u8>,
        gpu_mask: u64,
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
        output: Output,
        claim_until: u64,
        challenge_until: u64,
        timestamp: u64
    }

    #[event]
    struct JobFailed has drop, store {
        job: address,
        provider: address,
        output: Output,
        claim_until: u64,
        challenge_until: u64,
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
        challenge_until: u64,
        timestamp: u64
    }

    #[event]
    struct JobExpired has drop, store {
        job: address,
        expired_by: address,
        claim_until: u64,
        challenge_until: u64,
        timestamp: u64
    }

    #[event]
    /// The operator gave up what it couldn't prove.
    struct JobWaived has drop, store {
        job: address,
        claim_until: u64,
        challenge_until: u64,
        timestamp: u64
    }

    #[event]
    struct JobForfeited has drop, store {
        job: address,
        provider: address,
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
        /// Net to the provider.
        paid: u64,
        fees: u64,
        refunded: u64,
        timestamp: u64
    }

    // === Package: beginning ===

    public(package) fun new(
        job: address,
        terms: Terms,
        is_open: bool,
        rules: JobRules,
        accept_by: u64,
        now: u64
    ): JobRecord {
        let terms_hash = if (is_open) vector[] else terms.hash(job);
        event::emit(
            JobCreated { job, terms, is_open, terms_hash, accept_by, timestamp: now }
        );
        JobRecord {
            job,
            terms,
            is_open,
            terms_hash,
            rules,
            state: PENDING,
            outcome: 0,
            gpu_mask: 0,
            devices: vector[],
            created_at: now,
            accept_by,
            start_by: 0,
            started_at: 0,
            ended_at: 0,
            claim_until: 0,
            challenge_until: 0,
            settled_at: 0,
            case_until: 0,
            faulted: false,
            output: job_output::none()
        }
    }

    public(package) fun assert_acceptable(self: &JobRecord, now: u64) {
        assert!(self.state == PENDING, E_NOT_PENDING);
        assert!(now < self.accept_by, E_ACCEPT_WINDOW_OVER);
    }

    /// An open order becomes an order from `provider` at its price.
    public(package) fun take(self: &mut JobRecord, provider: address, rate_per_hour: u64) {
        self.terms.set_provider(provider);
        self.terms.set_rate(rate_per_hour);
        self.terms_hash = self.terms.hash(self.job);
    }

    public(package) fun accept(
        self: &mut JobRecord,
        operator: address,
        gpu_mask: u64,
        devices: vector<vector<u8>>,
        now: u64
    ) {
        self.state = ACCEPTED;
        self.start_by = now + self.rules.start_window_secs();
        self.gpu_mask = gpu_mask;
        self.devices = devices;
        event::emit(
            JobAccepted {
                job: self.job,
                provider: self.terms.provider(),
                operator,
                rate_per_hour: self.terms.rate_per_hour(),
                terms_hash: self.terms_hash,
                gpu_mask,
                start_by: self.start_by,
                timestamp: now
            }
        );
    }

    public(package) fun start(self: &mut JobRecord, now: u64) {
        assert!(self.state == ACCEPTED, E_NOT_ACCEPTED);
        assert!(now < self.start_by, E_START_WINDOW_OVER);
        self.state = RUNNING;
        self.started_at = now;
        event::emit(
            JobStarted {
                job: self.job,
                provider: self.terms.provider(),
                started_at: now,
                timestamp: now
            }
        );
    }

    // === Package: endings ===

    /// Sets how long the provider may prove and the buyer may challenge, from what the stream says of itself.
    /// Returns whether nobody has to be waited for.
    public(package) fun set_windows(
        self: &mut JobRecord, prove_until: u64, held: u64, now: u64
    ): bool {
        self.claim_until = prove_until;
        let is_final = prove_until == now;
        let waits_for_buyer = self.terms.holdback_secs() > 0 && (!is_final || held > 0);
        if (waits_for_buyer) {
            self.challenge_until = self.claim_until + self.rules.challenge_window_secs();
        };
        is_final && !waits_for_buyer
    }

    public(package) fun complete(self: &mut JobRecord, output: Output, now: u64) {
        self.end(COMPLETED, now);
        self.output = output;
        event::emit(
            JobCompleted {
                job: self.job,
                provider: self.terms.provider(),
                output,
                claim_until: self.claim_until,
                challenge_until: self.challenge_until,
                timestamp: now
            }
        );
    }

    public(package) fun fail(self: &mut JobRecord, output: Output, now: u64) {
        self.end(FAILED, now);
        self.output = output;
        event::emit(
            JobFailed {
                job: self.job,
                provider: self.terms.provider(),
                output,
                claim_until: self.claim_until,
                challenge_until: self.challenge_until,
                timestamp: now
            }
        );
    }

    public(package) fun cancel(self: &mut JobRecord, now: u64) {
        self.end(CANCELLED, now);
        event::emit(
            JobCancelled { job: self.job, buyer: self.terms.buyer(), timestamp: now }
        );
    }

    public(package) fun terminate(self: &mut JobRecord, now: u64) {
        self.end(TERMINATED, now);
        event::emit(
            JobTerminated {
                job: self.job,
                buyer: self.terms.buyer(),
                ended_at: now,
                claim_until: self.claim_until,
                challenge_until: self.challenge_until,
                timestamp: now
            }
        );
    }

    public(package) fun expire(self: &mut JobRecord, expired_by: address, now: u64) {
        self.end(EXPIRED, now);
        event::emit(
            JobExpired {
                job: self.job,
                expired_by,
                claim_until: self.claim_until,
                challenge_until: self.challenge_until,
                timestamp: now
            }
        );
    }

    /// A running job ends as failed; one that has ended keeps how.
    public(package) fun forfeit(self: &mut JobRecord, now: u64) {
        if (self.state == RUNNING) {
            self.end(FAILED, now);
            self.output.set_reason(FAULT_REASON);
        };
        event::emit(
            JobForfeited { job: self.job, provider: self.terms.provider(), timestamp: now }
        );
    }

    public(package) fun mark_faulted(self: &mut JobRecord) {
        self.faulted = true;
    }

    /// The operator proves nothing more, so the time to challenge begins now.
    public(package) fun waive(self: &mut JobRecord, now: u64) {
        self.claim_until = now;
        self.challenge_until = now + self.rules.challenge_window_secs();
        event::emit(
            JobWaived {
                job: self.job,
                claim_until: self.claim_until,
                challenge_until: self.challenge_until,
                timestamp: now
            }
        );
    }

    public(package) fun open_case(self: &mut JobRecord, now: u64, window_secs: u64) {
        assert!(now < self.challenge_until, E_CHALLENGE_WINDOW_OVER);
        self.case_until = now + window_secs;
    }

    public(package) fun close_case(self: &mut JobRecord) {
        self.case_until = 0;
    }

    /// `paid` is gross of `fees`. Returns the state the job came through.
    public(package) fun settle(
        self: &mut JobRecord,
        seconds: u64,
        deposited: u64,
        paid: u64,
        fees: u64,
        now: u64
    ) {
        self.outcome = self.state;
        self.state = SETTLED;
        self.settled_at = now;
        self.case_until = 0;
        event::emit(
            JobSettled {
                job: self.job,
                buyer: self.terms.buyer(),
                provider: self.terms.provider(),
                outcome: self.outcome,
                seconds,
                deposited,
                paid: paid - fees,
                fees,
                refunded: deposited - paid,
                timestamp: now
            }
        );
    }

    // === Package: questions ===

    public(package) fun assert_buyer(self: &JobRecord, who: address) {
        assert!(who == self.terms.buyer(), E_NOT_BUYER);
    }

    public(package) fun assert_running(self: &JobRecord) {
        assert!(self.state == RUNNING, E_NOT_RUNNING);
    }

    public(package) fun assert_active(self: &JobRecord) {
        assert!(self.holds_slot(), E_NOT_ACTIVE);
    }

    public(package) fun assert_cancellable(self: &JobRecord) {
        assert!(self.state == PENDING || self.state == ACCEPTED, E_NOT_CANCELLABLE);
    }

    public(package) fun assert_not_ended(self: &JobRecord) {
        assert!(self.state <= RUNNING, E_ALREADY_ENDED);
    }

    public(package) fun assert_waiting(self: &JobRecord) {
        assert!(self.is_waiting(), E_NOT_ENDED);
    }

    public(package) fun assert_confirmable(self: &JobRecord) {
        let is_open = self.state == RUNNING || self.is_waiting();
        assert!(is_open && self.has_started() && !self.faulted, E_NOT_CONFIRMABLE);
    }

    public(package) fun assert_no_case(self: &JobRecord) {
        assert!(!self.has_case(), E_CASE_OPEN);
    }

    public(package) fun assert_challenge_over(self: &JobRecord, now: u64) {
        assert!(now >= self.challenge_until, E_CHALLENGE_WINDOW_OPEN);
    }

    public(package) fun assert_started(self: &JobRecord) {
        assert!(self.has_started(), E_NEVER_STARTED);
    }

    /// A job that ran stays as long as evidence about it can matter, and its buyer comes first.
    public(package) fun assert_reclaimable(self: &JobRecord, who: address, now: u64) {
        assert!(self.state == SETTLED, E_NOT_SETTLED);
        let wait = self.rules.reclaim_after_secs();
        let buyers_wait = if (self.has_started()) wait else 0;
        let from = self.settled_at + (if (who == self.terms.buyer()) buyers_wait else 2 * wait);
        assert!(now >= from, E_TOO_EARLY_TO_RECLAIM);
    }

    public(package) fun holds_slot(self: &JobRecord): bool {
        self.state == ACCEPTED || self.state == RUNNING
    }

    public(package) fun is_running(self: &JobRecord): bool {
        self.state == RUNNING
    }

    /// Ended, but money still waits.
    public(package) fun is_waiting(self: &JobRecord): bool {
        COMPLETED <= self.state && self.state <= EXPIRED
    }

    public(package) fun is_settled(self: &JobRecord): bool {
        self.state == SETTLED
    }

    public(package) fun has_started(self: &JobRecord): bool {
        self.started_at != 0
    }

    /// `stalled_at` is 0 for a stream that isn't flagged.
    public(package) fun is_overdue(self: &JobRecord, stalled_at: u64, now: u64): bool {
        if (self.state == PENDING) now >= self.accept_by
        else if (self.state == ACCEPTED) now >= self.start_by
        else stalled_at != 0 && now >= stalled_at + self.rules.stall_grace_secs()
    }

    /// `(counts, completed, failed, expired)` for the provider's record. The first is false for what says nothing about
    /// it: the buyer's change of mind, and an order nobody took. A failure before the start counts where the provider
    /// took the order from others. `paid`: gross.
    public(package) fun verdict(self: &JobRecord, paid: u64): (bool, bool, bool, bool) {
        let counts = self.start_by != 0 && self.outcome != CANCELLED;
        let completed = self.outcome == COMPLETED && paid > 0 && !self.faulted;
        let failed = self.outcome == FAILED && (self.has_started() || self.is_open);
        (counts, completed, failed, self.outcome == EXPIRED)
    }

    public(package) fun terms(self: &JobRecord): &Terms {
        &self.terms
    }

    public(package) fun is_open(self: &JobRecord): bool {
        self.is_open
    }

    public(package) fun terms_hash(self: &JobRecord): vector<u8> {
        self.terms_hash
    }

    public(package) fun rules(self: &JobRecord): &JobRules {
        &self.rules
    }

    public(package) fun gpu_mask(self: &JobRecord): u64 {
        self.gpu_mask
    }

    public(package) fun devices(self: &JobRecord): vector<vector<u8>> {
        self.devices
    }

    public(package) fun output(self: &JobRecord): &Output {
        &self.output
    }

    public(package) fun has_case(self: &JobRecord): bool {
        self.case_until != 0
    }

    public(package) fun is_faulted(self: &JobRecord): bool {
        self.faulted
    }

    #[test_only]
    /// `(state, outcome)`
    public fun states(self: &JobRecord): (u8, u8) {
        (self.state, self.outcome)
    }

    /// Until when a job that ends now keeps its provider's stake in reach: while it can be proven or challenged, and
    /// while evidence about it can be found. 0 if it never ran.
    public(package) fun liable_until(self: &JobRecord, now: u64): u64 {
        if (!self.has_started()) return 0;
        let until = now + self.rules.reclaim_after_secs();
        if (self.claim_until > until) until = self.claim_until;
        if (self.challenge_until > until) self.challenge_until else until
    }

    // === Private ===

    fun end(self: &mut JobRecord, state: u8, now: u64) {
        self.state = state;
        self.ended_at = now;
    }
}
