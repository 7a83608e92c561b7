/// What stake the jobs of a provider rely on, and until when those that have ended can still cost some of it.
/// It doesn't know stakes or jobs, and stores nothing.
module computestream::liability {

    // === Structs ===

    struct Liability has copy, drop, store {
        /// The most that one of the jobs relied on, in base units of the stake's asset.
        stake: u64,
        /// When no job that has ended keeps stake in reach any more.
        until: u64
    }

    // === Package ===

    public(package) fun new(): Liability {
        Liability { stake: 0, until: 0 }
    }

    /// A job that relies on `stake` begins. `is_alone`: no other job is active.
    public(package) fun bind(self: &mut Liability, stake: u64, is_alone: bool, now: u64) {
        let is_more = stake > self.stake;
        if (is_more || (is_alone && now >= self.until)) self.stake = stake;
    }

    public(package) fun extend(self: &mut Liability, until: u64) {
        if (until > self.until) self.until = until;
    }

    /// Whether stake may leave so that `staked` stays.
    public(package) fun allows(
        self: &Liability, staked: u64, is_idle: bool, now: u64
    ): bool {
        staked >= self.stake || (is_idle && now >= self.until)
    }

    public(package) fun stake(self: &Liability): u64 {
        self.stake
    }

    public(package) fun until(self: &Liability): u64 {
        self.until
    }
}
