/// The payment stream of a running job: how many seconds are proven, what has been paid and to whom.
/// It doesn't know why a job ends or who may end it: the facade above says when. The arithmetic is `meter`'s.
///
///     open --> running ---- end --> ended (wall time stands still) ---- close --> closed --destroy--> gone
///               |  ^ |                |                                  ^
///  flag_stalled v  | | seal      seal v                                  |
///              stalled +---------> sealed (no attestation counts) -------+
///
/// Until it is sealed or closed anyone may bring the provider's newest attestation; nobody is paid before or after.
/// What is earned but held for the buyer leaves with the buyer's agreement or with the close.
module computestream::payment_stream {
    use std::signer;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;
    use computestream::attestation::{Self, Claim};
    use computestream::escrow;
    use computestream::meter::{Self, Due, Meter};
    use computestream::payout::{Self, Payout};

    // === Errors ===

    /// This job has no payment stream: it hasn't started.
    const E_NO_STREAM: u64 = 1;
    /// This stream is sealed or closed: no attestation counts any more.
    const E_STREAM_CLOSED: u64 = 2;
    /// The lists of a batch must be of one length.
    const E_BATCH_LENGTHS: u64 = 3;
    /// The stream is flagged already: wait for the provider's answer or expire the job.
    const E_ALREADY_STALLED: u64 = 4;
    /// The stream made progress within the stall window: it isn't stalled.
    const E_STILL_PROGRESSING: u64 = 5;
    /// The asset's issuer has frozen or taken the escrowed money: ask the issuer to restore it.
    const E_ESCROW_UNAVAILABLE: u64 = 6;
    /// More is awarded than is still unreleased: award at most that.
    const E_AWARD_TOO_HIGH: u64 = 7;
    /// At this rate the deposit doesn't pay for what has run already: add to the deposit first.
    const E_RATE_NOT_FUNDED: u64 = 8;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Stream has key {
        payer: address,
        payee: address,
        treasury: address,
        asset: address,
        attest_key: vector<u8>,
        /// Empty without countersignatures.
        buyer_key: vector<u8>,
        terms_hash: vector<u8>,
        meter: Meter,
        started_at: u64,
        /// 0 while running.
        ended_at: u64,
        /// Watermark of the attestations; never falls.
        seq: u64,
        last_progress_at: u64,
        /// 0 when not flagged.
        stalled_at: u64,
        sealed: bool,
        closed: bool
    }

    struct StreamView has copy, drop, store {
        job: address,
        payer: address,
        payee: address,
        asset: address,
        attest_key: vector<u8>,
        rate_per_hour: u64,
        deposited: u64,
        max_duration_secs: u64,
        funded_secs: u64,
        holdback_secs: u64,
        started_at: u64,
        ended_at: u64,
        seq: u64,
        seconds_attested: u64,
        seconds_confirmed: u64,
        seconds_billed: u64,
        earned: u64,
        paid: u64,
        fee_paid: u64,
        keeper_paid: u64,
        fee_bps: u64,
        keeper_share_bps: u64,
        balance: u64,
        last_progress_at: u64,
        stalled_at: u64,
        sealed: bool,
        closed: bool
    }

    /// One transaction's settlements: who signed it, when, and what it has to pay out at its end.
    struct Till {
        keeper: address,
        now: u64,
        payout: Payout,
        /// The asset last asked about, and whether the keeper has a store for it: a batch is mostly of one asset.
        keeper_asset: address,
        keeper_has_store: bool
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
        keeper_share_bps: u64,
        max_duration_secs: u64,
        holdback_secs: u64,
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
        seconds_confirmed: u64,
        seconds_billed: u64,
        amount: u64,
        fee: u64,
        keeper_fee: u64,
        paid: u64,
        fee_paid: u64,
        keeper_paid: u64,
        balance: u64,
        timestamp: u64
    }

    #[event]
    struct StreamExtended has drop, store {
        job: address,
        max_duration_secs: u64,
        deposited: u64,
        funded_secs: u64,
        balance: u64,
        timestamp: u64
    }

    #[event]
    struct StreamRateChanged has drop, store {
        job: address,
        rate_per_hour: u64,
        changed_by: address,
        seconds_billed: u64,
        funded_secs: u64,
        timestamp: u64
    }

    #[event]
    struct StreamSealed has drop, store {
        job: address,
        seconds_billed: u64,
        unreleased: u64,
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
        keeper_paid: u64,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_stream(job: address): StreamView acquires Stream {
        assert!(exists<Stream>(job), E_NO_STREAM);
        let s = &Stream[job];
        let m = &s.meter;
        StreamView {
            job,
            payer: s.payer,
            payee: s.payee,
            asset: s.asset,
            attest_key: s.attest_key,
            rate_per_hour: m.rate_per_hour(),
            deposited: m.deposited(),
            max_duration_secs: m.max_duration_secs(),
            funded_secs: m.funded_secs(),
            holdback_secs: m.holdback_secs(),
            started_at: s.started_at,
            ended_at: s.ended_at,
            seq: s.seq,
            seconds_attested: m.seconds_attested(),
            seconds_confirmed: m.seconds_confirmed(),
            seconds_billed: m.seconds_billed(),
            earned: m.earned(),
            paid: m.paid(),
            fee_paid: m.fee_paid(),
            keeper_paid: m.keeper_paid(),
            fee_bps: m.fee_bps(),
            keeper_share_bps: m.keeper_share_bps(),
            balance: escrow::balance(job),
            last_progress_at: s.last_progress_at,
            stalled_at: s.stalled_at,
            sealed: s.sealed,
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

    #[view]
    /// `(amount, fee)` that a settlement would pay at `now` with `seconds_attested` proven.
    public fun quote_settlement(
        job: address, seconds_attested: u64, now: u64
    ): (u64, u64) acquires Stream {
        assert!(exists<Stream>(job), E_NO_STREAM);
        let s = &Stream[job];
        if (s.sealed || s.closed) return (0, 0);
        let meter = s.meter;
        meter.attest(seconds_attested);
        meter.advance(s.wall_secs(now));
        let due = meter.collect();
        (due.amount(), due.fee())
    }

    // === Entry ===

    /// Brings the newest attestation of a job and pays what it makes due. Anyone may; with nothing due there is an
    /// event only if a stall flag is cleared or seconds are confirmed. Aborts with the code of the first check that
    /// fails. An empty `countersignature` means that the buyer didn't sign.
    public entry fun process_payment(
        keeper: &signer,
        job: address,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>,
        countersignature: vector<u8>
    ) acquires Stream {
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        let till = open_till(signer::address_of(keeper));
        assert_ok(try_settle(job, &mut till, &claim, &countersignature));
        till.pay_all();
    }

    /// `process_payment` for many: an entry that would abort is skipped with an event that carries its code. The list
    /// of countersignatures may be empty. Receivers are paid at the end, once each.
    public entry fun process_payments(
        keeper: &signer,
        jobs: vector<address>,
        seqs: vector<u64>,
        seconds_cums: vector<u64>,
        t_lasts: vector<u64>,
        log_roots: vector<vector<u8>>,
        signatures: vector<vector<u8>>,
        countersignatures: vector<vector<u8>>
    ) acquires Stream {
        let count = jobs.length();
        let has_countersignatures = !countersignatures.is_empty();
        assert!(
            seqs.length() == count
                && seconds_cums.length() == count
                && t_lasts.length() == count
                && log_roots.length() == count
                && signatures.length() == count
                && (!has_countersignatures || countersignatures.length() == count),
            E_BATCH_LENGTHS
        );
        // Popping from the back hands each entry over without a copy.
        seqs.reverse();
        seconds_cums.reverse();
        t_lasts.reverse();
        log_roots.reverse();
        signatures.reverse();
        countersignatures.reverse();
        let till = open_till(signer::address_of(keeper));
        jobs.for_each(|job| {
            let claim =
                attestation::new_claim(
                    seqs.pop_back(),
                    seconds_cums.pop_back(),
                    t_lasts.pop_back(),
                    log_roots.pop_back(),
                    signatures.pop_back()
                );
            let countersignature =
                if (has_countersignatures) countersignatures.pop_back() else vector[];
            let code = try_settle(job, &mut till, &claim, &countersignature);
            if (code != 0) {
                event::emit(
                    SettlementSkipped { job, keeper: till.keeper, code, timestamp: till.now }
                );
            };
        });
        till.pay_all();
    }

    // === Package ===

    /// Opens the stream of a job whose escrow holds `deposited`. Fees, receivers and keys are fixed from here on.
    public(package) fun open(
        job: address,
        payer: address,
        payee: address,
        treasury: address,
        asset: Object<Metadata>,
        attest_key: vector<u8>,
        buyer_key: vector<u8>,
        terms_hash: vector<u8>,
        rate_per_hour: u64,
        deposited: u64,
        max_duration_secs: u64,
        holdback_secs: u64,
        fee_bps: u64,
        keeper_share_bps: u64
    ) {
        // A settlement is paid for by its keeper and must never have to make a store.
        primary_fungible_store::ensure_primary_store_exists(payee, asset);
        primary_fungible_store::ensure_primary_store_exists(treasury, asset);
        let now = timestamp::now_seconds();
        let asset = object::object_address(&asset);
        move_to(
            &escrow::job_signer(job),
            Stream {
                payer,
                payee,
                treasury,
                asset,
                attest_key,
                buyer_key,
                terms_hash,
                meter: meter::new(
                    rate_per_hour,
                    deposited,
                    max_duration_secs,
                    holdback_secs,
                    fee_bps,
                    keeper_share_bps
                ),
                started_at: now,
                ended_at: 0,
                seq: 0,
                last_progress_at: now,
                stalled_at: 0,
                sealed: false,
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
                keeper_share_bps,
                max_duration_secs,
                holdback_secs,
                started_at: now,
                timestamp: now
            }
        );
    }

    /// The attestation that comes with an ending. An empty one means "nothing new"; a genuine one that a keeper
    /// has overtaken is nothing new either, so a busy keeper can't make an ending abort. Any other fault aborts.
    public(package) fun settle_last(job: address, keeper: address, claim: &Claim) acquires Stream {
        if (claim.is_empty()) return;
        let till = open_till(keeper);
        let code = try_settle(job, &mut till, claim, &vector[]);
        if (!attestation::is_old_news(code)) assert_ok(code);
        till.pay_all();
    }

    /// Buys time, money or both. Pays what is proven first.
    public(package) fun extend(
        job: address,
        payer: &signer,
        added_secs: u64,
        added_deposit: u64
    ) acquires Stream {
        let s = &mut Stream[job];
        s.settle_proven(job, signer::address_of(payer));
        escrow::top_up(job, payer, added_deposit);
        s.meter.extend(added_secs, added_deposit);

        event::emit(
            StreamExtended {
                job,
                max_duration_secs: s.meter.max_duration_secs(),
                deposited: s.meter.deposited(),
                funded_secs: s.meter.funded_secs(),
                balance: escrow::balance(job),
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// Every second not billed yet gets the new rate. Pays what is proven at the old one first. A raise must leave
    /// the provider at least what it could still have proven: else a raise beyond the deposit would take it.
    public(package) fun change_rate(
        job: address, keeper: address, rate_per_hour: u64
    ) acquires Stream {
        let now = timestamp::now_seconds();
        let s = &mut Stream[job];
        s.settle_proven(job, keeper);
        let wall_secs = s.wall_secs(now);
        let is_raise = rate_per_hour > s.meter.rate_per_hour();
        let reachable = s.meter.reachable(wall_secs);
        s.meter.set_rate(rate_per_hour);
        assert!(
            !is_raise || s.meter.reachable(wall_secs) >= reachable,
            E_RATE_NOT_FUNDED
        );

        event::emit(
            StreamRateChanged {
                job,
                rate_per_hour,
                changed_by: keeper,
                seconds_billed: s.meter.seconds_billed(),
                funded_secs: s.meter.funded_secs(),
                timestamp: now
            }
        );
    }

    /// Stops the wall clock, pays what is proven and refunds what can't be earned any more. What stays is what the
    /// buyer's agreement holds and, if the provider may still prove them, the worth of the seconds that ran but
    /// aren't proven yet. Returns whether nothing is left to prove, and what is earned but not paid.
    public(package) fun end(
        job: address, keeper: address, may_prove: bool
    ): (bool, u64) acquires Stream {
        let s = &mut Stream[job];
        s.stop();
        if (!may_prove) return (true, s.seal_at(job, keeper));
        s.settle_proven(job, keeper);
        let wall_secs = s.wall_secs(s.ended_at);
        s.refund_all_but(job, s.meter.reachable(wall_secs) - s.meter.paid());
        (s.meter.is_proven(wall_secs), s.meter.unreleased())
    }

    /// No attestation counts any more. Pays what is proven and not held, refunds what isn't earned, and returns what
    /// stays: earned but not paid. A second call changes nothing.
    public(package) fun seal(job: address, keeper: address): u64 acquires Stream {
        let s = &mut Stream[job];
        s.seal_at(job, keeper)
    }

    /// The buyer agrees to every second proven so far: nothing of them is held any more.
    public(package) fun confirm(job: address, keeper: address) acquires Stream {
        let s = &mut Stream[job];
        let meter = s.meter;
        let secs = meter.seconds_attested();
        let confirms = secs > meter.seconds_confirmed();
        meter.confirm(secs);
        meter.advance(s.wall_secs(timestamp::now_seconds()));
        let due = meter.collect();
        s.pay_at_once(job, keeper, meter, due, confirms);
    }

    /// Bills what is proven, pays all that is earned, held or not, refunds the rest and closes for good. Returns
    /// `(seconds_billed, paid, fee_paid, deposited)`, `paid` gross of `fee_paid`.
    public(package) fun close(job: address, keeper: address): (u64, u64, u64, u64) acquires Stream {
        let s = &mut Stream[job];
        s.stop();
        let meter = s.meter;
        meter.advance(s.wall_secs(s.ended_at));
        let unreleased = meter.unreleased();
        let due = meter.award(unreleased);
        s.close_with(job, keeper, meter, due)
    }

    /// Closes as `close`, but pays `award` of what is unreleased and bills nothing more.
    public(package) fun close_with_award(
        job: address, keeper: address, award: u64
    ): (u64, u64, u64, u64) acquires Stream {
        let s = &mut Stream[job];
        let meter = s.meter;
        assert!(award <= meter.unreleased(), E_AWARD_TOO_HIGH);
        s.stop();
        let due = meter.award(award);
        s.close_with(job, keeper, meter, due)
    }

    /// Marks a stream without progress for `stall_after_secs`.
    public(package) fun flag_stalled(job: address, stall_after_secs: u64) acquires Stream {
        let now = timestamp::now_seconds();
        let s = &mut Stream[job];
        assert!(s.stalled_at == 0, E_ALREADY_STALLED);
        assert!(now >= s.last_progress_at + stall_after_secs, E_STILL_PROGRESSING);
        s.stalled_at = now;
    }

    /// Takes the stream off the job's object, if there is one.
    public(package) fun destroy(job: address) acquires Stream {
        if (exists<Stream>(job)) {
            let Stream {
                payer: _,
                payee: _,
                treasury: _,
                asset: _,
                attest_key: _,
                buyer_key: _,
                terms_hash: _,
                meter: _,
                started_at: _,
                ended_at: _,
                seq: _,
                last_progress_at: _,
                stalled_at: _,
                sealed: _,
                closed: _
            } = move_from<Stream>(job);
        };
    }

    public(package) fun exists_at(job: address): bool {
        exists<Stream>(job)
    }

    public(package) fun is_open(job: address): bool acquires Stream {
        exists<Stream>(job) && !Stream[job].closed
    }

    public(package) fun rate_per_hour(job: address): u64 acquires Stream {
        Stream[job].meter.rate_per_hour()
    }

    public(package) fun max_duration_secs(job: address): u64 acquires Stream {
        Stream[job].meter.max_duration_secs()
    }

    /// True if the deposit pays for the whole maximum duration.
    public(package) fun is_covered(job: address): bool acquires Stream {
        Stream[job].meter.is_covered()
    }

    /// What is earned and still in the escrow.
    public(package) fun unreleased(job: address): u64 acquires Stream {
        let s = &Stream[job];
        if (s.closed) 0 else s.meter.unreleased()
    }

    /// True once no attestation can add anything: sealed, or every second that ran and is funded is proven.
    public(package) fun is_fully_proven(job: address): bool acquires Stream {
        let s = &Stream[job];
        s.sealed || s.meter.is_proven(s.wall_secs(timestamp::now_seconds()))
    }

    public(package) fun started_at(job: address): u64 acquires Stream {
        Stream[job].started_at
    }

    /// 0 while running.
    public(package) fun ended_at(job: address): u64 acquires Stream {
        Stream[job].ended_at
    }

    /// 0 when not flagged.
    public(package) fun stalled_at(job: address): u64 acquires Stream {
        Stream[job].stalled_at
    }

    /// 0 if the stream's attestation key signed `claim`, else the code of the first check it fails.
    public(package) fun check_signed(job: address, claim: &Claim): u64 acquires Stream {
        if (!exists<Stream>(job)) return E_NO_STREAM;
        let s = &Stream[job];
        attestation::check_signature(claim, s.attest_key, job, s.terms_hash)
    }

    // === Private ===

    fun assert_ok(code: u64) {
        attestation::assert_ok(code);
        assert!(code == 0, code);
    }

    /// Checks, then settles up to the claim. Returns 0, or the code of the failed check with nothing changed.
    fun try_settle(
        job: address,
        till: &mut Till,
        claim: &Claim,
        countersignature: &vector<u8>
    ): u64 acquires Stream {
        if (!exists<Stream>(job)) return E_NO_STREAM;
        let s = &mut Stream[job];
        if (s.sealed || s.closed) return E_STREAM_CLOSED;
        let meter = s.meter;
        let code =
            attestation::check(
                claim,
                s.attest_key,
                job,
                s.terms_hash,
                s.started_at,
                s.seq,
                meter.seconds_attested()
            );
        if (code != 0) return code;
        let secs = claim.seconds_cum();
        let progresses = secs > meter.seconds_attested();
        let must_tell = progresses && s.stalled_at != 0;
        meter.attest(secs);
        if (!countersignature.is_empty()) {
            if (!attestation::is_countersigned(
                claim, countersignature, s.buyer_key, job, s.terms_hash
            )) return attestation::bad_countersignature();
            must_tell = must_tell || secs > meter.seconds_confirmed();
            meter.confirm(secs);
        };
        meter.advance(s.wall_secs(till.now));
        let due = meter.collect();
        if (!escrow::can_release(job, due.amount())) return E_ESCROW_UNAVAILABLE;

        s.seq = claim.seq();
        if (progresses) {
            s.last_progress_at = till.now;
            s.stalled_at = 0;
        };
        s.pay(job, till, meter, due, must_tell);
        0
    }

    fun settle_proven(self: &mut Stream, job: address, keeper: address) {
        let meter = self.meter;
        meter.advance(self.wall_secs(timestamp::now_seconds()));
        let due = meter.collect();
        self.pay_at_once(job, keeper, meter, due, false);
    }

    /// `pay` for what is no batch: aborts if the escrow can't pay.
    fun pay_at_once(
        self: &mut Stream,
        job: address,
        keeper: address,
        meter: Meter,
        due: Due,
        must_tell: bool
    ) {
        assert!(escrow::can_release(job, due.amount()), E_ESCROW_UNAVAILABLE);
        let till = open_till(keeper);
        self.pay(job, &mut till, meter, due, must_tell);
        till.pay_all();
    }

    /// Takes what is due from the escrow, shares it out and keeps the meter that worked it out. `must_tell` is for a
    /// change that a reader of events has to learn of though no money moves.
    fun pay(
        self: &mut Stream,
        job: address,
        till: &mut Till,
        meter: Meter,
        due: Due,
        must_tell: bool
    ) {
        let amount = due.amount();
        if (amount > 0) {
            let funds = escrow::take(job, amount);
            let asset = fungible_asset::asset_metadata(&funds);
            if (due.keeper_fee() > 0 && !till.pays_keeper(asset)) {
                meter.leave_keeper_fee(&mut due);
            };
            let keeper_fee = due.keeper_fee();
            till.payout.add_split(
                self.treasury,
                due.fee() - keeper_fee,
                till.keeper,
                keeper_fee,
                self.payee,
                funds
            );
        };
        self.meter = meter;
        if (amount == 0 && !must_tell) return;

        event::emit(
            StreamSettled {
                job,
                payee: self.payee,
                keeper: till.keeper,
                seq: self.seq,
                seconds_attested: meter.seconds_attested(),
                seconds_confirmed: meter.seconds_confirmed(),
                seconds_billed: meter.seconds_billed(),
                amount,
                fee: due.fee(),
                keeper_fee: due.keeper_fee(),
                paid: meter.paid(),
                fee_paid: meter.fee_paid(),
                keeper_paid: meter.keeper_paid(),
                balance: escrow::balance(job),
                timestamp: till.now
            }
        );
    }

    fun stop(self: &mut Stream) {
        if (self.ended_at == 0) self.ended_at = timestamp::now_seconds();
    }

    fun seal_at(self: &mut Stream, job: address, keeper: address): u64 {
        if (!self.sealed) {
            self.stop();
            self.settle_proven(job, keeper);
            self.sealed = true;
            self.refund_all_but(job, self.meter.unreleased());

            event::emit(
                StreamSealed {
                    job,
                    seconds_billed: self.meter.seconds_billed(),
                    unreleased: self.meter.unreleased(),
                    timestamp: timestamp::now_seconds()
                }
            );
        };
        self.meter.unreleased()
    }

    fun close_with(
        self: &mut Stream,
        job: address,
        keeper: address,
        meter: Meter,
        due: Due
    ): (u64, u64, u64, u64) {
        self.closed = true;
        self.pay_at_once(job, keeper, meter, due, false);
        self.refund_all_but(job, 0);

        let m = &self.meter;
        event::emit(
            StreamClosed {
                job,
                seconds_billed: m.seconds_billed(),
                paid: m.paid(),
                fee_paid: m.fee_paid(),
                keeper_paid: m.keeper_paid(),
                timestamp: timestamp::now_seconds()
            }
        );
        (m.seconds_billed(), m.paid(), m.fee_paid(), m.deposited())
    }

    fun refund_all_but(self: &Stream, job: address, kept: u64) {
        escrow::refund(job, self.payer, escrow::balance(job) - kept);
    }

    /// Seconds between the start and `now`, or the end. Zero for a quote from before the start.
    fun wall_secs(self: &Stream, now: u64): u64 {
        let until = if (self.ended_at == 0 || now < self.ended_at) now else self.ended_at;
        if (until < self.started_at) 0 else until - self.started_at
    }

    fun open_till(keeper: address): Till {
        Till {
            keeper,
            now: timestamp::now_seconds(),
            payout: payout::new(),
            keeper_asset: @0x0,
            keeper_has_store: false
        }
    }

    fun pays_keeper(self: &mut Till, asset: Object<Metadata>): bool {
        let asset_address = object::object_address(&asset);
        if (self.keeper_asset != asset_address) {
            self.keeper_asset = asset_address;
            self.keeper_has_store = primary_fungible_store::primary_store_exists(
                self.keeper, asset
            );
        };
        self.keeper_has_store
    }

    fun pay_all(self: Till) {
        let Till { keeper: _, now: _, payout, keeper_asset: _, keeper_has_store: _ } = self;
        payout.pay_all();
    }
}
