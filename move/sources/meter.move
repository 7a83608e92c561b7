/// The arithmetic of a stream: how many seconds count, what they earn, what of that may be paid now, and the fees.
/// It doesn't know clocks, signatures or whose money it is; it stores nothing and can't fail.
///
///     billed     = min(attested, wall, funded)     acc += rate * (billed - billed before)
///     earned     = floor(acc / 3600)               acc <= deposited * 3600, always
///     tail       = min(holdback, billed - min(billed, confirmed))
///     releasable = floor((acc - min(acc, held rate * tail)) / 3600)
///     released   = max(released, releasable)
///     paid       = max(paid, released)             at the close: paid + award
///     fee        = floor(paid * fee_bps / 10000)   of it the keepers': floor(fee * keeper_share_bps / 10000)
///
/// `funded` bounds `acc`, so a stream can't owe what it doesn't hold. The remainder of every division stays in
/// `acc`: settling a thousand times pays exactly what settling once pays, and every floor leaves with the buyer
/// what isn't a whole unit yet.
module computestream::meter {

    // === Constants ===

    const SECONDS_PER_HOUR: u128 = 3_600;
    const BPS: u128 = 10_000;

    // === Structs ===

    struct Meter has copy, drop, store {
        rate_per_hour: u64,
        deposited: u64,
        max_duration_secs: u64,
        holdback_secs: u64,
        fee_bps: u64,
        keeper_share_bps: u64,
        /// The highest count proven; never falls.
        seconds_attested: u64,
        /// The highest count the buyer agreed to; never falls.
        seconds_confirmed: u64,
        /// Never falls, never above `max_duration_secs`.
        seconds_billed: u64,
        /// Base units times 3600.
        acc: u128,
        /// Gross of fees, cumulative.
        paid: u64,
        fee_paid: u64,
        /// What keepers got; less than their share where one left it to the treasury.
        keeper_paid: u64,
        /// The highest rate a held second may have been billed at. With today's rate alone, a provider that lowers
        /// it would free seconds that were billed at the old one.
        held_rate_per_hour: u64,
        /// `seconds_billed` when the rate last changed.
        repriced_at_secs: u64,
        /// The most that was ever free to be paid; never falls. More than `paid` where the escrow couldn't pay.
        released: u64
    }

    /// What one settlement pays, gross; `fee` is part of `amount`, `keeper_fee` part of `fee`.
    struct Due has copy, drop {
        amount: u64,
        fee: u64,
        keeper_fee: u64
    }

    // === Package ===

    public(package) fun new(
        rate_per_hour: u64,
        deposited: u64,
        max_duration_secs: u64,
        holdback_secs: u64,
        fee_bps: u64,
        keeper_share_bps: u64
    ): Meter {
        Meter {
            rate_per_hour,
            deposited,
            max_duration_secs,
            holdback_secs,
            fee_bps,
            keeper_share_bps,
            seconds_attested: 0,
            seconds_confirmed: 0,
            seconds_billed: 0,
            acc: 0,
            paid: 0,
            fee_paid: 0,
            keeper_paid: 0,
            held_rate_per_hour: rate_per_hour,
            repriced_at_secs: 0,
            released: 0
        }
    }

    public(package) fun attest(self: &mut Meter, secs: u64) {
        self.seconds_attested = max(self.seconds_attested, secs);
    }

    /// The buyer agrees to the first `secs` seconds: nothing of them is held any more.
    public(package) fun confirm(self: &mut Meter, secs: u64) {
        self.seconds_confirmed = max(self.seconds_confirmed, secs);
        if (self.seconds_confirmed >= self.repriced_at_secs) {
            self.held_rate_per_hour = self.rate_per_hour;
        };
    }

    /// Bills what is proven, has passed on the wall clock and is funded.
    public(package) fun advance(self: &mut Meter, wall_secs: u64) {
        let billed = min(self.seconds_attested, self.limit(wall_secs));
        if (billed <= self.seconds_billed) return;
        self.acc =
            self.acc + price(self.rate_per_hour, billed - self.seconds_billed);
        self.seconds_billed = billed;
        if (billed - self.repriced_at_secs >= self.holdback_secs) {
            self.held_rate_per_hour = self.rate_per_hour;
        };
    }

    public(package) fun nothing_due(): Due {
        Due { amount: 0, fee: 0, keeper_fee: 0 }
    }

    /// Keeps what nothing holds back from being held later.
    public(package) fun release(self: &mut Meter) {
        self.released = max(self.released, self.releasable());
    }

    /// Pays what nothing holds back.
    public(package) fun collect(self: &mut Meter): Due {
        self.release();
        let paid = max(self.paid, self.released);
        self.raise_paid(paid)
    }

    /// Pays `amount` of what is earned, held back or not. It must be at most `unreleased`.
    public(package) fun award(self: &mut Meter, amount: u64): Due {
        let paid = self.paid + amount;
        self.raise_paid(paid)
    }

    /// The keeper of the settlement `due` leaves its share to the treasury.
    public(package) fun leave_keeper_fee(self: &mut Meter, due: &mut Due) {
        self.keeper_paid = self.keeper_paid - due.keeper_fee;
        due.keeper_fee = 0;
    }

    /// Seconds that are proven already but weren't funded are billed by the next `advance`.
    public(package) fun extend(self: &mut Meter, added_secs: u64, added_deposit: u64) {
        self.max_duration_secs = self.max_duration_secs + added_secs;
        self.deposited = self.deposited + added_deposit;
    }

    /// Bill what is proven first: every second billed from here on has the new rate.
    public(package) fun set_rate(self: &mut Meter, rate_per_hour: u64) {
        self.rate_per_hour = rate_per_hour;
        self.repriced_at_secs = self.seconds_billed;
        let holds_nothing =
            self.holdback_secs == 0 || self.seconds_confirmed >= self.seconds_billed;
        self.held_rate_per_hour =
            if (holds_nothing) rate_per_hour
            else max(self.held_rate_per_hour, rate_per_hour);
    }

    /// All that the billed seconds are worth.
    public(package) fun earned(self: &Meter): u64 {
        whole_units(self.acc)
    }

    /// What of it isn't held for the buyer's agreement.
    public(package) fun releasable(self: &Meter): u64 {
        let unconfirmed =
            self.seconds_billed - min(self.seconds_billed, self.seconds_confirmed);
        let held = price(self.held_rate_per_hour, min(self.holdback_secs, unconfirmed));
        if (held >= self.acc) 0 else whole_units(self.acc - held)
    }

    /// Earned, not paid, and waiting for the buyer's agreement.
    public(package) fun held(self: &Meter): u64 {
        self.earned() - max(self.paid, max(self.released, self.releasable()))
    }

    /// Earned and not paid yet.
    public(package) fun unreleased(self: &Meter): u64 {
        self.earned() - self.paid
    }

    /// The count of seconds at which the deposit or the maximum duration ends.
    public(package) fun funded_secs(self: &Meter): u64 {
        let secs_left = self.max_duration_secs - self.seconds_billed;
        if (self.rate_per_hour > 0) {
            let affordable = self.unspent() / (self.rate_per_hour as u128);
            if (affordable < (secs_left as u128)) secs_left = (affordable as u64);
        };
        self.seconds_billed + secs_left
    }

    /// The most seconds that could be billed once `wall_secs` have passed.
    public(package) fun limit(self: &Meter, wall_secs: u64): u64 {
        min(wall_secs, self.funded_secs())
    }

    /// True once every second up to `wall_secs` that is funded is billed.
    public(package) fun is_proven(self: &Meter, wall_secs: u64): bool {
        self.seconds_billed >= self.limit(wall_secs)
    }

    /// What can be earned in all if every second up to `wall_secs` gets proven.
    public(package) fun reachable(self: &Meter, wall_secs: u64): u64 {
        let secs = max(self.seconds_billed, self.limit(wall_secs));
        whole_units(self.acc + price(self.rate_per_hour, secs - self.seconds_billed))
    }

    /// True if the deposit pays for the whole maximum duration.
    public(package) fun is_covered(self: &Meter): bool {
        self.unspent()
            >= price(self.rate_per_hour, self.max_duration_secs - self.seconds_billed)
    }

    public(package) fun rate_per_hour(self: &Meter): u64 {
        self.rate_per_hour
    }

    public(package) fun deposited(self: &Meter): u64 {
        self.deposited
    }

    public(package) fun max_duration_secs(self: &Meter): u64 {
        self.max_duration_secs
    }

    public(package) fun holdback_secs(self: &Meter): u64 {
        self.holdback_secs
    }

    public(package) fun fee_bps(self: &Meter): u64 {
        self.fee_bps
    }

    public(package) fun keeper_share_bps(self: &Meter): u64 {
        self.keeper_share_bps
    }

    public(package) fun held_rate_per_hour(self: &Meter): u64 {
        self.held_rate_per_hour
    }

    /// `(attested, confirmed, billed)`: for who needs them all, because each question to another module costs.
    public(package) fun seconds(self: &Meter): (u64, u64, u64) {
        (self.seconds_attested, self.seconds_confirmed, self.seconds_billed)
    }

    public(package) fun seconds_attested(self: &Meter): u64 {
        self.seconds_attested
    }

    public(package) fun seconds_confirmed(self: &Meter): u64 {
        self.seconds_confirmed
    }

    public(package) fun seconds_billed(self: &Meter): u64 {
        self.seconds_billed
    }

    /// Base units times 3600.
    public(package) fun acc(self: &Meter): u128 {
        self.acc
    }

    /// `(paid, fee_paid, keeper_paid)`.
    public(package) fun payments(self: &Meter): (u64, u64, u64) {
        (self.paid, self.fee_paid, self.keeper_paid)
    }

    public(package) fun paid(self: &Meter): u64 {
        self.paid
    }

    public(package) fun fee_paid(self: &Meter): u64 {
        self.fee_paid
    }

    public(package) fun keeper_paid(self: &Meter): u64 {
        self.keeper_paid
    }

    /// `(amount, fee, keeper_fee)`, each a part of the one before.
    public(package) fun parts(self: &Due): (u64, u64, u64) {
        (self.amount, self.fee, self.keeper_fee)
    }

    public(package) fun amount(self: &Due): u64 {
        self.amount
    }

    public(package) fun fee(self: &Due): u64 {
        self.fee
    }

    public(package) fun keeper_fee(self: &Due): u64 {
        self.keeper_fee
    }

    // === Private ===

    /// The keeper's part is the difference of two floors of the cumulative fee, so that no share anyone left to the
    /// treasury comes back with the next keeper.
    fun raise_paid(self: &mut Meter, paid: u64): Due {
        let amount = paid - self.paid;
        if (amount == 0) return nothing_due();
        let fee_paid = share(paid, self.fee_bps);
        let fee = fee_paid - self.fee_paid;
        let keeper_fee =
            share(fee_paid, self.keeper_share_bps)
                - share(self.fee_paid, self.keeper_share_bps);
        self.paid = paid;
        self.fee_paid = fee_paid;
        self.keeper_paid = self.keeper_paid + keeper_fee;
        Due { amount, fee, keeper_fee }
    }

    fun unspent(self: &Meter): u128 {
        (self.deposited as u128) * SECONDS_PER_HOUR - self.acc
    }

    /// Base units times 3600. Two u64 never overflow a u128.
    inline fun price(rate_per_hour: u64, secs: u64): u128 {
        (rate_per_hour as u128) * (secs as u128)
    }

    inline fun whole_units(acc: u128): u64 {
        (acc / SECONDS_PER_HOUR) as u64
    }

    inline fun share(amount: u64, bps: u64): u64 {
        ((amount as u128) * (bps as u128) / BPS) as u64
    }

    inline fun min(a: u64, b: u64): u64 {
        if (a < b) a else b
    }

    inline fun max(a: u64, b: u64): u64 {
        if (a > b) a else b
    }
}
