#[test_only]
/// The bounds of the market's parameters: each value just outside of its own is refused.
/// A refused call breaks the rule that is checked next as well, wherever there is one.
module computestream::market_bounds_tests {
    use computestream::market;
    use computestream::market_test_utils as m;

    const YEAR: u64 = 31_536_000;
    const DAY: u64 = 86_400;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    fun set_windows(accept: u64, begin: u64, stall_after: u64, grace: u64, claim: u64) {
        market::set_windows(&m::admin(), accept, begin, stall_after, grace, claim);
    }

    fun set_dispute_terms(challenge: u64, answer: u64, arbitration: u64, bond_bps: u64) {
        market::set_dispute_terms(
            &m::admin(), @0xa7b, challenge, answer, arbitration, bond_bps
        );
    }

    fun set_stake_terms(unbonding: u64, slash_bps: u64, reward_bps: u64) {
        market::set_stake_terms(&m::admin(), 7, unbonding, slash_bps, reward_bps);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_FEE_TOO_HIGH)]
    fun a_fee_above_ten_percent_is_refused() {
        m::start_market();
        // The share is out of range too: the fee is checked first.
        market::set_fees(&m::admin(), 1_001, 10_001, @0x7);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_BPS_OUT_OF_RANGE)]
    fun keepers_get_no_more_than_the_fee() {
        m::start_market();
        market::set_fees(&m::admin(), 1_000, 10_001, @0x7);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_BPS_OUT_OF_RANGE)]
    fun no_more_than_the_stake_is_slashed() {
        m::start_market();
        set_stake_terms(DAY, 10_001, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_BPS_OUT_OF_RANGE)]
    fun a_reporter_gets_no_more_than_half() {
        m::start_market();
        set_stake_terms(DAY, 0, 5_001);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun an_unbonding_of_more_than_a_year_is_refused() {
        m::start_market();
        set_stake_terms(YEAR + 1, 0, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun an_accept_window_of_nothing_is_refused() {
        m::start_market();
        set_windows(0, 1, 1, 1, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_start_window_of_nothing_is_refused() {
        m::start_market();
        set_windows(1, 0, 1, 1, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_stall_window_of_nothing_is_refused() {
        m::start_market();
        set_windows(1, 1, 0, 1, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_grace_of_nothing_is_refused() {
        m::start_market();
        set_windows(1, 1, 1, 0, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun an_accept_window_above_a_year_is_refused() {
        m::start_market();
        set_windows(YEAR + 1, 1, 1, 1, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_start_window_above_a_year_is_refused() {
        m::start_market();
        set_windows(1, YEAR + 1, 1, 1, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_stall_window_above_a_year_is_refused() {
        m::start_market();
        set_windows(1, 1, YEAR + 1, 1, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_grace_that_could_overflow_a_deadline_is_refused() {
        m::start_market();
        set_windows(1, 1, 1, MAX_U64, 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun no_provider_may_be_left_without_time_to_prove_its_last_seconds() {
        m::start_market();
        set_windows(1, 1, 1, 1, 4);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun no_refund_may_wait_longer_than_a_day_for_a_proof() {
        m::start_market();
        set_windows(1, 1, 1, 1, DAY + 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_DURATION_BOUNDS)]
    fun a_minimum_duration_of_nothing_is_refused() {
        m::start_market();
        market::set_job_bounds(&m::admin(), 0, 1, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_DURATION_BOUNDS)]
    fun a_minimum_above_the_maximum_is_refused() {
        m::start_market();
        market::set_job_bounds(&m::admin(), 3, 2, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_DURATION_BOUNDS)]
    fun a_maximum_above_a_year_is_refused() {
        m::start_market();
        market::set_job_bounds(&m::admin(), 1, YEAR + 1, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_DURATION_BOUNDS)]
    fun a_holdback_above_a_day_is_refused() {
        m::start_market();
        market::set_job_bounds(&m::admin(), 1, 1, DAY + 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_challenge_window_of_nothing_is_refused() {
        m::start_market();
        set_dispute_terms(0, 60, 60, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_challenge_window_above_a_week_is_refused() {
        m::start_market();
        market::set_stake_terms(&m::admin(), 0, YEAR, 0, 0);
        set_dispute_terms(7 * DAY + 1, 60, 60, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun a_provider_has_a_minute_to_answer() {
        m::start_market();
        set_dispute_terms(1, 59, 60, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun an_answer_window_above_a_week_is_refused() {
        m::start_market();
        market::set_stake_terms(&m::admin(), 0, YEAR, 0, 0);
        set_dispute_terms(1, 7 * DAY + 1, 60, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun an_arbiter_has_a_minute_to_decide() {
        m::start_market();
        set_dispute_terms(1, 60, 59, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_WINDOW_OUT_OF_RANGE)]
    fun an_arbitration_window_above_thirty_days_is_refused() {
        m::start_market();
        // The bond is out of range too: windows are checked first.
        set_dispute_terms(1, 60, 30 * DAY + 1, 10_001);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_BPS_OUT_OF_RANGE)]
    fun a_bond_is_no_more_than_the_deposit() {
        m::start_market();
        // The unbonding would be too short as well: the bond is checked before.
        set_dispute_terms(7 * DAY, 60, 60, 10_001);
    }

    #[test]
    fun the_unbonding_may_be_as_short_as_a_challenge_and_its_answer() {
        m::start_market();
        // 3,600 and 3,600 by default.
        set_stake_terms(7_200, 5_000, 1_000);
        set_dispute_terms(7_000, 200, 30 * DAY, 100);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_UNBONDING_TOO_SHORT)]
    fun stake_cannot_leave_before_a_challenge_is_answered() {
        m::start_market();
        set_stake_terms(7_199, 5_000, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::market::E_UNBONDING_TOO_SHORT)]
    fun a_challenge_and_its_answer_cannot_outlast_the_unbonding() {
        m::start_market();
        set_dispute_terms(DAY - 60 + 1, 60, 60, 100);
    }
}
