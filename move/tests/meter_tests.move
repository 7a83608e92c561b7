#[test_only]
/// The arithmetic of a stream: what counts, what it earns, what is held, what is paid and to whom.
module computestream::meter_tests {
    use computestream::meter::{Self, Due, Meter};

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    /// 1,000 base units a second.
    const RATE: u64 = 3_600_000;

    /// 100 s of RATE are paid for; 1 % fee, of it 10 % the keeper's.
    fun held_meter(holdback_secs: u64): Meter {
        meter::new(RATE, 100_000, 100, holdback_secs, 100, 1_000)
    }

    fun settle(m: &mut Meter, attested: u64, wall: u64): Due {
        m.attest(attested);
        m.advance(wall);
        m.collect()
    }

    fun assert_due(due: Due, amount: u64, fee: u64, keeper_fee: u64) {
        assert!(due.amount() == amount, 9301);
        assert!(due.fee() == fee, 9302);
        assert!(due.keeper_fee() == keeper_fee, 9303);
    }

    // === Seconds ===

    #[test]
    fun a_new_meter_knows_its_terms_and_owes_nothing() {
        let m = meter::new(7, 8, 9, 10, 11, 12);
        assert!(m.rate_per_hour() == 7 && m.deposited() == 8 && m.max_duration_secs() == 9, 1);
        assert!(m.holdback_secs() == 10 && m.fee_bps() == 11 && m.keeper_share_bps() == 12, 2);
        assert!(m.seconds_attested() == 0 && m.seconds_confirmed() == 0, 3);
        assert!(m.seconds_billed() == 0 && m.earned() == 0 && m.paid() == 0, 4);
        assert!(m.fee_paid() == 0 && m.keeper_paid() == 0, 5);
        assert!(m.unreleased() == 0 && m.held() == 0, 7);
        assert!(m.acc() == 0 && m.held_rate_per_hour() == 7, 6);
        assert_due(m.collect(), 0, 0, 0);
    }

    #[test]
    fun billed_is_the_least_of_proven_passed_and_funded() {
        let m = held_meter(0);
        assert_due(settle(&mut m, 7, 10), 7_000, 70, 7);
        assert!(m.seconds_billed() == 7 && m.earned() == 7_000, 1);
        // Proven up to 50, but only 20 s have passed: 13 s more, 13,000; fees to 200 and 20 in all.
        assert_due(settle(&mut m, 50, 20), 13_000, 130, 13);
        assert!(m.seconds_attested() == 50 && m.seconds_billed() == 20, 2);
        // Proven and passed beyond the maximum: 80 s more.
        assert_due(settle(&mut m, 300, 300), 80_000, 800, 80);
        assert!(m.seconds_billed() == 100 && m.paid() == 100_000, 3);
        assert!(m.fee_paid() == 1_000 && m.keeper_paid() == 100, 4);
    }

    #[test]
    fun what_is_billed_never_falls() {
        let m = held_meter(0);
        settle(&mut m, 30, 40);
        // Fewer seconds proven, or an earlier time: nothing changes.
        assert_due(settle(&mut m, 20, 40), 0, 0, 0);
        assert!(m.seconds_attested() == 30 && m.seconds_billed() == 30, 1);
        assert_due(settle(&mut m, 35, 10), 0, 0, 0);
        assert!(m.seconds_attested() == 35 && m.seconds_billed() == 30, 2);
        m.confirm(9);
        m.confirm(4);
        assert!(m.seconds_confirmed() == 9, 3);
    }

    #[test]
    fun funded_is_the_nearer_of_the_money_and_the_maximum() {
        // 2 a second: 205 pay for 102.5 s, 199 for 99.5 s, 100 s is the maximum.
        assert!(meter::new(7_200, 205, 100, 0, 0, 0).funded_secs() == 100, 1);
        assert!(meter::new(7_200, 199, 100, 0, 0, 0).funded_secs() == 99, 2);
        // 1 base unit isn't a second's worth at 3,601 an hour, and exactly one at 3,600.
        assert!(meter::new(3_601, 1, 100, 0, 0, 0).funded_secs() == 0, 3);
        assert!(meter::new(3_600, 1, 100, 0, 0, 0).funded_secs() == 1, 4);
        // A free stream lasts for its maximum whatever it holds.
        assert!(meter::new(0, 0, 100, 0, 0, 0).funded_secs() == 100, 5);
    }

    #[test]
    fun a_limit_is_proven_when_all_of_it_is_billed() {
        let m = meter::new(7_200, 199, 1_000, 0, 0, 0);
        assert!(m.limit(50) == 50 && m.limit(500) == 99, 1);
        settle(&mut m, 30, 50);
        assert!(!m.is_proven(50) && m.is_proven(30), 2);
        settle(&mut m, 50, 50);
        assert!(m.is_proven(50) && !m.is_proven(51), 3);
        settle(&mut m, 99, 500);
        assert!(m.is_proven(500), 4);
    }

    #[test]
    fun reachable_is_what_the_passed_and_funded_seconds_are_worth() {
        let m = meter::new(7_200, 199, 1_000, 0, 0, 0);
        // 50 s at 2; and 99 s, though 500 have passed.
        assert!(m.reachable(50) == 100 && m.reachable(500) == 198, 1);
        settle(&mut m, 30, 50);
        assert!(m.reachable(50) == 100, 2);
        // Never less than what is billed already.
        assert!(m.reachable(10) == 60, 3);
    }

    #[test]
    fun covered_means_the_whole_maximum_is_paid_for() {
        // 7,201 an hour for 1,800 s cost 3,600.5.
        assert!(!meter::new(7_201, 3_600, 1_800, 0, 0, 0).is_covered(), 1);
        let m = meter::new(7_201, 3_601, 1_800, 0, 0, 0);
        assert!(m.is_covered(), 2);
        settle(&mut m, 1_000, 1_000);
        assert!(m.is_covered(), 3);
        // Left: 3,601 * 3,600 - 7,201,000 = 5,762,600 parts for 800 s, that is 7,203.25 an hour.
        m.set_rate(7_203);
        assert!(m.is_covered(), 4);
        m.set_rate(7_204);
        assert!(!m.is_covered(), 5);
        m.set_rate(0);
        assert!(m.is_covered(), 6);
    }

    // === Rounding and fees ===

    #[test]
    fun remainders_are_never_lost() {
        // 1,000 an hour: a second is 0.2777.. and 100 s are 27.77..
        let often = meter::new(1_000, 28, 100, 0, 0, 0);
        let once = often;
        let second = 1;
        while (second <= 100) {
            settle(&mut often, second, second);
            assert!(often.paid() == 1_000 * second / 3_600, second);
            second = second + 1;
        };
        settle(&mut once, 100, 100);
        assert!(once.paid() == 27 && often == once, 1_001);
    }

    #[test]
    fun fees_are_floors_of_cumulative_amounts() {
        // 55 a second at 3.33 %, of it 7.77 % the keepers': one by one the floors of 1.8315 and 0.14 would give
        // 18 and 0.
        let m = meter::new(198_000, 990, 18, 0, 333, 777);
        let second = 1;
        while (second <= 18) {
            settle(&mut m, second, second);
            let fee_paid = 18_315 * second / 10_000;
            assert!(m.fee_paid() == fee_paid, second);
            assert!(m.keeper_paid() == fee_paid * 777 / 10_000, 100 + second);
            second = second + 1;
        };
        // floor(990 * 0.0333) = floor(32.967) and floor(32 * 0.0777) = floor(2.4864).
        assert!(m.fee_paid() == 32 && m.keeper_paid() == 2, 1_001);
    }

    #[test]
    fun a_share_left_to_the_treasury_does_not_come_back() {
        // 10 % fee, half of it the keeper's.
        let m = meter::new(RATE, 100_000, 100, 0, 1_000, 5_000);
        let due = settle(&mut m, 10, 10);
        m.leave_keeper_fee(&mut due);
        assert_due(due, 10_000, 1_000, 0);
        assert!(m.keeper_paid() == 0 && m.fee_paid() == 1_000, 1);
        // The next keeper gets half of its own fee of 500, not the 500 that were left as well.
        assert_due(settle(&mut m, 15, 15), 5_000, 500, 250);
        assert!(m.keeper_paid() == 250, 2);
    }

    #[test]
    fun nothing_due_is_nothing() {
        assert_due(meter::nothing_due(), 0, 0, 0);
    }

    // === Holding back ===

    #[test]
    fun the_last_seconds_wait_for_the_buyer() {
        let m = held_meter(10);
        assert_due(settle(&mut m, 7, 7), 0, 0, 0);
        assert!(m.earned() == 7_000 && m.releasable() == 0 && m.unreleased() == 7_000, 1);
        // 15 s, of which the last 10 wait.
        assert_due(settle(&mut m, 15, 15), 5_000, 50, 5);
        assert!(m.unreleased() == 10_000, 2);
        // 12 confirmed: only 3 wait.
        m.confirm(12);
        assert_due(m.collect(), 7_000, 70, 7);
        m.confirm(15);
        assert_due(m.collect(), 3_000, 30, 3);
        assert!(m.unreleased() == 0 && m.paid() == 15_000, 3);
        // The next ones wait again.
        assert_due(settle(&mut m, 26, 26), 1_000, 10, 1);
    }

    #[test]
    fun seconds_confirmed_before_they_are_billed_never_wait() {
        let m = held_meter(10);
        m.confirm(20);
        assert_due(settle(&mut m, 20, 15), 15_000, 150, 15);
        assert_due(settle(&mut m, 20, 20), 5_000, 50, 5);
        assert_due(settle(&mut m, 25, 25), 0, 0, 0);
    }

    #[test]
    fun what_is_held_is_rounded_for_the_buyer() {
        // 1,000 an hour, 7 s held: 100 s earn floor(27.77) and release floor(93,000 / 3,600) = floor(25.83).
        let m = meter::new(1_000, 28, 100, 7, 0, 0);
        assert_due(settle(&mut m, 100, 100), 25, 0, 0);
        assert!(m.acc() == 100_000 && m.earned() == 27 && m.unreleased() == 2, 1);
    }

    #[test]
    fun held_is_what_waits_for_the_buyer_whether_or_not_the_rest_is_paid() {
        let m = held_meter(10);
        m.attest(7);
        m.advance(7);
        assert!(m.held() == 7_000 && m.unreleased() == 7_000, 1);
        m.attest(25);
        m.advance(25);
        // 15 s are free though nobody has collected them: 10 wait.
        assert!(m.held() == 10_000 && m.unreleased() == 25_000, 2);
        m.collect();
        assert!(m.held() == 10_000 && m.unreleased() == 10_000, 3);
        // 21 confirmed: 4 wait, paid or not.
        m.confirm(21);
        assert!(m.held() == 4_000 && m.unreleased() == 10_000, 4);
        m.confirm(25);
        assert!(m.held() == 0 && m.unreleased() == 10_000, 5);
    }

    #[test]
    fun what_is_paid_of_held_seconds_is_not_held_any_more() {
        let m = held_meter(10);
        settle(&mut m, 15, 15);
        // 5,000 free and paid; 4,000 of the 10,000 that wait are awarded.
        m.award(4_000);
        assert!(m.releasable() == 5_000 && m.held() == 6_000, 1);
        // Two confirmed seconds are less than what is paid already.
        m.confirm(7);
        assert!(m.releasable() == 7_000 && m.held() == 6_000, 2);
        assert_due(m.collect(), 0, 0, 0);
        assert!(m.paid() == 9_000, 3);
    }

    #[test]
    fun nothing_is_held_without_a_holdback() {
        let m = held_meter(0);
        m.attest(15);
        m.advance(15);
        assert!(m.held() == 0 && m.unreleased() == 15_000, 1);
        m.set_rate(2 * RATE);
        assert!(m.held() == 0 && m.releasable() == 15_000, 2);
        // Nor is anything held at a rate of before.
        m.set_rate(RATE / 2);
        assert!(m.held_rate_per_hour() == RATE / 2, 3);
    }

    #[test]
    fun an_award_pays_of_what_is_held() {
        let m = held_meter(10);
        settle(&mut m, 15, 15);
        // 5,000 paid, 10,000 held; 50 fee and 5 keeper's before, 123 and 12 after 12,345.
        assert_due(m.award(7_345), 7_345, 73, 7);
        assert!(m.paid() == 12_345 && m.unreleased() == 2_655, 1);
        assert_due(m.award(0), 0, 0, 0);
        // What was awarded isn't paid again when it is confirmed: 15,000 - 12,345.
        m.confirm(15);
        assert_due(m.collect(), 2_655, 27, 3);
    }

    // === Changing terms ===

    #[test]
    fun a_raised_rate_counts_from_the_next_second_and_brings_the_funded_end_nearer() {
        let m = held_meter(0);
        settle(&mut m, 20, 30);
        m.set_rate(2 * RATE);
        // 80,000 are left for 40 s.
        assert!(m.funded_secs() == 60 && m.earned() == 20_000, 1);
        assert_due(settle(&mut m, 25, 30), 10_000, 100, 10);
        assert_due(settle(&mut m, 100, 100), 70_000, 700, 70);
        assert!(m.seconds_billed() == 60 && m.earned() == 100_000, 2);
    }

    #[test]
    fun a_lowered_rate_counts_from_the_next_second_and_lets_money_over() {
        let m = held_meter(0);
        settle(&mut m, 20, 20);
        m.set_rate(RATE / 2);
        assert!(m.funded_secs() == 100, 1);
        assert_due(settle(&mut m, 100, 100), 40_000, 400, 40);
        assert!(m.earned() == 60_000, 2);
    }

    #[test]
    fun held_seconds_are_worth_the_highest_rate_they_may_have_had() {
        let m = held_meter(10);
        assert_due(settle(&mut m, 20, 20), 10_000, 100, 10);
        m.set_rate(2 * RATE);
        assert!(m.held_rate_per_hour() == 2 * RATE, 1);
        // 20,000 earned, 10 s held at 2,000: nothing more, and what is paid stays paid.
        assert!(m.releasable() == 0, 2);
        assert_due(m.collect(), 0, 0, 0);
        // All 10,000 that aren't paid are held now: 10 s may be worth twice that.
        assert!(m.held() == 10_000, 3);
        // 30,000 earned, 20,000 held: the 10,000 paid already. 40,000 earned: 10,000 more.
        assert_due(settle(&mut m, 25, 25), 0, 0, 0);
        assert_due(settle(&mut m, 30, 30), 10_000, 100, 10);
    }

    #[test]
    fun a_rate_of_before_is_forgotten_once_the_seconds_that_wait_are_of_after() {
        let m = held_meter(10);
        assert_due(settle(&mut m, 20, 20), 10_000, 100, 10);
        // 2 s at twice the rate, then back: 24,000 earned, the 10 s that wait count 2,000 each.
        m.set_rate(2 * RATE);
        assert_due(settle(&mut m, 22, 22), 0, 0, 0);
        m.set_rate(RATE);
        assert!(m.held_rate_per_hour() == 2 * RATE, 1);
        // 10 s after the raise, but 8 after the last change: 32,000 - 20,000 are free, 10,000 paid.
        assert_due(settle(&mut m, 30, 30), 2_000, 20, 2);
        assert_due(settle(&mut m, 31, 31), 1_000, 10, 1);
        assert!(m.held_rate_per_hour() == 2 * RATE && m.held() == 20_000, 2);
        // 10 s after the last change all that wait were billed at 1,000: 34,000 - 10,000, of which 13,000 are paid.
        assert_due(settle(&mut m, 32, 32), 11_000, 110, 11);
        assert!(m.held_rate_per_hour() == RATE && m.held() == 10_000, 3);
    }

    #[test]
    fun seconds_that_are_not_billed_do_not_forget_a_rate() {
        let m = held_meter(10);
        settle(&mut m, 20, 20);
        m.set_rate(RATE / 2);
        // Passed but unproven, proven but not passed.
        settle(&mut m, 20, 60);
        settle(&mut m, 60, 20);
        assert!(m.held_rate_per_hour() == RATE && m.held() == 10_000, 1);
        // The same in one step: all 10 s that wait are worth 500 now. 20,000 and 20,000 less 5,000; 10,000 are paid.
        assert_due(settle(&mut m, 60, 60), 25_000, 250, 25);
        assert!(m.held_rate_per_hour() == RATE / 2 && m.held() == 5_000, 2);
    }

    #[test]
    fun a_new_rate_is_the_held_rate_when_nothing_waits() {
        let m = held_meter(10);
        settle(&mut m, 20, 20);
        m.confirm(20);
        assert_due(m.collect(), 10_000, 100, 10);
        m.set_rate(RATE / 2);
        assert!(m.held_rate_per_hour() == RATE / 2, 1);
        // 20,000 paid; 10 s at 500 wait: 25,000 - 5,000 and 26,000 - 5,000.
        assert_due(settle(&mut m, 30, 30), 0, 0, 0);
        assert_due(settle(&mut m, 32, 32), 1_000, 10, 1);
    }

    #[test]
    fun a_rate_of_before_is_forgotten_once_all_that_was_billed_at_it_is_confirmed() {
        let m = held_meter(10);
        assert_due(settle(&mut m, 20, 20), 10_000, 100, 10);
        m.set_rate(RATE / 2);
        // 22,500 earned, the 10 s that wait count 1,000 each.
        assert_due(settle(&mut m, 25, 25), 2_500, 25, 2);
        // 19 confirmed: one of the six that wait was billed before.
        m.confirm(19);
        assert!(m.held_rate_per_hour() == RATE && m.releasable() == 16_500, 1);
        // 20 confirmed, and five wait that were billed after: 22,500 - 2,500, of which 12,500 are paid.
        m.confirm(20);
        assert!(m.held_rate_per_hour() == RATE / 2 && m.held() == 2_500, 2);
        assert_due(m.collect(), 7_500, 75, 8);
        // One second at 2,000, and another change: now it takes that second too.
        m.set_rate(2 * RATE);
        settle(&mut m, 26, 26);
        m.set_rate(RATE);
        m.confirm(25);
        assert!(m.held_rate_per_hour() == 2 * RATE, 3);
        m.confirm(26);
        assert!(m.held_rate_per_hour() == RATE && m.held() == 0, 4);
    }

    #[test]
    fun what_was_free_once_is_never_held_again() {
        let m = held_meter(10);
        m.attest(20);
        m.advance(20);
        let forgotten = m;
        // 10,000 are free, and nobody pays them before the rate is raised.
        m.release();
        m.set_rate(2 * RATE);
        // 20,000 earned, 10 s held at 2,000.
        assert!(m.releasable() == 0 && m.held() == 10_000 && m.unreleased() == 20_000, 1);
        m.release();
        assert_due(m.collect(), 10_000, 100, 10);
        assert!(m.held() == 10_000 && m.unreleased() == 10_000, 2);
        // What was never released isn't free.
        forgotten.set_rate(2 * RATE);
        assert!(forgotten.held() == 20_000, 3);
        assert_due(forgotten.collect(), 0, 0, 0);
    }

    #[test]
    fun more_money_and_time_pay_for_what_ran_without() {
        let m = meter::new(RATE, 10_000, 10, 0, 100, 0);
        assert_due(settle(&mut m, 25, 25), 10_000, 100, 0);
        m.extend(20, 20_000);
        assert!(m.funded_secs() == 30 && m.max_duration_secs() == 30, 1);
        assert!(m.deposited() == 30_000, 2);
        assert_due(settle(&mut m, 25, 25), 15_000, 150, 0);
    }

    // === Limits and histories ===

    #[test]
    fun the_largest_numbers_do_not_overflow() {
        let m = meter::new(MAX_U64, MAX_U64, MAX_U64, MAX_U64, 1_000, 10_000);
        assert!(m.funded_secs() == 3_600 && !m.is_covered(), 1);
        assert_due(settle(&mut m, MAX_U64, MAX_U64), 0, 0, 0);
        assert!(m.seconds_billed() == 3_600 && m.earned() == MAX_U64, 2);
        assert!(m.reachable(MAX_U64) == MAX_U64 && m.is_proven(MAX_U64), 3);
        m.confirm(MAX_U64);
        // 10 % floors, and all of it is the keeper's.
        assert_due(
            m.collect(),
            MAX_U64,
            1_844_674_407_370_955_161,
            1_844_674_407_370_955_161
        );
    }

    // Bug class 1 of streams: a window that isn't clamped to the stream's life.
    #[test]
    fun regression_1_no_time_or_proof_bills_beyond_the_window() {
        let m = held_meter(0);
        assert_due(settle(&mut m, MAX_U64, 0), 0, 0, 0);
        assert_due(settle(&mut m, MAX_U64, MAX_U64), 100_000, 1_000, 100);
        assert_due(settle(&mut m, MAX_U64, MAX_U64), 0, 0, 0);
        assert!(m.seconds_billed() == 100, 1);
    }

    // Bug class 2: what is owed gets lost when the money runs out, or in a rounding.
    #[test]
    fun regression_2_no_debt_and_no_dust_is_lost_when_money_runs_out() {
        // 1,001 an hour and 5 base units: 17.98 s are funded. 17 s earn floor(4.7269) = 4.
        let m = meter::new(1_001, 5, 1_000, 0, 0, 0);
        assert_due(settle(&mut m, 100, 100), 4, 0, 0);
        assert!(m.seconds_billed() == 17, 1);
        // With 23 more all 100 proven seconds are paid as if they had been funded all along: floor(27.8055).
        m.extend(0, 23);
        assert_due(settle(&mut m, 100, 100), 23, 0, 0);
        assert!(m.seconds_billed() == 100 && m.earned() == 27, 2);
    }

    // Bug class 7: a parameter that reaches back.
    #[test]
    fun regression_7_a_lowered_rate_frees_nothing_that_is_held() {
        let m = held_meter(10);
        assert_due(settle(&mut m, 20, 20), 10_000, 100, 10);
        // At today's rate of nothing the held 10 s would be worth nothing, and their 10,000 free.
        m.set_rate(0);
        assert_due(settle(&mut m, 20, 20), 0, 0, 0);
        assert_due(settle(&mut m, 29, 29), 0, 0, 0);
        assert!(m.held() == 10_000 && m.held_rate_per_hour() == RATE, 1);
        let confirmed = m;
        confirmed.confirm(29);
        assert!(confirmed.held_rate_per_hour() == 0, 2);
        assert_due(confirmed.collect(), 10_000, 100, 10);
        // A tenth second for nothing: it and the nine before are those that wait.
        assert_due(settle(&mut m, 30, 30), 10_000, 100, 10);
    }

    fun next(seed: &mut u64, below: u64): u64 {
        *seed = (((*seed as u128) * 6_364_136_223_846_793_005 + 1_442_695_040_888_963_407)
            % 18_446_744_073_709_551_616) as u64;
        (*seed >> 33) % below
    }

    /// Two meters live through the same history: one settles at every step, the other only when its terms change.
    fun live(seed: u64) {
        let rate = next(&mut seed, 5_000_000);
        let deposit = next(&mut seed, 200_000);
        let holdback = next(&mut seed, 3) * 20;
        let often = meter::new(rate, deposit, 300, holdback, next(&mut seed, 1_001), next(&mut seed, 10_001));
        let rarely = often;
        // What the first seconds were billed at, by their count.
        let worths: vector<u128> = vector[0];
        let wall = 0;
        let attested = 0;
        let step = 0;
        while (step < 60) {
            let billed = often.seconds_billed();
            let billed_at = often.rate_per_hour();
            wall = wall + next(&mut seed, 20);
            // At times ahead of the clock, at times behind.
            let proof = wall * next(&mut seed, 120) / 100;
            if (proof > attested) attested = proof;
            let due = settle(&mut often, attested, wall);
            rarely.attest(attested);
            while (worths.length() <= often.seconds_billed()) {
                let worth = worths[worths.length() - 1] + (billed_at as u128);
                worths.push_back(worth);
            };

            let change = next(&mut seed, 10);
            if (change < 4) {
                rarely.advance(wall);
                rarely.collect();
                assert!(often == rarely, 9401);
                if (change == 0) {
                    let rate = next(&mut seed, 5_000_000);
                    often.set_rate(rate);
                    rarely.set_rate(rate);
                } else if (change == 1) {
                    let secs = next(&mut seed, 50);
                    let money = next(&mut seed, 30_000);
                    often.extend(secs, money);
                    rarely.extend(secs, money);
                } else if (change == 2) {
                    often.confirm(attested);
                    rarely.confirm(attested);
                    often.collect();
                    rarely.collect();
                };
            };

            assert!(due.fee() <= due.amount() && due.keeper_fee() <= due.fee(), 9402);
            assert!(often.seconds_billed() >= billed, 9403);
            assert!(often.seconds_billed() <= attested && often.seconds_billed() <= wall, 9404);
            assert!(often.seconds_billed() <= often.funded_secs(), 9405);
            assert!(often.funded_secs() <= often.max_duration_secs(), 9406);
            assert!(often.releasable() <= often.paid() || change < 2, 9407);
            assert!(often.paid() <= often.earned(), 9408);
            assert!(often.earned() <= often.reachable(wall), 9409);
            assert!(often.reachable(wall) <= often.deposited(), 9410);
            // Whatever the rates were: no unit of a second that waits is free.
            let unconfirmed =
                if (often.seconds_confirmed() >= often.seconds_billed()) 0
                else often.seconds_billed() - often.seconds_confirmed();
            let waiting = if (unconfirmed < holdback) unconfirmed else holdback;
            let free = worths[often.seconds_billed() - waiting];
            assert!((often.paid() as u128) * 3_600 <= free, 9414);
            assert!((often.releasable() as u128) * 3_600 <= free, 9415);
            assert!(often.held() <= often.unreleased(), 9416);
            step = step + 1;
        };
        // The close: whatever the history, all that was earned is paid, with the fee of the sum.
        let left = often.unreleased();
        often.award(left);
        assert!(often.paid() == often.earned(), 9411);
        assert!(often.fee_paid() == often.paid() * often.fee_bps() / 10_000, 9412);
        assert!(
            often.keeper_paid() == often.fee_paid() * often.keeper_share_bps() / 10_000,
            9413
        );
    }

    #[test]
    fun settling_often_and_settling_rarely_agree_in_any_history() {
        let seed = 1;
        while (seed <= 30) {
            live(seed);
            seed = seed + 1;
        };
    }
}
