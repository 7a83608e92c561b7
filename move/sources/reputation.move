/// The record of a provider: how its jobs ended, and a score that everyone can work out again.
/// It doesn't know jobs: `provider_registry` says how one ended.
///
/// score = floor(10_000 * (2c + f + 2) / (2c + 2f + 8e + 80x + 4)) basis points for c completed, f failed and
/// e expired jobs and x proven faults: 5000 for a new provider. A failed job counts half, because most failures are the
/// buyer's program's; one that the provider let expire counts as much as four, a fault as much as forty.
module computestream::reputation {
    use aptos_framework::event;
    use aptos_framework::timestamp;

    // === Errors ===

    /// There is no record at this address: check the provider's address.
    const E_NO_RECORD: u64 = 1;

    // === Constants ===

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    /// Statistics must never block a payment: they stop at their end instead of overflowing.
    struct Record has key {
        jobs_completed: u64,
        jobs_failed: u64,
        jobs_expired: u64,
        faults: u64,
        seconds_served: u64,
        /// Net of fees.
        earned: u64
    }

    struct RecordView has copy, drop, store {
        provider: address,
        jobs_completed: u64,
        jobs_failed: u64,
        jobs_expired: u64,
        faults: u64,
        seconds_served: u64,
        earned: u64,
        score: u64
    }

    // === Events ===

    #[event]
    struct ProviderStatsUpdated has drop, store {
        provider: address,
        jobs_completed: u64,
        jobs_failed: u64,
        jobs_expired: u64,
        faults: u64,
        seconds_served: u64,
        earned: u64,
        score: u64,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_record(provider: address): RecordView acquires Record {
        assert!(exists<Record>(provider), E_NO_RECORD);
        let record = &Record[provider];
        RecordView {
            provider,
            jobs_completed: record.jobs_completed,
            jobs_failed: record.jobs_failed,
            jobs_expired: record.jobs_expired,
            faults: record.faults,
            seconds_served: record.seconds_served,
            earned: record.earned,
            score: record.rate()
        }
    }

    #[view]
    /// In basis points.
    public fun score(provider: address): u64 acquires Record {
        assert!(exists<Record>(provider), E_NO_RECORD);
        Record[provider].rate()
    }

    // === Package ===

    /// The empty record of a provider whose object is being made.
    public(package) fun open(provider: &signer) {
        move_to(
            provider,
            Record {
                jobs_completed: 0,
                jobs_failed: 0,
                jobs_expired: 0,
                faults: 0,
                seconds_served: 0,
                earned: 0
            }
        );
    }

    /// Adds one settled job: at most one of the three is true; `earned` is net of fees.
    public(package) fun record_job(
        provider: address,
        completed: bool,
        failed: bool,
        expired: bool,
        seconds: u64,
        earned: u64
    ) acquires Record {
        let record = &mut Record[provider];
        if (completed) record.jobs_completed = add(record.jobs_completed, 1);
        if (failed) record.jobs_failed = add(record.jobs_failed, 1);
        if (expired) record.jobs_expired = add(record.jobs_expired, 1);
        record.seconds_served = add(record.seconds_served, seconds);
        record.earned = add(record.earned, earned);
        record.tell(provider);
    }

    public(package) fun record_fault(provider: address) acquires Record {
        let record = &mut Record[provider];
        record.faults = add(record.faults, 1);
        record.tell(provider);
    }

    /// `(jobs_completed, jobs_failed, jobs_expired, faults, seconds_served, earned)`.
    public(package) fun counts(provider: address): (u64, u64, u64, u64, u64, u64) acquires Record {
        let record = &Record[provider];
        (
            record.jobs_completed,
            record.jobs_failed,
            record.jobs_expired,
            record.faults,
            record.seconds_served,
            record.earned
        )
    }

    // === Private ===

    fun rate(self: &Record): u64 {
        let completed = (self.jobs_completed as u128);
        let failed = (self.jobs_failed as u128);
        let expired = (self.jobs_expired as u128);
        let faults = (self.faults as u128);
        let good = 2 * completed + failed + 2;
        let all = 2 * completed + 2 * failed + 8 * expired + 80 * faults + 4;
        ((10_000 * good / all) as u64)
    }

    fun tell(self: &Record, provider: address) {
        event::emit(
            ProviderStatsUpdated {
                provider,
                jobs_completed: self.jobs_completed,
                jobs_failed: self.jobs_failed,
                jobs_expired: self.jobs_expired,
                faults: self.faults,
                seconds_served: self.seconds_served,
                earned: self.earned,
                score: self.rate(),
                timestamp: timestamp::now_seconds()
            }
        );
    }

    fun add(value: u64, more: u64): u64 {
        if (more > MAX_U64 - value) MAX_U64
        else value + more
    }
}
