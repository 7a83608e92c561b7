/// The payment streams of running jobs: their records in storage, and the money that leaves escrows because of them.
/// It doesn't know why a job ends or who may end it: the facade above says when. States and events are `stream`'s,
/// arithmetic is `meter`'s.
///
///     open --> process_payment(s), extend, change_rate, confirm --> end --> process_payment(s) until prove_until
///                                                                    |          |
///                                                                   seal ---> close --> destroy
///
/// Anyone may bring the provider's newest attestation; nobody is paid before or after. What is earned but held for
/// the buyer leaves with the buyer's agreement or with the close.
module computestream::payment_stream {
    use std::signer;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;
    use computestream::attestation::{Self, Claim};
    use computestream::escrow;
    use computestream::meter::{Self, Due, Meter};
    use computestream::payout::{Self, Payout};
    use computestream::stream::{Self, StreamRecord, StreamView};

    // === Errors ===

    /// This job has no payment stream: it hasn't started.
    const E_NO_STREAM: u64 = 1;
    /// This stream is sealed or closed, or the time to prove its last seconds is over: no attestation counts any more.
    const E_STREAM_CLOSED: u64 = 2;
    /// The lists of a batch must be of one length.
    const E_BATCH_LENGTHS: u64 = 3;
    /// The stream is flagged already: wait for the provider's answer or expire the job.
    const E_ALREADY_STALLED: u64 = 4;
    /// The stream made progress within the stall window: it isn't stalled.
    const E_STILL_PROGRESSING: u64 = 5;
    /// More is awarded than is held: award at most that.
    const E_AWARD_TOO_HIGH: u64 = 7;
    /// At this rate the deposit doesn't pay for the whole maximum duration: add to the deposit first.
    const E_RATE_NOT_FUNDED: u64 = 8;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Stream has key {
        record: StreamRecord
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

    // === Views ===

    #[view]
    public fun get_stream(job: address): StreamView acquires Stream {
        assert!(exists<Stream>(job), E_NO_STREAM);
        Stream[job].record.view(job, escrow::balance(job))
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
    /// `(amount, fee)` that a settlement would pay at `now` with `seconds_attested` proven and the escrow as it is.
    public fun quote_settlement(
        job: address, seconds_attested: u64, now: u64
    ): (u64, u64) acquires Stream {
        assert!(exists<Stream>(job), E_NO_STREAM);
        let s = &Stream[job].record;
        if (!s.takes_attestations(now)) return (0, 0);
        let meter = *s.meter();
        meter.attest(seconds_attested);
        meter.advance(s.wall_secs(now));
        let due = collect(&mut meter, job);
        (due.amount(), due.fee())
    }

    // === Entry ===

    /// Brings the newest attestation of a job and pays what it makes due. Anyone may; a repeat changes nothing and has
    /// no event. Aborts with the code of the first check that fails. An empty `countersignature` means that the buyer
    /// didn't sign.
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
            if (code != 0) stream::tell_skipped(job, till.keeper, code, till.now);
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
        let record =
            stream::new(
                payer,
                payee,
                treasury,
                object::object_address(&asset),
                attest_key,
                buyer_key,
                terms_hash,
                meter::new(
                    rate_per_hour,
                    deposited,
                    max_duration_secs,
                    holdback_secs,
                    fee_bps,
                    keeper_share_bps
                ),
                timestamp::now_seconds()
            );
        record.tell_opened(job);
        move_to(&escrow::job_signer(job), Stream { record });
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
        let s = &mut Stream[job].record;
        settle_proven(s, job, signer::address_of(payer));
        escrow::top_up(job, payer, added_deposit);
        let meter = *s.meter();
        meter.extend(added_secs, added_deposit);
        s.set_meter(meter);
        s.tell_extended(job, escrow::balance(job), timestamp::now_seconds());
    }

    /// Every second not billed yet gets the new rate. Pays what is proven at the old one first. The deposit must pay
    /// for every second there may still be: else a raise would take seconds from the provider.
    public(package) fun change_rate(
        job: address, keeper: address, rate_per_hour: u64
    ) acquires Stream {
        let s = &mut Stream[job].record;
        settle_proven(s, job, keeper);
        let meter = *s.meter();
        meter.set_rate(rate_per_hour);
        assert!(meter.is_covered(), E_RATE_NOT_FUNDED);
        s.set_meter(meter);
        s.tell_rate_changed(job, keeper, timestamp::now_seconds());
    }

    /// Stops the wall clock, pays what is proven and refunds what can't be earned any more. What stays is what the
    /// buyer's agreement holds and the worth of the seconds that ran but aren't proven yet, which the provider may
    /// prove for `claim_window_secs`; 0 seals at once. Returns from when on nothing can be proven any more, and what
    /// is held.
    public(package) fun end(
        job: address, keeper: address, claim_window_secs: u64
    ): (u64, u64) acquires Stream {
        let now = timestamp::now_seconds();
        let s = &mut Stream[job].record;
        s.stop(now);
        if (claim_window_secs == 0) {
            seal_at(s, job, keeper);
            return (now, s.meter().held())
        };
        settle_proven(s, job, keeper);
        let meter = s.meter();
        let wall_secs = s.wall_secs(now);
        let prove_until =
            if (meter.is_proven(wall_secs)) now
            else now + claim_window_secs;
        refund_all_but(s, job, meter.reachable(wall_secs) - meter.paid());
        s.allow_proof(prove_until);
        (prove_until, s.meter().held())
    }

    /// No attestation counts any more. Pays what is proven and not held, refunds what isn't earned. A second call
    /// changes nothing.
    public(package) fun seal(job: address, keeper: address) acquires Stream {
        seal_at(&mut Stream[job].record, job, keeper);
    }

    /// The buyer agrees to the first `secs` of the seconds billed by now: nothing of them is held any more. Not to more:
    /// an attestation may be ahead of the clock.
    public(package) fun confirm(job: address, keeper: address, secs: u64) acquires Stream {
        let s = &mut Stream[job].record;
        let meter = *s.meter();
        meter.advance(s.wall_secs(timestamp::now_seconds()));
        let billed = meter.seconds_billed();
        meter.confirm(if (secs < billed) secs else billed);
        let due = collect(&mut meter, job);
        pay_at_once(s, job, keeper, meter, due);
    }

    /// No attestation counts any more and nothing is paid or refunded: for a stream that ends while its escrow can't pay.
    public(package) fun halt(job: address) acquires Stream {
        let s = &mut Stream[job].record;
        if (s.is_sealed()) return;
        let now = timestamp::now_seconds();
        s.stop(now);
        s.seal(now);
        s.tell_sealed(job, now);
    }

    /// Bills what is proven, pays all that is earned, held or not, refunds the rest and closes for good. Returns
    /// `(seconds_billed, paid, fee_paid, deposited)`, `paid` gross of `fee_paid`.
    public(package) fun close(job: address, keeper: address): (u64, u64, u64, u64) acquires Stream {
        let now = timestamp::now_seconds();
        let s = &mut Stream[job].record;
        s.stop(now);
        let meter = *s.meter();
        meter.advance(s.wall_secs(now));
        let unreleased = meter.unreleased();
        let due = meter.award(unreleased);
        close_with(s, job, keeper, meter, due)
    }

    /// Closes as `close`, but pays only `award` of what is held and bills nothing more.
    public(package) fun close_with_award(
        job: address, keeper: address, award: u64
    ): (u64, u64, u64, u64) acquires Stream {
        let s = &mut Stream[job].record;
        let meter = *s.meter();
        let held = meter.held();
        assert!(award <= held, E_AWARD_TOO_HIGH);
        let freed = meter.unreleased() - held;
        let due = meter.award(freed + award);
        close_with(s, job, keeper, meter, due)
    }

    /// Closes as `close`, but pays and bills nothing more.
    public(package) fun close_unpaid(job: address, keeper: address): (u64, u64, u64, u64) acquires Stream {
        let s = &mut Stream[job].record;
        s.stop(timestamp::now_seconds());
        let meter = *s.meter();
        close_with(s, job, keeper, meter, meter::nothing_due())
    }

    /// Marks a stream without progress for `stall_after_secs`; the provider has `stall_grace_secs` to answer.
    public(package) fun flag_stalled(
        job: address,
        flagged_by: address,
        stall_after_secs: u64,
        stall_grace_secs: u64
    ) acquires Stream {
        let now = timestamp::now_seconds();
        let s = &mut Stream[job].record;
        assert!(s.stalled_at() == 0, E_ALREADY_STALLED);
        assert!(now >= s.last_progress_at() + stall_after_secs, E_STILL_PROGRESSING);
        s.flag_stalled(job, flagged_by, now + stall_grace_secs, now);
    }

    /// Takes the stream off the job's object, if there is one.
    public(package) fun destroy(job: address) acquires Stream {
        if (exists<Stream>(job)) {
            let Stream { record: _ } = move_from<Stream>(job);
        };
    }

    public(package) fun rate_per_hour(job: address): u64 acquires Stream {
        Stream[job].record.meter().rate_per_hour()
    }

    public(package) fun max_duration_secs(job: address): u64 acquires Stream {
        Stream[job].record.meter().max_duration_secs()
    }

    /// All that was ever deposited, extensions included.
    public(package) fun deposited(job: address): u64 acquires Stream {
        Stream[job].record.meter().deposited()
    }

    /// True if the deposit pays for the whole maximum duration.
    public(package) fun is_covered(job: address): bool acquires Stream {
        Stream[job].record.meter().is_covered()
    }

    /// What is earned, in the escrow, and waits for the buyer's agreement.
    public(package) fun held(job: address): u64 acquires Stream {
        let s = &Stream[job].record;
        if (s.is_closed()) 0 else s.meter().held()
    }

    /// True once no attestation can add anything.
    public(package) fun is_final(job: address): bool acquires Stream {
        Stream[job].record.is_final(timestamp::now_seconds())
    }

    public(package) fun started_at(job: address): u64 acquires Stream {
        Stream[job].record.started_at()
    }

    /// 0 while running.
    public(package) fun ended_at(job: address): u64 acquires Stream {
        Stream[job].record.ended_at()
    }

    /// 0 when not flagged.
    public(package) fun stalled_at(job: address): u64 acquires Stream {
        Stream[job].record.stalled_at()
    }

    /// Aborts unless the stream's attestation key signed `claim`, true or not.
    public(package) fun assert_signed(job: address, claim: &Claim) acquires Stream {
        Stream[job].record.assert_signed(job, claim);
    }

    /// Aborts unless the buyer's key signed `claim`.
    public(package) fun assert_countersigned(
        job: address, claim: &Claim, countersignature: &vector<u8>
    ) acquires Stream {
        let is_signed = Stream[job].record.is_countersigned(job, claim, countersignature);
        attestation::assert_ok(
            if (is_signed) 0 else attestation::bad_countersignature()
        );
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
        let s = &mut Stream[job].record;
        if (!s.takes_attestations(till.now)) return E_STREAM_CLOSED;
        let code = s.check(job, claim, till.now);
        if (code != 0) return code;
        let (seq, seconds_cum) = claim.watermark();
        let meter = *s.meter();
        meter.attest(seconds_cum);
        if (!countersignature.is_empty()) {
            if (!s.is_countersigned(job, claim, countersignature))
                return attestation::bad_countersignature();
            meter.confirm(seconds_cum);
        };
        meter.advance(s.wall_secs(till.now));
        let due = collect(&mut meter, job);

        let is_newer = s.follow(seq, seconds_cum, till.now);
        pay(s, job, till, meter, due, is_newer);
        0
    }

    fun settle_proven(s: &mut StreamRecord, job: address, keeper: address) {
        let meter = *s.meter();
        meter.advance(s.wall_secs(timestamp::now_seconds()));
        let due = collect(&mut meter, job);
        pay_at_once(s, job, keeper, meter, due);
    }

    /// What is due, but nothing while the escrow can't pay it: it stays earned and comes with a later settlement.
    fun collect(meter: &mut Meter, job: address): Due {
        let collected = *meter;
        let due = collected.collect();
        if (!escrow::can_release(job, due.amount())) {
            meter.release();
            return meter::nothing_due()
        };
        *meter = collected;
        due
    }

    /// `pay` for what is no batch.
    fun pay_at_once(
        s: &mut StreamRecord,
        job: address,
        keeper: address,
        meter: Meter,
        due: Due
    ) {
        let till = open_till(keeper);
        pay(s, job, &mut till, meter, due, false);
        till.pay_all();
    }

    /// Takes what is due from the escrow, shares it out and keeps the meter that worked it out. Tells of every change,
    /// also of one that moves no money: who only reads events must never believe an older count or number.
    fun pay(
        s: &mut StreamRecord,
        job: address,
        till: &mut Till,
        meter: Meter,
        due: Due,
        is_newer: bool
    ) {
        if (!is_newer && s.meter() == &meter) return;
        let (amount, fee, keeper_fee) = due.parts();
        let balance =
            if (amount == 0) escrow::balance(job)
            else {
                let (treasury, payee, asset) = s.receivers();
                if (keeper_fee > 0 && !till.pays_keeper(asset)) {
                    meter.leave_keeper_fee(&mut due);
                    keeper_fee = 0;
                };
                let (funds, balance) = escrow::take(job, amount);
                till.payout.add_split(
                    treasury,
                    fee - keeper_fee,
                    till.keeper,
                    keeper_fee,
                    payee,
                    funds
                );
                balance
            };
        s.set_meter(meter);
        s.tell_settled(job, till.keeper, &due, balance, till.now);
    }

    fun seal_at(s: &mut StreamRecord, job: address, keeper: address) {
        if (s.is_sealed()) return;
        let now = timestamp::now_seconds();
        s.stop(now);
        settle_proven(s, job, keeper);
        s.seal(now);
        refund_all_but(s, job, s.meter().unreleased());
        s.tell_sealed(job, now);
    }

    fun close_with(
        s: &mut StreamRecord,
        job: address,
        keeper: address,
        meter: Meter,
        due: Due
    ): (u64, u64, u64, u64) {
        s.close();
        pay_at_once(s, job, keeper, meter, due);
        escrow::refund(job, s.payer(), escrow::balance(job));
        s.tell_closed(job, timestamp::now_seconds());
        let m = s.meter();
        (m.seconds_billed(), m.paid(), m.fee_paid(), m.deposited())
    }

    /// While the escrow lacks anything nothing goes back before the close: the rest must not pay for what is missing.
    fun refund_all_but(s: &StreamRecord, job: address, kept: u64) {
        let amount = escrow::balance(job) - kept;
        if (escrow::can_release_all(job)) escrow::refund(job, s.payer(), amount);
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

    fun pays_keeper(self: &mut Till, asset: address): bool {
        if (self.keeper_asset != asset) {
            self.keeper_asset = asset;
            self.keeper_has_store = primary_fungible_store::primary_store_exists(
                self.keeper, object::address_to_object<Metadata>(asset)
            );
        };
        self.keeper_has_store
    }

    fun pay_all(self: Till) {
        let Till { keeper: _, now: _, payout, keeper_asset: _, keeper_has_store: _ } = self;
        payout.pay_all();
    }
}
