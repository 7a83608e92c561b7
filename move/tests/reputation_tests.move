#[test_only]
/// The record of a provider and its score, the latter worked out by hand from
/// floor(10_000 * (2c + f + 2) / (2c + 2f + 8e + 80x + 4)).
module computestream::reputation_tests {
    use std::bcs;
    use aptos_framework::account;
    use computestream::market_test_utils as m;
    use computestream::reputation::{Self, ProviderStatsUpdated};
    use computestream::value_test_utils::{Self as v, a, n};

    const PROVIDER: address = @0x9a0;
    const MAX: u64 = 0xffff_ffff_ffff_ffff;

    fun open() {
        m::start_market();
        reputation::open(&account::create_signer_for_test(PROVIDER));
    }

    fun complete(times: u64) {
        for (i in 0..times) reputation::record_job(PROVIDER, true, false, false, 0, 0);
    }

    fun fail(times: u64) {
        for (i in 0..times) reputation::record_job(PROVIDER, false, true, false, 0, 0);
    }

    fun expire(times: u64) {
        for (i in 0..times) reputation::record_job(PROVIDER, false, false, true, 0, 0);
    }

    fun fault(times: u64) {
        for (i in 0..times) reputation::record_fault(PROVIDER);
    }

    /// The newest event and the view say the same, and so does `score`.
    fun assert_record(
        completed: u64,
        failed: u64,
        expired: u64,
        faults: u64,
        seconds: u64,
        earned: u64,
        score: u64
    ) {
        let record =
            vector[
                a(PROVIDER),
                n(completed),
                n(failed),
                n(expired),
                n(faults),
                n(seconds),
                n(earned),
                n(score)
            ];
        assert!(bcs::to_bytes(&reputation::get_record(PROVIDER)) == v::join(record), 1);
        assert!(reputation::score(PROVIDER) == score, 2);
        record.push_back(n(m::start_time() + m::elapsed()));
        v::assert_last<ProviderStatsUpdated>(record);
    }

    #[test]
    fun a_new_provider_has_half() {
        open();
        // 2 / 4.
        assert!(reputation::score(PROVIDER) == 5_000, 1);
        assert!(
            bcs::to_bytes(&reputation::get_record(PROVIDER))
                == v::join(vector[a(PROVIDER), n(0), n(0), n(0), n(0), n(0), n(0), n(5_000)]),
            2
        );
        assert!(v::count<ProviderStatsUpdated>() == 0, 3);
    }

    #[test]
    fun each_way_to_end_is_counted_on_its_own() {
        open();
        m::wait(5);
        reputation::record_job(PROVIDER, true, false, false, 10, 9_900);
        // 4 / 6.
        assert_record(1, 0, 0, 0, 10, 9_900, 6_666);
        m::wait(1);
        reputation::record_job(PROVIDER, false, true, false, 5, 100);
        // 5 / 8.
        assert_record(1, 1, 0, 0, 15, 10_000, 6_250);
        reputation::record_job(PROVIDER, false, false, true, 0, 0);
        // 5 / 16.
        assert_record(1, 1, 1, 0, 15, 10_000, 3_125);
        m::wait(1);
        reputation::record_fault(PROVIDER);
        // 5 / 96.
        assert_record(1, 1, 1, 1, 15, 10_000, 520);
        // A terminated job is of no kind.
        reputation::record_job(PROVIDER, false, false, false, 7, 1);
        assert_record(1, 1, 1, 1, 22, 10_001, 520);
        assert!(v::count<ProviderStatsUpdated>() == 5, 3);
    }

    #[test]
    fun failed_jobs_alone_leave_half() {
        open();
        fail(1);
        // 3 / 6.
        assert_record(0, 1, 0, 0, 0, 0, 5_000);
        fail(9);
        // 12 / 24.
        assert_record(0, 10, 0, 0, 0, 0, 5_000);
    }

    #[test]
    fun an_expired_job_costs_more_than_a_failed_one() {
        open();
        expire(1);
        // 2 / 12.
        assert_record(0, 0, 1, 0, 0, 0, 1_666);
    }

    #[test]
    fun a_fault_costs_most() {
        open();
        fault(1);
        // 2 / 84.
        assert_record(0, 0, 0, 1, 0, 0, 238);
        fault(1);
        // 2 / 164.
        assert_record(0, 0, 0, 2, 0, 0, 121);
    }

    #[test]
    fun a_mixed_record_has_the_score_of_the_formula() {
        open();
        complete(10);
        // 22 / 24.
        assert_record(10, 0, 0, 0, 0, 0, 9_166);
        fail(3);
        // 25 / 30.
        assert_record(10, 3, 0, 0, 0, 0, 8_333);
        expire(1);
        // 25 / 38.
        assert_record(10, 3, 1, 0, 0, 0, 6_578);
        fault(1);
        // 25 / 118.
        assert_record(10, 3, 1, 1, 0, 0, 2_118);
    }

    #[test]
    fun a_long_good_record_comes_near_all() {
        open();
        complete(200);
        // 402 / 404.
        assert_record(200, 0, 0, 0, 0, 0, 9_950);
        fault(1);
        // 402 / 484.
        assert_record(200, 0, 0, 1, 0, 0, 8_305);
    }

    #[test]
    fun full_statistics_stay_full() {
        open();
        reputation::record_job(PROVIDER, true, false, false, MAX - 1, MAX);
        assert_record(1, 0, 0, 0, MAX - 1, MAX, 6_666);
        reputation::record_job(PROVIDER, true, false, false, 1, 1);
        // 6 / 8.
        assert_record(2, 0, 0, 0, MAX, MAX, 7_500);
        reputation::record_job(PROVIDER, true, false, false, MAX, MAX);
        // 8 / 10.
        assert_record(3, 0, 0, 0, MAX, MAX, 8_000);
    }

    #[test]
    fun the_counts_come_in_their_order() {
        open();
        complete(4);
        fail(3);
        expire(2);
        fault(1);
        reputation::record_job(PROVIDER, false, false, false, 5, 6);
        let (completed, failed, expired, faults, seconds, earned) =
            reputation::counts(PROVIDER);
        assert!(completed == 4 && failed == 3 && expired == 2 && faults == 1, 1);
        assert!(seconds == 5 && earned == 6, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::reputation::E_NO_RECORD)]
    fun a_record_needs_a_provider() {
        reputation::get_record(PROVIDER);
    }

    #[test]
    #[expected_failure(abort_code = computestream::reputation::E_NO_RECORD)]
    fun a_score_needs_a_provider() {
        reputation::score(PROVIDER);
    }
}
