/// A stream's record: whose it is, its clock and watermark, its meter, and the events it tells.
/// It doesn't know storage, custody or who may act: `payment_stream` keeps the record and moves the money. The
/// arithmetic is `meter`'s.
///
///     open --> running ---- stop --> ended (wall time stands still) --- close --> closed
///               |  ^ |                | until prove_until attestations count       ^
///  flag_stalled v  | | seal      seal v                                            |
///              stalled +---------> sealed (no attestation counts) ----------------+
module computestream::stream {
    use aptos_framework::event;
    use computestream::attestation::{Self, Claim};
    use computestream::meter::{Due, Meter};

    // === Structs ===

    struct StreamRecord has copy, drop, store {
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
        /// From here on no attestation counts; 0 while running.
        prove_until: u64,
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
        held_rate_per_hour: u64,
        started_at: u64,
        ended_at: u64,
        prove_until: u64,
        seq: u64,
        seconds_attested: u64,
        seconds_confirmed: u64,
        seconds_billed: u64,
        /// Base units times 3600; what of it is whole is `earned`.
        acc: u128,
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
    struct StreamStalled has drop, store {
        job: address,
        flagged_by: address,
        answer_by: u64,
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

    // === Package: life ===

    public(package) fun new(
        payer: address,
        payee: address,
        treasury: address,
        asset: address,
        attest_key: vector<u8>,
        buyer_key: vector<u8>,
        terms_hash: vector<u8>,
        meter: Meter,
        now: u64
    ): StreamRecord {
        StreamRecord {
            payer,
            payee,
            treasury,
            asset,
            attest_key,
            buyer_key,
            terms_hash,
            meter,
            started_at: now,
            ended_at: 0,
            prove_until: 0,
            seq: 0,
            last_progress_at: now,
            stalled_at: 0,
            sealed: false,
            closed: false
        }
    }

    /// Keeps what a settlement worked out.
    public(package) fun set_meter(self: &mut StreamRecord, meter: Meter) {
        self.meter = meter;
    }

    /// Moves the watermark to that of a claim that has passed `check`; false if it is there already. Only new seconds
    /// are progress. The meter isn't touched.
    public(package) fun follow(
        self: &mut StreamRecord, seq: u64, seconds_cum: u64, now: u64
    ): bool {
        let is_newer = seq > self.seq;
        self.seq = seq;
        if (seconds_cum > self.meter.seconds_attested()) {
            self.last_progress_at = now;
            self.stalled_at = 0;
        };
        is_newer
    }

    public(package) fun flag_stalled(
        self: &mut StreamRecord, job: address, flagged_by: address, answer_by: u64, now: u64
    ) {
        self.stalled_at = now;
        event::emit(
            StreamStalled { job, flagged_by, answer_by, timestamp: now }
        );
    }

    /// The wall clock stands still from now on, and nothing more can be proven. A second call changes nothing.
    public(package) fun stop(self: &mut StreamRecord, now: u64) {
        if (self.ended_at == 0) {
            self.ended_at = now;
            self.prove_until = now;
        };
    }

    /// Seconds that ran before the stop may still be proven until `until`.
    public(package) fun allow_proof(self: &mut StreamRecord, until: u64) {
        self.prove_until = until;
    }

    /// What wasn't proven by now can't be any more.
    public(package) fun seal(self: &mut StreamRecord, now: u64) {
        self.sealed = true;
        if (now < self.prove_until) self.prove_until = now;
    }

    public(package) fun close(self: &mut StreamRecord) {
        self.closed = true;
    }

    // === Package: events ===

    public(package) fun tell_opened(self: &StreamRecord, job: address) {
        let m = &self.meter;
        event::emit(
            StreamOpened {
                job,
                payer: self.payer,
                payee: self.payee,
                asset: self.asset,
                rate_per_hour: m.rate_per_hour(),
                deposited: m.deposited(),
                fee_bps: m.fee_bps(),
                keeper_share_bps: m.keeper_share_bps(),
                max_duration_secs: m.max_duration_secs(),
                holdback_secs: m.holdback_secs(),
                started_at: self.started_at,
                timestamp: self.started_at
            }
        );
    }

    public(package) fun tell_settled(
        self: &StreamRecord,
        job: address,
        keeper: address,
        due: &Due,
        balance: u64,
        now: u64
    ) {
        let (seconds_attested, seconds_confirmed, seconds_billed) = self.meter.seconds();
        let (amount, fee, keeper_fee) = due.parts();
        let (paid, fee_paid, keeper_paid) = self.meter.payments();
        event::emit(
            StreamSettled {
                job,
                payee: self.payee,
                keeper,
                seq: self.seq,
                seconds_attested,
                seconds_confirmed,
                seconds_billed,
                amount,
                fee,
                keeper_fee,
                paid,
                fee_paid,
                keeper_paid,
                balance,
                timestamp: now
            }
        );
    }

    public(package) fun tell_extended(
        self: &StreamRecord, job: address, balance: u64, now: u64
    ) {
        let m = &self.meter;
        event::emit(
            StreamExtended {
                job,
                max_duration_secs: m.max_duration_secs(),
                deposited: m.deposited(),
                funded_secs: m.funded_secs(),
                balance,
                timestamp: now
            }
        );
    }

    public(package) fun tell_rate_changed(
        self: &StreamRecord, job: address, changed_by: address, now: u64
    ) {
        let m = &self.meter;
        event::emit(
            StreamRateChanged {
                job,
                rate_per_hour: m.rate_per_hour(),
                changed_by,
                seconds_billed: m.seconds_billed(),
                funded_secs: m.funded_secs(),
                timestamp: now
            }
        );
    }

    public(package) fun tell_sealed(self: &StreamRecord, job: address, now: u64) {
        event::emit(
            StreamSealed {
                job,
                seconds_billed: self.meter.seconds_billed(),
                unreleased: self.meter.unreleased(),
                timestamp: now
            }
        );
    }

    public(package) fun tell_skipped(
        job: address, keeper: address, code: u64, now: u64
    ) {
        event::emit(SettlementSkipped { job, keeper, code, timestamp: now });
    }

    public(package) fun tell_closed(self: &StreamRecord, job: address, now: u64) {
        let m = &self.meter;
        event::emit(
            StreamClosed {
                job,
                seconds_billed: m.seconds_billed(),
                paid: m.paid(),
                fee_paid: m.fee_paid(),
                keeper_paid: m.keeper_paid(),
                timestamp: now
            }
        );
    }

    // === Package: questions ===

    /// 0 if `claim` may replace the watermark, else the code of the first check it fails.
    public(package) fun check(
        self: &StreamRecord, job: address, claim: &Claim, now: u64
    ): u64 {
        attestation::check(
            claim,
            self.attest_key,
            job,
            self.terms_hash,
            self.started_at,
            self.seq,
            self.meter.seconds_attested(),
            now
        )
    }

    /// Aborts unless the provider signed `claim`, true or not.
    public(package) fun assert_signed(self: &StreamRecord, job: address, claim: &Claim) {
        attestation::assert_ok(
            attestation::check_signature(claim, self.attest_key, job, self.terms_hash)
        );
    }

    public(package) fun is_countersigned(
        self: &StreamRecord, job: address, claim: &Claim, countersignature: &vector<u8>
    ): bool {
        attestation::is_countersigned(
            claim, countersignature, self.buyer_key, job, self.terms_hash
        )
    }

    public(package) fun takes_attestations(self: &StreamRecord, now: u64): bool {
        !self.closed && (self.ended_at == 0 || now < self.prove_until)
    }

    /// True once no attestation can add anything: none counts, or every second that ran and is funded is proven.
    public(package) fun is_final(self: &StreamRecord, now: u64): bool {
        !self.takes_attestations(now) || self.meter.is_proven(self.wall_secs(now))
    }

    /// Seconds between the start and `now`, or the end. Zero for a quote from before the start.
    public(package) fun wall_secs(self: &StreamRecord, now: u64): u64 {
        let until = if (self.ended_at == 0 || now < self.ended_at) now else self.ended_at;
        if (until < self.started_at) 0 else until - self.started_at
    }

    public(package) fun view(self: &StreamRecord, job: address, balance: u64): StreamView {
        let m = &self.meter;
        StreamView {
            job,
            payer: self.payer,
            payee: self.payee,
            asset: self.asset,
            attest_key: self.attest_key,
            rate_per_hour: m.rate_per_hour(),
            deposited: m.deposited(),
            max_duration_secs: m.max_duration_secs(),
            funded_secs: m.funded_secs(),
            holdback_secs: m.holdback_secs(),
            held_rate_per_hour: m.held_rate_per_hour(),
            started_at: self.started_at,
            ended_at: self.ended_at,
            prove_until: self.prove_until,
            seq: self.seq,
            seconds_attested: m.seconds_attested(),
            seconds_confirmed: m.seconds_confirmed(),
            seconds_billed: m.seconds_billed(),
            acc: m.acc(),
            earned: m.earned(),
            paid: m.paid(),
            fee_paid: m.fee_paid(),
            keeper_paid: m.keeper_paid(),
            fee_bps: m.fee_bps(),
            keeper_share_bps: m.keeper_share_bps(),
            balance,
            last_progress_at: self.last_progress_at,
            stalled_at: self.stalled_at,
            sealed: self.sealed,
            closed: self.closed
        }
    }

    public(package) fun meter(self: &StreamRecord): &Meter {
        &self.meter
    }

    public(package) fun payer(self: &StreamRecord): address {
        self.payer
    }

    /// `(treasury, payee, asset)`: who gets what of a settlement.
    public(package) fun receivers(self: &StreamRecord): (address, address, address) {
        (self.treasury, self.payee, self.asset)
    }

    public(package) fun seq(self: &StreamRecord): u64 {
        self.seq
    }

    public(package) fun started_at(self: &StreamRecord): u64 {
        self.started_at
    }

    /// 0 while running.
    public(package) fun ended_at(self: &StreamRecord): u64 {
        self.ended_at
    }

    public(package) fun last_progress_at(self: &StreamRecord): u64 {
        self.last_progress_at
    }

    /// 0 when not flagged.
    public(package) fun stalled_at(self: &StreamRecord): u64 {
        self.stalled_at
    }

    public(package) fun is_sealed(self: &StreamRecord): bool {
        self.sealed
    }

    public(package) fun is_closed(self: &StreamRecord): bool {
        self.closed
    }
}
