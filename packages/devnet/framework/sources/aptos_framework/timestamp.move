/// The time of the block, in microseconds since the Unix epoch.
module aptos_framework::timestamp {
    use std::error;
    use aptos_framework::system_addresses;

    /// On the devnet the chain answers for this resource at every call.
    struct CurrentTimeMicroseconds has key {
        microseconds: u64
    }

    const MICRO_CONVERSION_FACTOR: u64 = 1000000;

    /// The clock has not been started.
    const ENOT_OPERATING: u64 = 1;
    /// Time cannot go backwards.
    const EINVALID_TIMESTAMP: u64 = 2;

    #[view]
    public fun now_microseconds(): u64 acquires CurrentTimeMicroseconds {
        borrow_global<CurrentTimeMicroseconds>(@aptos_framework).microseconds
    }

    #[view]
    public fun now_seconds(): u64 acquires CurrentTimeMicroseconds {
        now_microseconds() / MICRO_CONVERSION_FACTOR
    }

    fun set_time_has_started(aptos_framework: &signer) {
        system_addresses::assert_aptos_framework(aptos_framework);
        move_to(aptos_framework, CurrentTimeMicroseconds { microseconds: 0 })
    }

    fun update_global_time(timestamp: u64) acquires CurrentTimeMicroseconds {
        let clock = borrow_global_mut<CurrentTimeMicroseconds>(@aptos_framework);
        assert!(clock.microseconds < timestamp, error::invalid_argument(EINVALID_TIMESTAMP));
        clock.microseconds = timestamp;
    }

    #[test_only]
    public fun set_time_has_started_for_testing(account: &signer) {
        if (!exists<CurrentTimeMicroseconds>(@aptos_framework)) set_time_has_started(account)
    }

    #[test_only]
    public fun update_global_time_for_test(timestamp_microsecs: u64) acquires CurrentTimeMicroseconds {
        update_global_time(timestamp_microsecs)
    }

    #[test_only]
    public fun update_global_time_for_test_secs(timestamp_seconds: u64) acquires CurrentTimeMicroseconds {
        update_global_time(timestamp_seconds * MICRO_CONVERSION_FACTOR)
    }

    #[test_only]
    public fun fast_forward_seconds(timestamp_seconds: u64) acquires CurrentTimeMicroseconds {
        update_global_time(now_microseconds() + timestamp_seconds * MICRO_CONVERSION_FACTOR)
    }
}
