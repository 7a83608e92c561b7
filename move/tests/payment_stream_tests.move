#[test_only]
/// What a stream pays for one attestation, to whom, and what it refuses.
module computestream::payment_stream_tests {
    use aptos_framework::object;
    use computestream::escrow;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::stream::{StreamOpened, StreamSettled, StreamStalled};
    use computestream::stream_test_utils::{Self as st, settled};
    use computestream::value_test_utils::{Self as v, a, n, s, yes};

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    const BUYER: address = @0xb0b;
    const PAYEE: address = @0xa11;
    const KEEPER: address = @0x6e5;
    const STRANGER: address = @0xbad;
    const TREASURY: address = @0x7ea;

    // === Opening and paying ===

    #[test]
    fun a_stream_opens_with_its_terms() {
        let stage = st::setup();
        m::wait(3);
        let job = stage.open_with(3_600_000, 100_001, 100, 20, 300, 2_500, vector[]);
        let started_at = m::start_time() + 3;
        let asset = object::object_address(&stage.asset());
        v::assert_last<StreamOpened>(
            vector[
                a(job),
                a(BUYER),
                a(PAYEE),
                a(asset),
                n(3_600_000),
                n(100_001),
                n(300),
                n(2_500),
                n(100),
                n(20),
                n(started_at),
                n(started_at)
            ]
        );
        let fields =
            vector[a(job), a(BUYER), a(PAYEE), a(asset), s(stage.key())];
        // Rate, deposit, maximum, funded, holdback, held rate, start, end, end of proofs.
        vector[3_600_000, 100_001, 100, 100, 20, 3_600_000, started_at, 0, 0].for_each(
            |number| fields.push_back(n(number))
        );
        // Seq, attested, confirmed, billed, twice eight bytes of acc, earned, paid, fee and keepers' part paid.
        vector[0, 0, 0, 0, 0, 0, 0, 0, 0, 0].for_each(|number| fields.push_back(n(number)));
        // Fee, keepers' share, balance, last progress, stalled.
        vector[300, 2_500, 100_001, started_at, 0].for_each(
            |number| fields.push_back(n(number))
        );
        fields.push_back(yes(false));
        fields.push_back(yes(false));
        assert!(st::view_bytes(job) == v::join(fields), 1);
        assert!(st::has_stream(job) && !st::has_stream(@0x77), 2);
        assert!(payment_stream::started_at(job) == started_at, 3);
        assert!(payment_stream::ended_at(job) == 0, 4);
        assert!(payment_stream::rate_per_hour(job) == 3_600_000, 5);
        assert!(payment_stream::max_duration_secs(job) == 100, 6);
        assert!(payment_stream::deposited(job) == 100_001, 7);
    }

    #[test]
    fun opening_makes_the_stores_that_settling_pays_into() {
        let stage = st::setup();
        assert!(!stage.has_store(PAYEE) && !stage.has_store(TREASURY), 1);
        stage.open_plain();
        assert!(stage.has_store(PAYEE) && stage.has_store(TREASURY), 2);
    }

    #[test]
    fun an_attestation_pays_its_seconds() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 1, 7);
        // 7 s at 1,000 = 7,000; 1 % = 70; 10 % of that = 7.
        v::assert_last<StreamSettled>(
            settled(job, 1, 7, 0, 7, 7_000, 70, 7, 7_000, 70, 7, 93_000, 10)
        );
        stage.assert_money(job, 6_930, 63, 7, 0, 93_000);
        m::wait(5);
        stage.pay(job, 4, 15);
        // 8 s more: 8,000, 80 and 8.
        v::assert_last<StreamSettled>(
            settled(job, 4, 15, 0, 15, 8_000, 80, 8, 15_000, 150, 15, 85_000, 15)
        );
        stage.assert_money(job, 14_850, 135, 15, 0, 85_000);
        assert!(st::last_progress(job) == m::start_time() + 15, 1);
        assert!(st::settlements() == 2, 2);
    }

    #[test]
    fun a_repeat_is_a_no_op_without_an_event() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        let signature = stage.sign(job, 1, 10, 10);
        st::bring(job, 1, 10, 10, signature, vector[]);
        let before = st::view_bytes(job);
        m::wait(20);
        st::bring(job, 1, 10, 10, signature, vector[]);
        assert!(st::view_bytes(job) == before && st::settlements() == 1, 1);
        stage.assert_money(job, 9_900, 90, 10, 0, 90_000);
    }

    #[test]
    fun progress_that_earns_nothing_yet_is_told() {
        // 1 base unit an hour: half a minute earns nothing yet.
        let stage = st::setup();
        let job = stage.open(1, 1, 100, 0);
        m::wait(30);
        stage.pay(job, 1, 30);
        v::assert_last<StreamSettled>(settled(job, 1, 30, 0, 30, 0, 0, 0, 0, 0, 0, 1, 30));
        assert!(st::billed(job) == 30 && st::last_progress(job) == m::start_time() + 30, 1);
        stage.assert_money(job, 0, 0, 0, 0, 1);
    }

    #[test]
    fun a_new_number_without_a_new_second_is_kept_and_told_once() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 1, 10);
        m::wait(5);
        let signature = stage.sign(job, 2, 10, 15);
        st::bring(job, 2, 10, 15, signature, vector[]);
        v::assert_last<StreamSettled>(
            settled(job, 2, 10, 0, 10, 0, 0, 0, 10_000, 100, 10, 90_000, 15)
        );
        assert!(st::seq(job) == 2 && st::last_progress(job) == m::start_time() + 10, 1);
        st::bring(job, 2, 10, 15, signature, vector[]);
        assert!(st::settlements() == 2, 2);
        stage.assert_money(job, 9_900, 90, 10, 0, 90_000);
    }

    #[test]
    fun a_first_number_without_a_second_is_told() {
        let stage = st::setup();
        let job = stage.open_plain();
        stage.pay(job, 1, 0);
        v::assert_last<StreamSettled>(
            settled(job, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 100_000, 0)
        );
        assert!(st::settlements() == 1, 1);
    }

    #[test]
    fun a_free_stream_streams_nothing_and_returns_everything() {
        let stage = st::setup();
        let job = stage.open(0, 77, 50, 0);
        m::wait(60);
        stage.pay(job, 1, 60);
        // Funded for its 50 s, however long it ran.
        v::assert_last<StreamSettled>(settled(job, 1, 60, 0, 50, 0, 0, 0, 0, 0, 0, 77, 60));
        let (seconds, paid, fees, deposited) = payment_stream::close(job, KEEPER);
        assert!(seconds == 50 && paid == 0 && fees == 0 && deposited == 77, 1);
        stage.assert_money(job, 0, 0, 0, 77, 0);
    }

    // === Keepers ===

    #[test]
    fun a_keeper_without_a_store_leaves_its_share_to_the_treasury() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        payment_stream::process_payment(
            &m::stranger(),
            job,
            1,
            10,
            m::start_time() + 10,
            v::log_root(),
            stage.sign(job, 1, 10, 10),
            vector[]
        );
        // 10,000 and 100; the stranger's 10 of it are the treasury's.
        v::assert_last<StreamSettled>(
            st::settled_by(
                STRANGER,
                job,
                vector[1, 10, 0, 10, 10_000, 100, 0, 10_000, 100, 0, 90_000],
                10
            )
        );
        stage.assert_money(job, 9_900, 100, 0, 0, 90_000);
        assert!(!stage.has_store(STRANGER), 1);
        // The next keeper gets its part of the new fee only.
        m::wait(10);
        stage.pay(job, 2, 20);
        v::assert_last<StreamSettled>(
            settled(job, 2, 20, 0, 20, 10_000, 100, 10, 20_000, 200, 10, 80_000, 20)
        );
        stage.assert_money(job, 19_800, 190, 10, 0, 80_000);
    }

    #[test]
    fun a_payee_that_keeps_its_own_stream_gets_both_parts() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        payment_stream::process_payment(
            &m::owner(),
            job,
            1,
            10,
            m::start_time() + 10,
            v::log_root(),
            stage.sign(job, 1, 10, 10),
            vector[]
        );
        // 9,900 and the keeper's 10.
        assert!(stage.balance(PAYEE) == 9_910 && stage.balance(TREASURY) == 90, 1);
    }

    // === Rounding ===

    #[test]
    fun settling_every_second_pays_what_settling_once_pays() {
        // 1,000 an hour: 1 s is 0.2777.., 100 s are 27.77..; at 10 % the fee is 2.
        let stage = st::setup();
        let often = stage.open_with(1_000, 28, 100, 0, 1_000, 10_000, vector[]);
        let once = stage.open_with(1_000, 28, 100, 0, 1_000, 10_000, vector[]);
        let second = 1;
        while (second <= 100) {
            m::wait(1);
            stage.pay(often, second, second);
            assert!(st::paid(often) == 1_000 * second / 3_600, second);
            second = second + 1;
        };
        stage.pay(once, 1, 100);
        // From what is attested to the balance.
        let index = 10;
        while (index < 22) {
            assert!(st::field(often, index) == st::field(once, index), 1_000 + index);
            index = index + 1;
        };
        assert!(st::paid(once) == 27 && stage.balance(KEEPER) == 2 + 2, 2_001);
        assert!(stage.balance(PAYEE) == 25 + 25 && stage.balance(TREASURY) == 0, 2_002);
    }

    // === Limits ===

    #[test]
    fun nothing_beyond_the_funded_limit_is_paid() {
        // 7,200 an hour is 2 a second; 100 s cost 200, and 205 were deposited, but 100 s is the maximum.
        let stage = st::setup();
        let job = stage.open(7_200, 205, 100, 0);
        m::wait(500);
        stage.pay(job, 1, 500);
        v::assert_last<StreamSettled>(
            settled(job, 1, 500, 0, 100, 200, 2, 0, 200, 2, 0, 5, 500)
        );
        m::wait(500);
        stage.pay(job, 2, 1_000);
        // More is proven, nothing more is billed.
        v::assert_last<StreamSettled>(
            settled(job, 2, 1_000, 0, 100, 0, 0, 0, 200, 2, 0, 5, 1_000)
        );
        stage.assert_money(job, 198, 2, 0, 0, 5);
    }

    #[test]
    fun attested_ahead_of_the_clock_waits_for_it() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        // Signed for second 40 already, as far ahead as may be; only 10 s have passed on chain.
        let signature = stage.sign(job, 1, 40, 40);
        st::bring(job, 1, 40, 40, signature, vector[]);
        assert!(st::attested(job) == 40 && st::billed(job) == 10, 1);
        stage.assert_money(job, 9_900, 90, 10, 0, 90_000);
        // Each second a repeat brings what the clock has made due since, and a second repeat nothing.
        let second = 11;
        while (second <= 45) {
            m::wait(1);
            st::bring(job, 1, 40, 40, signature, vector[]);
            st::bring(job, 1, 40, 40, signature, vector[]);
            let passed = if (second < 40) second else 40;
            assert!(st::billed(job) == passed && st::paid(job) == 1_000 * passed, second);
            assert!(st::settlements() == passed - 9, 1_000 + second);
            second = second + 1;
        };
        stage.assert_money(job, 39_600, 360, 40, 0, 60_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_AHEAD_OF_TIME)]
    fun a_time_more_than_thirty_seconds_ahead_aborts() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        // As many seconds as have passed: the time alone is too far.
        stage.pay_at(job, 1, 10, 41);
    }

    #[test]
    fun the_largest_numbers_do_not_overflow() {
        // 2^64 - 1 an hour is 5,124,095,576,030,431 a second and 15 parts of 3,600.
        let stage = st::setup();
        m::mint(stage.asset(), BUYER, 10_000_000_000_000_000_000);
        let job =
            stage.open_with(
                MAX_U64, 5_124_095_576_030_431_005, 1_000, 0, 1_000, 0, vector[]
            );
        m::wait(1_000);
        stage.pay(job, 1, 1_000);
        // floor(18,446,744,073,709,551,615,000 / 3,600) = 5,124,095,576,030,431,004; 10 % floors to ..043,100.
        assert!(st::paid(job) == 5_124_095_576_030_431_004, 1);
        assert!(st::field(job, 17) == 512_409_557_603_043_100, 2);
        assert!(escrow::balance(job) == 1, 3);
        // 1,000 * (2^64 - 1) = 999 * 2^64 + 2^64 - 1,000.
        assert!(st::field(job, 14) == 999 && st::acc(job) == MAX_U64 - 999, 4);
    }

    // === Stalling ===

    #[test]
    fun a_silent_stream_can_be_flagged_and_an_answer_is_told_though_nothing_is_due() {
        let stage = st::setup();
        let job = stage.open(1, 1, 100, 0);
        m::wait(60);
        payment_stream::flag_stalled(job, STRANGER, 60, 45);
        let now = m::start_time() + 60;
        v::assert_last<StreamStalled>(vector[a(job), a(STRANGER), n(now + 45), n(now)]);
        assert!(payment_stream::stalled_at(job) == now, 1);
        stage.pay(job, 1, 30);
        // Half a minute at 1 base unit an hour earns nothing; the escrow still holds its 1.
        v::assert_last<StreamSettled>(settled(job, 1, 30, 0, 30, 0, 0, 0, 0, 0, 0, 1, 60));
        assert!(st::settlements() == 1 && st::stalled(job) == 0, 2);
        // It made progress now: the window starts anew, to the second.
        m::wait(60);
        payment_stream::flag_stalled(job, STRANGER, 60, 45);
        assert!(v::count<StreamStalled>() == 2 && st::stalled(job) == now + 60, 3);
    }

    #[test]
    fun a_repeat_is_no_answer_to_a_flag() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 1, 10);
        m::wait(60);
        payment_stream::flag_stalled(job, KEEPER, 60, 45);
        stage.pay(job, 1, 10);
        // Nor is a new number for the same seconds.
        stage.pay(job, 2, 10);
        assert!(st::stalled(job) == m::start_time() + 70, 1);
        assert!(st::last_progress(job) == m::start_time() + 10, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_ALREADY_STALLED)]
    fun a_flagged_stream_cannot_be_flagged_again() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(60);
        payment_stream::flag_stalled(job, KEEPER, 60, 45);
        payment_stream::flag_stalled(job, KEEPER, 60, 45);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STILL_PROGRESSING)]
    fun a_stream_that_went_on_within_the_window_cannot_be_flagged() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(5);
        stage.pay(job, 1, 5);
        m::wait(59);
        payment_stream::flag_stalled(job, KEEPER, 60, 45);
    }

    // === Questions ===

    #[test]
    fun a_quote_is_what_the_settlement_then_pays() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        // 10,000 paid; with 45 s proven at second 50: 35 s free, 25,000 more, and 250.
        assert!(st::quote(job, 45, 50) == vector[25_000, 250], 1);
        // At second 40 only 30 s can be free; with nothing new, or before the start, nothing more is.
        assert!(st::quote(job, 45, 40) == vector[20_000, 200], 2);
        assert!(st::quote(job, 20, 50) == vector[0, 0] && st::quote(job, 0, 50) == vector[0, 0], 3);
        let (amount, fee) = payment_stream::quote_settlement(job, 45, 0);
        assert!(amount == 0 && fee == 0, 4);
        m::wait(30);
        stage.pay(job, 2, 45);
        v::assert_last<StreamSettled>(
            settled(job, 2, 45, 0, 45, 25_000, 250, 25, 35_000, 350, 35, 65_000, 50)
        );
        payment_stream::seal(job, BUYER);
        assert!(st::quote(job, 99, 99) == vector[0, 0], 5);
    }

    #[test]
    fun a_report_needs_only_the_streams_signature() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        // More seconds than time, or of a time to come, but genuine.
        payment_stream::assert_signed(job, &stage.claim(job, 1, 99));
        payment_stream::assert_signed(job, &stage.claim_at(job, 1, 9, 9_999));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun a_report_with_the_buyers_signature_aborts() {
        let stage = st::setup();
        let job = stage.open_plain();
        let signature = stage.countersign(job, 1, 99, 0);
        payment_stream::assert_signed(job, &st::claim_of(1, 99, 0, signature));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun a_quote_needs_a_stream() {
        payment_stream::quote_settlement(@0x77, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun a_view_needs_a_stream() {
        payment_stream::get_stream(@0x77);
    }

    #[test]
    fun streams_of_jobs_without_one_are_left_out() {
        let stage = st::setup();
        let job = stage.open_plain();
        let views = payment_stream::get_streams(vector[@0x76, job, @0x77, job]);
        assert!(views.length() == 2, 1);
        assert!(views[0] == payment_stream::get_stream(job) && views[1] == views[0], 2);
    }

    // === Refusals ===

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun nobody_is_paid_without_a_stream() {
        let stage = st::setup();
        stage.pay(@0x77, 1, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun nobody_is_paid_after_the_close() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        // The 10 s might be proven for a minute still.
        payment_stream::end(job, BUYER, 60);
        payment_stream::close(job, KEEPER);
        stage.pay(job, 2, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun no_attestation_counts_after_the_seal() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(10);
        payment_stream::end(job, BUYER, 60);
        payment_stream::seal(job, KEEPER);
        stage.pay(job, 2, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_LOG_ROOT_LENGTH)]
    fun a_short_log_root_aborts() {
        let stage = st::setup();
        payment_stream::process_payment(
            &m::keeper(),
            stage.open_plain(),
            1,
            1,
            1,
            v::bytes_of(31, 1),
            v::bytes_of(64, 1),
            vector[]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_SIGNATURE_LENGTH)]
    fun an_empty_signature_aborts() {
        let stage = st::setup();
        st::bring(stage.open_plain(), 1, 0, 0, vector[], vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun more_seconds_than_were_signed_abort() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        st::bring(job, 1, 10, 10, stage.sign(job, 1, 5, 10), vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun the_buyers_signature_alone_pays_nobody() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        let signature = stage.countersign(job, 1, 10, 10);
        st::bring(job, 1, 10, 10, signature, signature);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_SEQ_BELOW_WATERMARK)]
    fun an_older_attestation_aborts() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 2, 10);
        st::bring(job, 1, 5, 5, stage.sign(job, 1, 5, 5), vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_EQUIVOCATION)]
    fun two_truths_under_one_number_abort() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 2, 5);
        stage.pay(job, 2, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_SECONDS_BELOW_WATERMARK)]
    fun seconds_that_go_down_abort() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 1, 10);
        stage.pay(job, 2, 9);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BEFORE_START)]
    fun a_time_before_the_start_aborts() {
        let stage = st::setup();
        m::wait(5);
        let job = stage.open_plain();
        st::bring(job, 1, 0, 4, stage.sign(job, 1, 0, 4), vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_MORE_SECONDS_THAN_TIME)]
    fun more_seconds_than_time_abort() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 1, 11);
    }
}
