/// The payment stream of a running job: how many seconds are proven, what they earn, what has been paid.
/// It doesn't know why a job ends or who may end it: the facade above says when.
///
///     open --> running ------------ end --> ended (wall time stands still) --close--> closed
///               |  ^ +--------------------------- close -------------------------------^
///  flag_stalled v  | new seconds proven
///              stalled
///
/// Between `open` and `close` anyone may bring the provider's newest attestation; nobody can be paid before or after.
///
///     billed = min(attested, wall, funded)     acc += rate * (billed - billed before)
///     earned = floor(acc / 3600)               due = earned - paid
///     fee    = floor(earned * fee_bps / 10000) - fee paid
///
/// `funded` bounds `acc` by `deposited * 3600`, so a stream can't owe what it doesn't hold. The remainder of every
/// division stays in `acc`: settling a thousand times pays exactly what settling once pays.
module computestream::payment_stream {
    use std::signer;
    use aptos_framework::event;
    use aptos_framework::timestamp;
    use computestream::attestation::{Self, Claim};
    use computestream::escrow;

    // === Errors ===

    /// This job has no payment stream: it hasn't started.
    const E_NO_STREAM: u64 = 1;
    /// This stream is closed: everything it could pay has been paid.
    const E_STREAM_CLOSED: u64 = 2;
    /// The lists of a batch must be of one length.
    const E_BATCH_LENGTHS: u64 = 3;
    /// The stream is flagged already: wait for the provider's answer or expire the job.
    const E_ALREADY_STALLED: u64 = 4;
    /// The stream made progress within the stall window: it isn't stalled.
    const E_STILL_PROGRESSING: u64 = 5;
    /// The asset's issuer has frozen or taken the escrowed money: ask the issuer to restore it.
    const E_ESCROW_UNAVAILABLE: u64 = 6;

    // === Constants ===

    const SECONDS_PER_HOUR: u128 = 3_600;
    const BPS: u128 = 10_000;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Stream has key {
        payer: address,
        payee: address,
        treasury: address,
        asset: address,
        attest_key: vector<u8>,
        terms_hash: vector<u8>,
        rate_per_hour: u64,
        deposited: u64,
        max_duration_secs: u64,
        fee_bps: u64,
        started_at: u64,
        /// 0 while running.
        ended_at: u64,
        /// Watermark of the attestations: neither ever falls.
        seq: u64,
        seconds_attested: u64,
        seconds_billed: u64,
        /// Base units times 3600.
        acc: u128,
        /// Gross of fees, cumulative.
        paid: u64,
        fee_paid: u64,
        last_progress_at: u64,
        /// 0 when not flagged.
        stalled_at: u64,
        closed: bool
    }

    struct StreamView has copy, drop, store {
        job: address,
        payer: address,
        payee: address,
        asset: address,
        rate_per_hour: u64,
        deposited: u64,
        max_duration_secs: u64,
        started_at: u64,
        ended_at: u64,
        seq: u64,
        seconds_attested: u64,
        seconds_billed: u64,
        paid: u64,
        fee_paid: u64,
        fee_bps: u64,
        balance: u64,
        last_progress_at: u64,
        stalled_at: u64,
        closed: bool
    }

    /// What a settlement would change, worked out before anything is touched.
    struct Accrual has drop {
        seconds_billed: u64,
        acc: u128,
        due: u64,
        fee_due: u64
    }

    // === Events ===

    #[event]
    struct StreamOpened has drop, store {
        job: address,
        payer: address,
        payee: address,
        asset: address,
        rate_per_hour: u64,
        deposited: u64,
        fee_bps: u64,
        max_duration_secs: u64,
        started_at: u64,
        timestamp: u64
    }

    #[event]
    struct StreamSettled has drop, store {
        job: address,
        payee: address,
        keeper: address,
        seq: u64,
        seconds_attested: u64,
        seconds_billed: u64,
        amount: u64,
        fee: u64,
        paid: u64,
        fee_paid: u64,
        balance: u64,
        timestamp: u64
    }

    #[event]
    struct SettlementSkipped has drop, store {
        job: address,
        keeper: address,
        code: u64,
        timestamp: u64
    }

    #[event]
    struct StreamClosed has drop, store {
        job: address,
        seconds_billed: u64,
        paid: u64,
        fee_paid: u64,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_stream(job: address): StreamView acquires Stream {
        assert!(exists<Stream>(job), E_NO_STREAM);
        let s = &Stream[job];
        StreamView {
            job,
            payer: s.payer,
            payee: s.payee,
            asset: s.asset,
            rate_per_hour: s.rate_per_hour,
            deposited: s.deposited,
            max_duration_secs: s.max_duration_secs,
            started_at: s.started_at,
            ended_at: s.ended_at,
            seq: s.seq,
            seconds_attested: s.seconds_attested,
            seconds_billed: s.seconds_billed,
            paid: s.paid,
            fee_paid: s.fee_paid,
            fee_bps: s.fee_bps,
            balance: escrow::balance(job),
            last_progress_at: s.last_progress_at,
            stalled_at: s.stalled_at,
            closed: s.closed
        }
    }

    #[view]
    /// The streams of `jobs` in their order; jobs without one are left out.
    public fun get_streams(jobs: vector<address>): vector<StreamView> acquires Stream {
        let streams = vector[];
        jobs.for_each(
            |job| {
                if (exists<Stream>(job)) streams.push_back(get_stream(job));
            }
        );
        streams
    }

    // === Entry ===

    /// Brings the newest attestation of a job and pays what it makes due. Anyone may; with nothing due there is an
    /// event only if a stall flag is cleared. Aborts with the code of the first check that fails.
    public entry fun process_payment(
        keeper: &signer,
        job: address,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    ) acquires Stream {
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        assert_ok(try_settle(job, signer::address_of(keeper), &claim));
    }

    /// `process_payment` for many: an entry that would abort is skipped with an event that carries its code.
    public entry fun process_payments(
        keeper: &signer,
        jobs: vector<address>,
        seqs: vector<u64>,
        seconds_cums: vector<u64>,
        t_lasts: vector<u64>,
        log_roots: vector<vector<u8>>,
        signatures: vector<vector<u8>>
    ) acquires Stream {
        let count = jobs.length();
        assert!(
            seqs.length() == count
                && seconds_cums.length() == count
                && t_lasts.length() == count
                && log_roots.length() == count
                && signatures.length() == count,
            E_BATCH_LENGTHS
        );
        let keeper = signer::address_of(keeper);
        let i = 0;
        while (i < count) {
            let claim =
                attestation::new_claim(
                    seqs[i],
                    seconds_cums[i],
                    t_lasts[i],
                    log_roots[i],
                    signatures[i]
                );
            let code = try_settle(jobs[i], keeper, &claim);
            if (code != 0) {
                event::emit(
                    SettlementSkipped {
                        job: jobs[i],
                        keeper,
                        code,
                        timestamp: timestamp::now_seconds()
                    }
                );
            };
            i = i + 1;
        };
    }

    // === Package ===

    /// Opens the stream of a job whose escrow holds `deposited`; every term is fixed from here on.
    public(package) fun open(
        job: address,
        payer: address,
        payee: address,
        treasury: address,
        asset: address,
        attest_key: vector<u8>,
        terms_hash: vector<u8>,
        rate_per_hour: u64,
        deposited: u64,
        max_duration_secs: u64,
        fee_bps: u64
    ) {
        let now = timestamp::now_seconds();
        move_to(
            &escrow::job_signer(job),
            Stream {
                payer,
                payee,
                treasury,
                asset,
                attest_key,
                terms_hash,
                rate_per_hour,
                deposited,
                max_duration_secs,
                fee_bps,
                started_at: now,
                ended_at: 0,
                seq: 0,
                seconds_attested: 0,
                seconds_billed: 0,
                acc: 0,
                paid: 0,
                fee_paid: 0,
                last_progress_at: now,
                stalled_at: 0,
                closed: false
            }
        );
        event::emit(
            StreamOpened {
                job,
                payer,
                payee,
                asset,
                rate_per_hour,
                deposited,
                fee_bps,
                max_duration_secs,
                started_at: now,
                timestamp: now
            }
        );
    }

    /// The attestation that comes with an ending. An empty one means "nothing new"; a genuine one that a keeper
    /// has overtaken is nothing new either, so a busy keeper can't make an ending abort. Any other fault aborts.
    public(package) fun settle_last(job: address, keeper: address, claim: &Claim) acquires Stream {
        if (claim.is_empty()) return;
        let code = try_settle(job, keeper, claim);
        if (!attestation::is_old_news(code)) assert_ok(code);
    }

    /// Stops the wall clock, pays what is proven and refunds what can't be earned any more. What stays is exactly
    /// the worth of the seconds that ran but aren't proven yet. Returns whether all of them are.
    public(package) fun end(job: address, keeper: address): bool acquires Stream {
        let s = &mut Stream[job];
        s.ended_at = timestamp::now_seconds();
        s.settle_proven(job, keeper);
        let reachable = s.earned_by(s.billable_limit(s.ended_at));
        escrow::refund(job, s.payer, s.deposited - reachable);
        s.is_proven()
    }

    /// Pays what is proven, refunds the rest and closes for good. Returns `(seconds_billed, paid, fee_paid)`,
    /// `paid` gross of `fee_paid`.
    public(package) fun close(job: address, keeper: address): (u64, u64, u64) acquires Stream {
        let now = timestamp::now_seconds();
        let s = &mut Stream[job];
        if (s.ended_at == 0) s.ended_at = now;
        s.settle_proven(job, keeper);
        s.closed = true;
        escrow::refund(job, s.payer, escrow::balance(job));
        event::emit(
            StreamClosed {
                job,
                seconds_billed: s.seconds_billed,
                paid: s.paid,
                fee_paid: s.fee_paid,
                timestamp: now
            }
        );
        (s.seconds_billed, s.paid, s.fee_paid)
    }

    /// True once every second that ran and is funded is proven.
    public(package) fun is_fully_proven(job: address): bool acquires Stream {
        Stream[job].is_proven()
    }

    /// Marks a stream without progress for `stall_after_secs`.
    public(package) fun flag_stalled(job: address, stall_after_secs: u64) acquires Stream {
        let now = timestamp::now_seconds();
        let s = &mut Stream[job];
        assert!(s.stalled_at == 0, E_ALREADY_STALLED);
        assert!(now >= s.last_progress_at + stall_after_secs, E_STILL_PROGRESSING);
        s.stalled_at = now;
    }

    /// 0 when not flagged.
    public(package) fun stalled_at(job: address): u64 acquires Stream {
        Stream[job].stalled_at
    }

    public(package) fun is_open(job: address): bool acquires Stream {
        exists<Stream>(job) && !Stream[job].closed
    }

    // === Private ===

    fun assert_ok(code: u64) {
        attestation::assert_ok(code);
        assert!(code == 0, code);
    }

    /// Checks, then settles up to the claim. Returns 0, or the code of the failed check with nothing changed.
    fun try_settle(job: address, keeper: address, claim: &Claim): u64 acquires Stream {
        if (!exists<Stream>(job)) return E_NO_STREAM;
        let s = &mut Stream[job];
        if (s.closed) return E_STREAM_CLOSED;
        let code =
            attestation::check(
                claim,
                s.attest_key,
                job,
                s.terms_hash,
                s.started_at,
                s.seq,
                s.seconds_attested
            );
        if (code != 0) return code;
        let now = timestamp::now_seconds();
        let seconds_attested = claim.seconds_cum();
        let accrual = s.accrue(seconds_attested, now);
        if (!escrow::can_release(job, accrual.due)) return E_ESCROW_UNAVAILABLE;

        s.seq = claim.seq();
        let clears_flag = false;
        if (seconds_attested > s.seconds_attested) {
            clears_flag = s.stalled_at != 0;
            s.seconds_attested = seconds_attested;
            s.last_progress_at = now;
            s.stalled_at = 0;
        };
        s.pay(job, keeper, accrual, clears_flag);
        0
    }

    fun settle_proven(self: &mut Stream, job: address, keeper: address) {
        let accrual = self.accrue(self.seconds_attested, timestamp::now_seconds());
        self.pay(job, keeper, accrual, false);
    }

    /// `must_tell` is for a change that a reader of events has to learn of though no money moves.
    fun pay(
        self: &mut Stream,
        job: address,
        keeper: address,
        accrual: Accrual,
        must_tell: bool
    ) {
        let Accrual { seconds_billed, acc, due, fee_due } = accrual;
        self.seconds_billed = seconds_billed;
        self.acc = acc;
        if (due == 0 && !must_tell) return;
        self.paid = self.paid + due;
        self.fee_paid = self.fee_paid + fee_due;
        let balance =
            escrow::release(job, self.payee, due - fee_due, self.treasury, fee_due);
        event::emit(
            StreamSettled {
                job,
                payee: self.payee,
                keeper,
                seq: self.seq,
                seconds_attested: self.seconds_attested,
                seconds_billed,
                amount: due,
                fee: fee_due,
                paid: self.paid,
                fee_paid: self.fee_paid,
                balance,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// `billed` never falls: chain time, the watermark and the funded limit don't.
    fun accrue(self: &Stream, seconds_attested: u64, now: u64): Accrual {
        let seconds_billed = min(seconds_attested, self.billable_limit(now));
        let new_seconds = seconds_billed - self.seconds_billed;
        let acc = self.acc + (self.rate_per_hour as u128) * (new_seconds as u128);
        let earned = acc / SECONDS_PER_HOUR;
        Accrual {
            seconds_billed,
            acc,
            due: (earned as u64) - self.paid,
            fee_due: ((earned * (self.fee_bps as u128) / BPS) as u64) - self.fee_paid
        }
    }

    /// The most seconds that could be billed by `now`: `min(wall, funded)`.
    fun billable_limit(self: &Stream, now: u64): u64 {
        let end = if (self.ended_at == 0) now else self.ended_at;
        min(end - self.started_at, self.funded_secs())
    }

    fun funded_secs(self: &Stream): u64 {
        if (self.rate_per_hour == 0) return self.max_duration_secs;
        let secs =
            (self.deposited as u128) * SECONDS_PER_HOUR / (self.rate_per_hour as u128);
        if (secs < (self.max_duration_secs as u128)) (secs as u64)
        else self.max_duration_secs
    }

    /// What `secs` earn in all, at the constant rate streams have today.
    fun earned_by(self: &Stream, secs: u64): u64 {
        ((self.rate_per_hour as u128) * (secs as u128) / SECONDS_PER_HOUR) as u64
    }

    fun is_proven(self: &Stream): bool {
        self.seconds_billed == self.billable_limit(self.ended_at)
    }

    fun min(a: u64, b: u64): u64 {
        if (a < b) a else b
    }
}
