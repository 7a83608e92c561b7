#[test_only]
/// How a stream ends: the clock stops, proofs stop counting, what is left is awarded, and nothing stays behind.
module computestream::stream_end_tests {
    use aptos_framework::fungible_asset;
    use aptos_framework::object;
    use computestream::attestation;
    use computestream::escrow::{Self, EscrowRefunded};
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::stream::{StreamClosed, StreamSealed, StreamSettled};
    use computestream::stream_test_utils::{Self as st, Stage, settled};
    use computestream::value_test_utils::{Self as v, a, n};

    const BUYER: address = @0xb0b;
    const KEEPER: address = @0x6e5;

    /// How long seconds may be proven after the end.
    const WINDOW: u64 = 60;

    fun assert_refunded(job: address, amount: u64, balance: u64, at: u64) {
        v::assert_last<EscrowRefunded>(
            vector[a(job), a(BUYER), n(amount), n(balance), n(m::start_time() + at)]
        );
    }

    fun assert_closed(
        job: address,
        billed: u64,
        paid: u64,
        fee_paid: u64,
        keeper_paid: u64,
        at: u64
    ) {
        v::assert_last<StreamClosed>(
            vector[
                a(job),
                n(billed),
                n(paid),
                n(fee_paid),
                n(keeper_paid),
                n(m::start_time() + at)
            ]
        );
    }

    fun assert_sealed(job: address, billed: u64, unreleased: u64, at: u64) {
        v::assert_last<StreamSealed>(
            vector[a(job), n(billed), n(unreleased), n(m::start_time() + at)]
        );
    }

    fun assert_results(
        seconds: u64, paid: u64, fees: u64, deposited: u64, expected: vector<u64>
    ) {
        assert!(vector[seconds, paid, fees, deposited] == expected, 9601);
    }

    /// 20 of 30 s are proven and 10 of those held: 10,000 paid, 10,000 held, 10,000 unproven.
    fun half_proven(stage: &Stage): address {
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        m::wait(10);
        job
    }

    // === The last attestation ===

    #[test]
    fun nothing_new_is_no_claim_even_without_a_stream() {
        payment_stream::settle_last(@0x77, KEEPER, &attestation::nothing_new());
    }

    #[test]
    fun the_last_attestation_pays_and_an_overtaken_one_does_not_matter() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        let overtaken = stage.claim(job, 1, 10);
        m::wait(10);
        payment_stream::settle_last(job, KEEPER, &stage.claim(job, 2, 20));
        stage.assert_money(job, 19_800, 180, 20, 0, 80_000);
        payment_stream::settle_last(job, KEEPER, &overtaken);
        assert!(st::seq(job) == 2 && st::settlements() == 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_MORE_SECONDS_THAN_TIME)]
    fun a_false_last_attestation_aborts() {
        let stage = st::setup();
        let job = stage.open_plain();
        payment_stream::settle_last(job, KEEPER, &stage.claim(job, 1, 1));
    }

    #[test]
    fun a_last_attestation_may_be_thirty_seconds_ahead_and_pays_what_has_passed() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        payment_stream::settle_last(job, KEEPER, &stage.claim_at(job, 1, 40, 40));
        let (prove_until, _) = payment_stream::end(job, KEEPER, WINDOW);
        // Of the 40 s no more than the 10 that ran will ever be billed.
        assert!(prove_until == m::start_time() + 10 && st::billed(job) == 10, 1);
        m::wait(30);
        payment_stream::close(job, KEEPER);
        assert_closed(job, 10, 10_000, 100, 10, 40);
        stage.assert_money(job, 9_900, 90, 10, 90_000, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_AHEAD_OF_TIME)]
    fun a_last_attestation_more_than_thirty_seconds_ahead_aborts() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        payment_stream::settle_last(job, KEEPER, &stage.claim_at(job, 1, 10, 41));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun a_last_attestation_without_a_stream_aborts() {
        let stage = st::setup();
        payment_stream::settle_last(@0x77, KEEPER, &stage.claim(@0x77, 1, 1));
    }

    // === Ending ===

    #[test]
    fun an_end_keeps_what_may_still_be_proven() {
        let stage = st::setup();
        let job = half_proven(&stage);
        let (prove_until, held) = payment_stream::end(job, BUYER, WINDOW);
        // Reachable: 30,000, of which 10,000 are paid.
        assert!(prove_until == m::start_time() + 90 && held == 10_000, 1);
        assert!(st::prove_until(job) == prove_until, 2);
        assert_refunded(job, 70_000, 20_000, 30);
        assert!(payment_stream::ended_at(job) == m::start_time() + 30, 3);
        assert!(!payment_stream::is_final(job), 4);
        stage.assert_money(job, 9_900, 90, 10, 70_000, 20_000);

        // The wall stands still: 40 s proven later are 30.
        m::wait(10);
        stage.pay(job, 2, 40);
        v::assert_last<StreamSettled>(
            settled(job, 2, 40, 0, 30, 10_000, 100, 10, 20_000, 200, 20, 10_000, 40)
        );
        assert!(payment_stream::is_final(job), 5);
        assert!(payment_stream::held(job) == 10_000, 6);

        let (seconds, paid, fees, deposited) = payment_stream::close(job, KEEPER);
        assert_results(seconds, paid, fees, deposited, vector[30, 30_000, 300, 100_000]);
        assert_closed(job, 30, 30_000, 300, 30, 40);
        stage.assert_money(job, 29_700, 270, 30, 70_000, 0);
        // Nothing was left to refund.
        assert!(v::count<EscrowRefunded>() == 1, 7);
    }

    #[test]
    fun an_end_with_everything_proven_leaves_no_time_to_prove() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(30);
        stage.pay(job, 1, 30);
        assert!(payment_stream::is_final(job) && st::prove_until(job) == 0, 1);
        let (prove_until, held) = payment_stream::end(job, BUYER, WINDOW);
        assert!(prove_until == m::start_time() + 30 && held == 0, 2);
        assert!(st::prove_until(job) == prove_until && payment_stream::is_final(job), 3);
        stage.assert_money(job, 29_700, 270, 30, 70_000, 0);
    }

    #[test]
    fun an_end_bills_what_the_clock_has_reached_and_tells_it_though_all_is_held() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(4);
        stage.pay_at(job, 1, 8, 8);
        m::wait(4);
        let (prove_until, held) = payment_stream::end(job, BUYER, WINDOW);
        // All 8 s are proven now, and all of them wait for the buyer.
        v::assert_last<StreamSettled>(
            st::settled_by(
                BUYER, job, vector[1, 8, 0, 8, 0, 0, 0, 0, 0, 0, 100_000], 8
            )
        );
        assert!(prove_until == m::start_time() + 8 && held == 8_000, 1);
        stage.assert_money(job, 0, 0, 0, 92_000, 8_000);
    }

    #[test]
    fun an_end_without_proofs_to_come_seals() {
        let stage = st::setup();
        let job = half_proven(&stage);
        let (prove_until, held) = payment_stream::end(job, BUYER, 0);
        assert!(prove_until == m::start_time() + 30 && held == 10_000, 1);
        assert!(st::prove_until(job) == prove_until, 2);
        assert_sealed(job, 20, 10_000, 30);
        // The unproven seconds are the buyer's at once.
        assert_refunded(job, 80_000, 10_000, 30);
        assert!(payment_stream::is_final(job), 3);
        assert!(st::is_sealed(job) && !st::is_closed(job), 4);
        stage.assert_money(job, 9_900, 90, 10, 80_000, 10_000);
    }

    #[test]
    fun an_end_before_the_first_second_returns_everything() {
        let stage = st::setup();
        let job = stage.open_held();
        let (prove_until, held) = payment_stream::end(job, BUYER, WINDOW);
        assert!(prove_until == m::start_time() && held == 0, 1);
        stage.assert_money(job, 0, 0, 0, 100_000, 0);
    }

    // === The time to prove ===

    /// 10 of 30 s are proven and paid for; the other 20 may be proven until second 90.
    fun ended_unproven(stage: &Stage): address {
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 1, 10);
        m::wait(20);
        payment_stream::end(job, BUYER, WINDOW);
        job
    }

    #[test]
    fun a_proof_counts_until_the_last_second_of_the_window() {
        let stage = st::setup();
        let job = ended_unproven(&stage);
        m::wait(59);
        assert!(!payment_stream::is_final(job), 1);
        assert!(st::quote(job, 25, 89) == vector[15_000, 150], 2);
        assert!(st::quote(job, 25, 90) == vector[0, 0], 3);
        stage.pay(job, 2, 25);
        v::assert_last<StreamSettled>(
            settled(job, 2, 25, 0, 25, 15_000, 150, 15, 25_000, 250, 25, 5_000, 89)
        );
        // Nobody has to seal it: the other 5 s are lost a second later and go back with the close.
        m::wait(1);
        assert!(payment_stream::is_final(job) && !st::is_sealed(job), 4);
        payment_stream::close(job, KEEPER);
        assert_closed(job, 25, 25_000, 250, 25, 90);
        stage.assert_money(job, 24_750, 225, 25, 75_000, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun no_proof_counts_from_the_end_of_the_window_on() {
        let stage = st::setup();
        let job = ended_unproven(&stage);
        m::wait(60);
        stage.pay(job, 2, 25);
    }

    #[test]
    fun a_proof_with_money_held_back_counts_until_the_last_second_of_the_window() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::end(job, BUYER, WINDOW);
        m::wait(59);
        assert!(!payment_stream::is_final(job), 1);
        stage.pay(job, 2, 25);
        // 5 s more are free; 10 wait, and 5 may be proven for one second still.
        v::assert_last<StreamSettled>(
            settled(job, 2, 25, 0, 25, 5_000, 50, 5, 15_000, 150, 15, 15_000, 89)
        );
        m::wait(1);
        assert!(payment_stream::is_final(job), 2);
        assert!(payment_stream::held(job) == 10_000, 3);
        // The buyer still may agree to what waits; the 5 s that nobody proved are the buyer's.
        st::agree(job, KEEPER);
        payment_stream::close(job, KEEPER);
        stage.assert_money(job, 24_750, 225, 25, 75_000, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun no_proof_with_money_held_back_counts_from_the_end_of_the_window_on() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::end(job, BUYER, WINDOW);
        m::wait(60);
        // Not even with the buyer's signature.
        stage.pay_agreed(job, 2, 25);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun a_last_attestation_after_the_window_aborts() {
        let stage = st::setup();
        let job = ended_unproven(&stage);
        m::wait(60);
        payment_stream::settle_last(job, KEEPER, &stage.claim(job, 2, 25));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun no_proof_counts_after_an_end_with_nothing_left_to_prove() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        payment_stream::end(job, BUYER, WINDOW);
        stage.pay(job, 2, 20);
    }

    // === Sealing ===

    #[test]
    fun a_seal_waives_what_is_not_proven_and_a_second_one_changes_nothing() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::end(job, BUYER, WINDOW);
        m::wait(5);
        payment_stream::seal(job, KEEPER);
        assert!(payment_stream::held(job) == 10_000, 1);
        assert_sealed(job, 20, 10_000, 35);
        assert_refunded(job, 10_000, 10_000, 35);
        assert!(payment_stream::ended_at(job) == m::start_time() + 30, 2);
        // The time to prove is over with it.
        assert!(st::prove_until(job) == m::start_time() + 35, 3);
        let before = st::view_bytes(job);
        m::wait(5);
        payment_stream::seal(job, KEEPER);
        assert!(st::view_bytes(job) == before && v::count<StreamSealed>() == 1, 4);
        stage.assert_money(job, 9_900, 90, 10, 80_000, 10_000);
    }

    #[test]
    fun a_seal_stops_the_clock_of_a_running_stream() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::seal(job, KEEPER);
        assert!(payment_stream::ended_at(job) == m::start_time() + 30, 1);
    }

    #[test]
    fun a_sealed_stream_can_still_be_confirmed() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::end(job, BUYER, 0);
        st::agree(job, KEEPER);
        v::assert_last<StreamSettled>(
            settled(job, 1, 20, 20, 20, 10_000, 100, 10, 20_000, 200, 20, 0, 30)
        );
        assert!(payment_stream::held(job) == 0, 1);
    }

    // === Closing ===

    #[test]
    fun a_close_pays_what_was_held_and_returns_the_rest() {
        let stage = st::setup();
        let job = half_proven(&stage);
        let (seconds, paid, fees, deposited) = payment_stream::close(job, KEEPER);
        assert_results(seconds, paid, fees, deposited, vector[20, 20_000, 200, 100_000]);
        v::assert_last<StreamSettled>(
            settled(job, 1, 20, 0, 20, 10_000, 100, 10, 20_000, 200, 20, 80_000, 30)
        );
        assert_refunded(job, 80_000, 0, 30);
        assert_closed(job, 20, 20_000, 200, 20, 30);
        assert!(st::is_closed(job) && !st::is_sealed(job), 1);
        assert!(payment_stream::held(job) == 0, 2);
        stage.assert_money(job, 19_800, 180, 20, 80_000, 0);
    }

    #[test]
    fun a_close_bills_what_the_clock_has_reached() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay_at(job, 1, 40, 40);
        m::wait(5);
        payment_stream::close(job, KEEPER);
        assert_closed(job, 15, 15_000, 150, 15, 15);
        stage.assert_money(job, 14_850, 135, 15, 85_000, 0);
    }

    #[test]
    fun an_award_pays_a_part_of_what_was_held() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::end(job, BUYER, 0);
        m::wait(5);
        let (seconds, paid, fees, deposited) =
            payment_stream::close_with_award(job, KEEPER, 3_456);
        // 13,456 in all, 134 and 13 of it fees.
        assert_results(seconds, paid, fees, deposited, vector[20, 13_456, 134, 100_000]);
        v::assert_last<StreamSettled>(
            settled(job, 1, 20, 0, 20, 3_456, 34, 3, 13_456, 134, 13, 6_544, 35)
        );
        assert_refunded(job, 6_544, 0, 35);
        assert_closed(job, 20, 13_456, 134, 13, 35);
        assert!(st::earned(job) == 20_000 && payment_stream::held(job) == 0, 1);
        stage.assert_money(job, 13_322, 121, 13, 86_544, 0);
    }

    #[test]
    fun an_award_of_nothing_returns_what_was_held() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::end(job, BUYER, 0);
        let (seconds, paid, fees, deposited) =
            payment_stream::close_with_award(job, KEEPER, 0);
        assert_results(seconds, paid, fees, deposited, vector[20, 10_000, 100, 100_000]);
        assert!(st::settlements() == 1, 1);
        stage.assert_money(job, 9_900, 90, 10, 90_000, 0);
    }

    #[test]
    fun an_award_of_everything_is_a_close() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::close_with_award(job, KEEPER, 10_000);
        stage.assert_money(job, 19_800, 180, 20, 80_000, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_AWARD_TOO_HIGH)]
    fun an_award_beyond_what_is_held_aborts() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::close_with_award(job, KEEPER, 10_001);
    }

    #[test]
    fun an_unpaid_close_pays_and_bills_nothing_more() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay_at(job, 1, 40, 40);
        m::wait(20);
        // 10,000 are paid, 10,000 held and 20 s proven and not billed: a provider at fault gets none of it.
        let (seconds, paid, fees, deposited) = payment_stream::close_unpaid(job, KEEPER);
        assert_results(seconds, paid, fees, deposited, vector[20, 10_000, 100, 100_000]);
        assert_refunded(job, 90_000, 0, 40);
        assert_closed(job, 20, 10_000, 100, 10, 40);
        assert!(st::settlements() == 1 && st::is_closed(job), 1);
        assert!(payment_stream::ended_at(job) == m::start_time() + 40, 2);
        stage.assert_money(job, 9_900, 90, 10, 90_000, 0);
    }

    #[test]
    fun an_unpaid_close_keeps_the_end_of_before() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::end(job, BUYER, WINDOW);
        m::wait(5);
        payment_stream::close_unpaid(job, KEEPER);
        assert!(payment_stream::ended_at(job) == m::start_time() + 30, 1);
        stage.assert_money(job, 9_900, 90, 10, 90_000, 0);
    }

    // === Leaving ===

    #[test]
    fun a_closed_stream_leaves_nothing_behind() {
        let stage = st::setup();
        let job = half_proven(&stage);
        payment_stream::close(job, KEEPER);
        payment_stream::destroy(job);
        escrow::destroy(job, BUYER);
        assert!(!st::has_stream(job), 1);
        assert!(!object::is_object(job) && !fungible_asset::store_exists(job), 2);
    }

    #[test]
    fun a_job_without_a_stream_has_none_to_destroy() {
        payment_stream::destroy(@0x77);
        assert!(!st::has_stream(@0x77), 1);
    }
}
