#[test_only]
/// What a stream pays, when, and what it refuses: singly, in batches and at its limits.
module computestream::payment_stream_tests {
    use std::bcs;
    use computestream::escrow;
    use computestream::job_registry;
    use computestream::payment_stream::{
        Self,
        SettlementSkipped,
        StreamClosed,
        StreamOpened,
        StreamSettled
    };
    use computestream::test_utils::{Self as t, a, n, yes};

    // Field indexes of a StreamView, see test_utils::stream_field.
    const SEQ: u64 = 5;
    const ATTESTED: u64 = 6;
    const BILLED: u64 = 7;
    const PAID: u64 = 8;
    const FEE_PAID: u64 = 9;
    const LAST_PROGRESS: u64 = 12;
    const STALLED: u64 = 13;

    /// A keeper settles with a given signature; the claim's time is START + `at`.
    fun settle(job: address, seq: u64, seconds: u64, at: u64, signature: vector<u8>) {
        payment_stream::process_payment(
            &t::keeper(), job, seq, seconds, t::start_time() + at, t::log_root(), signature
        );
    }

    fun settled_fields(
        job: address,
        seq: u64,
        attested: u64,
        billed: u64,
        amount: u64,
        fee: u64,
        paid: u64,
        fee_paid: u64,
        balance: u64,
        at: u64
    ): vector<vector<u8>> {
        vector[
            a(job),
            a(t::of(&t::owner())),
            a(t::of(&t::keeper())),
            n(seq),
            n(attested),
            n(billed),
            n(amount),
            n(fee),
            n(paid),
            n(fee_paid),
            n(balance),
            n(t::start_time() + at)
        ]
    }

    // === Opening and paying ===

    #[test]
    fun a_stream_opens_with_its_terms() {
        let w = t::setup();
        t::wait(3);
        let job = w.running(100, 100_001);
        let started_at = t::start_time() + 3;
        t::assert_last<StreamOpened>(
            vector[
                a(job),
                a(t::of(&t::buyer())),
                a(t::of(&t::owner())),
                a(w.asset_address()),
                n(3_600_000),
                n(100_001),
                n(100),
                n(100),
                n(started_at),
                n(started_at)
            ]
        );
        assert!(
            bcs::to_bytes(&payment_stream::get_stream(job))
                == t::join(
                    vector[
                        a(job),
                        a(t::of(&t::buyer())),
                        a(t::of(&t::owner())),
                        a(w.asset_address()),
                        n(3_600_000),
                        n(100_001),
                        n(100),
                        n(started_at),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(0),
                        n(100),
                        n(100_001),
                        n(started_at),
                        n(0),
                        yes(false)
                    ]
                ),
            1
        );
    }

    #[test]
    fun an_attestation_pays_its_seconds() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 1, 7);
        // 7 s at 1,000 = 7,000; 1 % = 70.
        t::assert_last<StreamSettled>(
            settled_fields(job, 1, 7, 7, 7_000, 70, 7_000, 70, 93_000, 10)
        );
        w.assert_money(job, 6_930, 70, 0, 93_000);
        t::wait(5);
        w.pay(job, 4, 15);
        // 8 s more: 8,000 and 80.
        t::assert_last<StreamSettled>(
            settled_fields(job, 4, 15, 15, 8_000, 80, 15_000, 150, 85_000, 15)
        );
        w.assert_money(job, 14_850, 150, 0, 85_000);
        assert!(t::stream_field(job, LAST_PROGRESS) == t::start_time() + 15, 1);
    }

    #[test]
    fun a_repeat_is_a_no_op_without_an_event() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        let signature = w.sign(job, 1, 10, 10);
        settle(job, 1, 10, 10, signature);
        let before = bcs::to_bytes(&payment_stream::get_stream(job));
        t::wait(20);
        settle(job, 1, 10, 10, signature);
        assert!(bcs::to_bytes(&payment_stream::get_stream(job)) == before, 1);
        assert!(t::count<StreamSettled>() == 1, 2);
        w.assert_money(job, 9_900, 100, 0, 90_000);
    }

    #[test]
    fun nothing_due_is_without_an_event_but_progress_counts() {
        // 1 base unit an hour: 1 s earns nothing yet.
        let w = t::setup_at(1);
        let job = w.running(100, 1);
        t::wait(30);
        w.pay(job, 1, 30);
        assert!(t::count<StreamSettled>() == 0, 1);
        assert!(t::stream_field(job, BILLED) == 30, 2);
        assert!(t::stream_field(job, LAST_PROGRESS) == t::start_time() + 30, 3);
        w.assert_money(job, 0, 0, 0, 1);
    }

    #[test]
    fun an_answer_to_a_stall_flag_is_told_though_nothing_is_due() {
        let w = t::setup_at(1);
        let job = w.running(100, 1);
        t::wait(60);
        job_registry::flag_stalled(&t::stranger(), t::handle(job));
        w.pay(job, 1, 30);
        // Half a minute at 1 base unit an hour earns nothing; the escrow still holds its 1.
        t::assert_last<StreamSettled>(settled_fields(job, 1, 30, 30, 0, 0, 0, 0, 1, 60));
        assert!(t::count<StreamSettled>() == 1, 1);
        w.pay(job, 2, 31);
        assert!(t::count<StreamSettled>() == 1, 2);
    }

    #[test]
    fun a_free_provider_streams_nothing_and_returns_everything() {
        let w = t::setup_at(0);
        let job = w.running(50, 77);
        t::wait(60);
        w.complete(job, 1, 60);
        // Funded for its 50 s maximum, however long it ran.
        t::assert_last<StreamClosed>(
            vector[a(job), n(50), n(0), n(0), n(t::start_time() + 60)]
        );
        w.assert_money(job, 0, 0, 77, 0);
    }

    // === Rounding ===

    #[test]
    fun settling_every_second_pays_what_settling_once_pays() {
        // 1,000 an hour: 1 s is 0.2777.., 100 s are 27.77..
        let w = t::setup_at(1_000);
        let often = w.running(100, 28);
        let once = w.running(100, 28);
        let second = 1;
        while (second <= 100) {
            t::wait(1);
            w.pay(often, second, second);
            // floor(1,000 * second / 3,600) at every point.
            assert!(t::stream_field(often, PAID) == 1_000 * second / 3_600, second);
            second = second + 1;
        };
        w.pay(once, 1, 100);
        // floor(100,000 / 3,600) = 27; 1 % of 27 floors to 0.
        assert!(t::stream_field(often, PAID) == 27 && t::stream_field(once, PAID) == 27, 1001);
        assert!(t::stream_field(often, FEE_PAID) == 0 && t::stream_field(once, FEE_PAID) == 0, 1002);
        w.complete(often, 101, 100);
        w.complete(once, 2, 100);
        // Each got 28, paid 27, so 1 comes back from each.
        assert!(w.balance(t::of(&t::buyer())) == t::funds() - 54, 1003);
        assert!(w.balance(t::of(&t::owner())) == t::funds() + 54, 1004);
    }

    #[test]
    fun fees_are_the_floor_of_the_cumulative() {
        // 55 a second at 3.33 %: 18 settlements of 1 s would each floor 1.8315 to 1 if taken one by one, 18 in all.
        let w = t::setup_at(198_000);
        t::set_fee(333);
        let job = w.running(18, 990);
        let second = 1;
        while (second <= 18) {
            t::wait(1);
            w.pay(job, second, second);
            // floor(55 * second * 333 / 10,000)
            assert!(t::stream_field(job, FEE_PAID) == 18_315 * second / 10_000, second);
            second = second + 1;
        };
        // floor(990 * 0.0333) = floor(32.967) = 32; the provider gets 990 - 32.
        w.assert_money(job, 958, 32, 0, 0);
    }

    // === Limits ===

    #[test]
    fun nothing_beyond_the_funded_limit_is_paid() {
        // 7,200 an hour is 2 a second; 100 s cost 200, and 205 were deposited, but 100 s is the maximum.
        let w = t::setup_at(7_200);
        let job = w.running(100, 205);
        t::wait(500);
        w.pay(job, 1, 500);
        t::assert_last<StreamSettled>(
            settled_fields(job, 1, 500, 100, 200, 2, 200, 2, 5, 500)
        );
        t::wait(500);
        w.pay(job, 2, 1_000);
        assert!(t::count<StreamSettled>() == 1, 1);
        w.assert_money(job, 198, 2, 0, 5);
        w.complete(job, 3, 1_000);
        w.assert_money(job, 198, 2, 5, 0);
    }

    #[test]
    fun the_last_part_of_a_unit_stays_with_the_buyer() {
        // 7,201 an hour, 1,800 s: ceil(3,600.5) = 3,601 deposited; 1,800 s earn floor(3,600.5) = 3,600.
        let w = t::setup_at(7_201);
        let job = w.running(1_800, 3_601);
        t::wait(2_000);
        w.complete(job, 1, 2_000);
        // fee floor(36.00) = 36
        w.assert_money(job, 3_564, 36, 1, 0);
    }

    #[test]
    fun attested_ahead_of_the_clock_waits_for_it() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        // Signed for second 50 already; only 10 s have passed on chain.
        let signature = w.sign(job, 1, 50, 50);
        settle(job, 1, 50, 50, signature);
        assert!(t::stream_field(job, ATTESTED) == 50 && t::stream_field(job, BILLED) == 10, 1);
        w.assert_money(job, 9_900, 100, 0, 90_000);
        t::wait(5);
        t::terminate_with_nothing_new(job);
        // 15 s ran: 15,000 less 150.
        w.assert_money(job, 14_850, 150, 85_000, 0);
    }

    #[test]
    fun the_largest_numbers_do_not_overflow() {
        // 2^64 - 1 an hour for 604,800 s would cost 168 times a u64: nobody can deposit that.
        // 1 s costs floor(18,446,744,073,709,551,615 / 3,600) = 5,124,095,576,030,431 and 15 parts of 3,600.
        let w = t::setup_at(0xffff_ffff_ffff_ffff);
        t::set_fee(1_000);
        t::mint(w.asset(), t::of(&t::buyer()), 10_000_000_000_000_000_000);
        let job = w.running(1_000, 5_124_095_576_030_431_005);
        t::wait(1_000);
        w.pay(job, 1, 1_000);
        // floor(18,446,744,073,709,551,615,000 / 3,600) = 5,124,095,576,030,431,004; 10 % floors to ..043,100.
        assert!(t::stream_field(job, PAID) == 5_124_095_576_030_431_004, 1);
        assert!(t::stream_field(job, FEE_PAID) == 512_409_557_603_043_100, 2);
        assert!(escrow::balance(job) == 1, 3);
    }

    // === Refusals ===

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun nobody_is_paid_before_the_start() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        t::wait(10);
        w.pay(job, 1, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun a_view_needs_a_stream() {
        payment_stream::get_stream(@0x77);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun nobody_is_paid_after_the_close() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.complete(job, 1, 5);
        w.pay(job, 2, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_LOG_ROOT_LENGTH)]
    fun a_short_log_root_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        payment_stream::process_payment(
            &t::keeper(), job, 1, 1, 1, t::bytes_of(31, 1), t::bytes_of(64, 1)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_SIGNATURE_LENGTH)]
    fun an_empty_signature_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        settle(job, 1, 0, 0, vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun a_forged_signature_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        settle(job, 1, 10, 10, t::bytes_of(64, 7));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun more_seconds_than_were_signed_abort() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        let signature = w.sign(job, 1, 5, 10);
        settle(job, 1, 10, 10, signature);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun another_chains_attestation_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        let signature =
            w.sign_as(t::chain() + 1, @computestream, job, t::terms_hash(job), 1, 10, 10);
        settle(job, 1, 10, 10, signature);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun another_packages_attestation_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        let signature = w.sign_as(t::chain(), @0xc6, job, t::terms_hash(job), 1, 10, 10);
        settle(job, 1, 10, 10, signature);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun another_jobs_attestation_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        let other = w.running(100, 100_000);
        t::wait(10);
        let signature = w.sign(other, 1, 10, 10);
        settle(job, 1, 10, 10, signature);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun other_terms_abort() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        let signature =
            w.sign_as(t::chain(), @computestream, job, t::hash(0), 1, 10, 10);
        settle(job, 1, 10, 10, signature);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_SEQ_BELOW_WATERMARK)]
    fun an_older_attestation_aborts() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(5);
        let old = w.sign(job, 1, 5, 5);
        t::wait(5);
        w.pay(job, 2, 10);
        settle(job, 1, 5, 5, old);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_EQUIVOCATION)]
    fun two_truths_under_one_number_abort() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 2, 5);
        w.pay(job, 2, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_SECONDS_BELOW_WATERMARK)]
    fun seconds_that_go_down_abort() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 1, 10);
        w.pay(job, 2, 9);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BEFORE_START)]
    fun a_time_before_the_start_aborts() {
        let w = t::setup();
        t::wait(5);
        let job = w.running(100, 100_000);
        let signature = w.sign(job, 1, 0, 4);
        settle(job, 1, 0, 4, signature);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_MORE_SECONDS_THAN_TIME)]
    fun more_seconds_than_time_abort() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 1, 11);
    }

    // === Terms are fixed at the start ===

    #[test]
    fun later_changes_reach_no_open_stream() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::set_fee(1_000);
        computestream::provider_registry::update_price(&t::owner(), w.provider(), 9);
        computestream::provider_registry::update_operator(
            &t::owner(), w.provider(), t::of(&t::operator()), t::key()
        );
        t::pause();
        t::wait(10);
        w.complete(job, 1, 10);
        // Still 1,000 a second, 1 %, the old key; and a paused market pays.
        w.assert_money(job, 9_900, 100, 90_000, 0);
    }

    // === Batches ===

    fun batch(
        jobs: vector<address>,
        seqs: vector<u64>,
        seconds: vector<u64>,
        at: u64,
        signatures: vector<vector<u8>>
    ) {
        let times = vector[];
        let roots = vector[];
        jobs.for_each_ref(|_job| {
            times.push_back(t::start_time() + at);
            roots.push_back(t::log_root());
        });
        payment_stream::process_payments(
            &t::keeper(), jobs, seqs, seconds, times, roots, signatures
        );
    }

    #[test]
    fun a_batch_does_what_single_calls_do() {
        let w = t::setup_at(1_000);
        t::set_fee(333);
        let single = w.running(1_000, 1_000);
        let batched = w.running(1_000, 1_000);
        t::wait(37);
        w.pay(single, 1, 37);
        batch(vector[batched], vector[1], vector[37], 37, vector[w.sign(batched, 1, 37, 37)]);
        t::wait(500);
        w.pay(single, 2, 500);
        w.pay(single, 3, 537);
        batch(
            vector[batched, batched],
            vector[2, 3],
            vector[500, 537],
            537,
            vector[w.sign(batched, 2, 500, 537), w.sign(batched, 3, 537, 537)]
        );
        let field = 0;
        while (field < 14) {
            assert!(t::stream_field(single, field) == t::stream_field(batched, field), field);
            field = field + 1;
        };
        // floor(537,000 / 3,600) = 149; floor(149 * 0.0333) = floor(4.9617) = 4
        assert!(t::stream_field(batched, PAID) == 149 && t::stream_field(batched, FEE_PAID) == 4, 101);
        assert!(t::count<SettlementSkipped>() == 0, 102);
    }

    #[test]
    fun a_bad_entry_never_stops_the_batch() {
        let w = t::setup();
        t::wait(5);
        let closed = w.running(100, 100_000);
        w.complete(closed, 1, 0);
        let victim = w.running(100, 100_000);
        let good = w.running(100, 100_000);
        t::wait(10);
        w.pay(victim, 5, 8);
        let before = bcs::to_bytes(&payment_stream::get_stream(victim));

        // Everything at second 15, the streams' tenth.
        let garbage = t::bytes_of(64, 7);
        let jobs =
            vector[@0x77, closed, victim, victim, victim, victim, victim, victim, victim, victim, good];
        let seqs = vector[1, 2, 6, 6, 6, 4, 5, 6, 6, 6, 1];
        let seconds = vector[1, 1, 9, 9, 9, 8, 9, 7, 8, 11, 10];
        let times = vector[15, 15, 15, 15, 15, 15, 15, 15, 4, 15, 15];
        let codes = vector[1, 2, 101, 102, 103, 104, 105, 106, 107, 108];
        let roots = vector[];
        let signatures = vector[];
        let stamps = vector[];
        let expected = vector[];
        let i = 0;
        while (i < jobs.length()) {
            let code = if (i < codes.length()) codes[i] else 0;
            roots.push_back(if (code == 101) t::bytes_of(33, 0) else t::log_root());
            signatures.push_back(
                if (code == 102) t::bytes_of(63, 1)
                else if (code < 104 && code > 0) garbage
                else w.sign(jobs[i], seqs[i], seconds[i], times[i])
            );
            stamps.push_back(t::start_time() + times[i]);
            if (code > 0) {
                expected.push_back(
                    t::join(
                        vector[
                            a(jobs[i]),
                            a(t::of(&t::keeper())),
                            n(code),
                            n(t::start_time() + 15)
                        ]
                    )
                );
            };
            i = i + 1;
        };
        payment_stream::process_payments(
            &t::keeper(), jobs, seqs, seconds, stamps, roots, signatures
        );

        t::assert_all<SettlementSkipped>(expected);
        assert!(bcs::to_bytes(&payment_stream::get_stream(victim)) == before, 1);
        // The good one, last in the row, was paid: 10,000 and 100.
        t::assert_last<StreamSettled>(
            settled_fields(good, 1, 10, 10, 10_000, 100, 10_000, 100, 90_000, 15)
        );
    }

    #[test]
    fun lists_of_nothing_are_a_no_op() {
        t::setup();
        payment_stream::process_payments(
            &t::keeper(), vector[], vector[], vector[], vector[], vector[], vector[]
        );
        assert!(t::count<SettlementSkipped>() == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_BATCH_LENGTHS)]
    fun lists_of_several_lengths_abort() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        payment_stream::process_payments(
            &t::keeper(),
            vector[job],
            vector[1],
            vector[1],
            vector[1],
            vector[t::log_root()],
            vector[]
        );
    }

    #[test]
    fun streams_of_jobs_without_one_are_left_out() {
        let w = t::setup();
        let pending = w.create(100, 100_000);
        let running = w.running(100, 100_000);
        let views = payment_stream::get_streams(vector[pending, running, @0x77, running]);
        assert!(views.length() == 2, 1);
        assert!(views[0] == payment_stream::get_stream(running) && views[1] == views[0], 2);
    }
}
