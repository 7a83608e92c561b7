#[test_only]
/// An issuer that freezes a stream's escrow or takes from it: what ran counts, endings end, and the money comes later.
module computestream::stream_frozen_tests {
    use aptos_framework::fungible_asset;
    use computestream::escrow::EscrowRefunded;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::stream::{StreamClosed, StreamRateChanged, StreamSealed, StreamSettled};
    use computestream::stream_test_utils::{Self as st, Stage, settled};
    use computestream::value_test_utils::{Self as v, a, n};

    const BUYER: address = @0xb0b;
    const PAYEE: address = @0xa11;
    const KEEPER: address = @0x6e5;

    /// How long seconds may be proven after the end.
    const WINDOW: u64 = 60;

    fun freeze_escrow(stage: &Stage, job: address) {
        m::freeze_escrow(stage.asset(), job, true);
    }

    fun thaw(stage: &Stage, job: address) {
        m::freeze_escrow(stage.asset(), job, false);
    }

    /// 20 s ran and are proven, 10 of them are held. The escrow is frozen, so that the 10,000 free aren't paid either.
    fun unpaid(stage: &Stage): address {
        let job = stage.open_held();
        m::wait(20);
        freeze_escrow(stage, job);
        stage.pay(job, 1, 20);
        job
    }

    // === Settling ===

    #[test]
    fun an_attestation_counts_and_a_later_settlement_pays_for_it() {
        let stage = st::setup();
        let job = unpaid(&stage);
        v::assert_last<StreamSettled>(
            settled(job, 1, 20, 0, 20, 0, 0, 0, 0, 0, 0, 100_000, 20)
        );
        assert!(st::earned(job) == 20_000 && payment_stream::held(job) == 10_000, 1);
        assert!(st::last_progress(job) == m::start_time() + 20, 2);
        stage.assert_money(job, 0, 0, 0, 0, 100_000);
        // A repeat is one still.
        stage.pay(job, 1, 20);
        assert!(st::settlements() == 1, 3);

        m::wait(5);
        stage.pay(job, 2, 25);
        v::assert_last<StreamSettled>(
            settled(job, 2, 25, 0, 25, 0, 0, 0, 0, 0, 0, 100_000, 25)
        );
        thaw(&stage, job);
        // All that is free by now, with the bytes of before.
        stage.pay(job, 2, 25);
        v::assert_last<StreamSettled>(
            settled(job, 2, 25, 0, 25, 15_000, 150, 15, 15_000, 150, 15, 85_000, 25)
        );
        stage.assert_money(job, 14_850, 135, 15, 0, 85_000);
    }

    #[test]
    fun a_quote_is_of_the_escrow_as_it_is() {
        let stage = st::setup();
        let job = unpaid(&stage);
        assert!(st::quote(job, 30, 30) == vector[0, 0], 1);
        thaw(&stage, job);
        assert!(st::quote(job, 30, 30) == vector[20_000, 200], 2);
        m::claw_back(stage.asset(), job, 80_001);
        assert!(st::quote(job, 30, 30) == vector[0, 0], 3);
        assert!(st::quote(job, 29, 30) == vector[19_000, 190], 4);
    }

    #[test]
    fun an_escrow_that_was_taken_from_pays_as_long_as_it_can_and_never_a_part() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::claw_back(stage.asset(), job, 95_000);
        m::wait(4);
        stage.pay(job, 1, 4);
        v::assert_last<StreamSettled>(
            settled(job, 1, 4, 0, 4, 4_000, 40, 4, 4_000, 40, 4, 96_000, 4)
        );
        m::wait(2);
        // 2,000 are due, 1,000 are there.
        stage.pay(job, 2, 6);
        v::assert_last<StreamSettled>(
            settled(job, 2, 6, 0, 6, 0, 0, 0, 4_000, 40, 4, 96_000, 6)
        );
        m::give_back(stage.asset(), job, 95_000);
        m::wait(1);
        stage.pay(job, 3, 7);
        v::assert_last<StreamSettled>(
            settled(job, 3, 7, 0, 7, 3_000, 30, 3, 7_000, 70, 7, 93_000, 7)
        );
        stage.assert_money(job, 6_930, 63, 7, 0, 93_000);
    }

    #[test]
    fun an_agreement_counts_and_a_later_settlement_pays_for_it() {
        let stage = st::setup();
        let job = unpaid(&stage);
        st::agree(job, BUYER);
        v::assert_last<StreamSettled>(
            st::settled_by(
                BUYER, job, vector[1, 20, 20, 20, 0, 0, 0, 0, 0, 0, 100_000], 20
            )
        );
        assert!(payment_stream::held(job) == 0, 1);
        thaw(&stage, job);
        stage.pay(job, 1, 20);
        stage.assert_money(job, 19_800, 180, 20, 0, 80_000);
    }

    #[test]
    fun a_new_rate_leaves_what_is_not_paid_yet_as_it_was_earned() {
        let stage = st::setup();
        let job = unpaid(&stage);
        payment_stream::change_rate(job, PAYEE, 0);
        assert!(v::count<StreamRateChanged>() == 1 && st::earned(job) == 20_000, 1);
        m::wait(5);
        thaw(&stage, job);
        stage.pay(job, 2, 25);
        stage.assert_money(job, 9_900, 90, 10, 0, 90_000);
        assert!(payment_stream::held(job) == 10_000, 2);
    }

    /// The same with 300,000 in the escrow, so that the buyer may raise the rate to 2,000 a second: 10 s of which are
    /// as much as all that is earned.
    fun raised(stage: &Stage): address {
        let job = stage.open(3_600_000, 300_000, 100, 10);
        m::wait(20);
        freeze_escrow(stage, job);
        stage.pay(job, 1, 20);
        payment_stream::change_rate(job, BUYER, 7_200_000);
        job
    }

    #[test]
    fun a_raise_holds_nothing_that_was_free_already() {
        let stage = st::setup();
        let job = raised(&stage);
        assert!(payment_stream::held(job) == 10_000, 1);
        thaw(&stage, job);
        assert!(st::quote(job, 20, 20) == vector[10_000, 100], 2);
        stage.pay(job, 1, 20);
        stage.assert_money(job, 9_900, 90, 10, 0, 290_000);
    }

    #[test]
    fun after_a_raise_an_award_of_nothing_takes_nothing_that_was_free() {
        let stage = st::setup();
        let job = raised(&stage);
        let (_, held) = payment_stream::end(job, BUYER, 0);
        assert!(held == 10_000, 1);
        thaw(&stage, job);
        payment_stream::close_with_award(job, KEEPER, 0);
        stage.assert_money(job, 9_900, 90, 10, 290_000, 0);
    }

    // === Ending ===

    #[test]
    fun an_end_keeps_everything_for_the_close() {
        let stage = st::setup();
        let job = unpaid(&stage);
        m::wait(10);
        let (prove_until, held) = payment_stream::end(job, BUYER, WINDOW);
        // What is free and couldn't be paid isn't held.
        assert!(prove_until == m::start_time() + 90 && held == 10_000, 1);
        assert!(payment_stream::ended_at(job) == m::start_time() + 30, 2);
        assert!(v::count<EscrowRefunded>() == 0 && !payment_stream::is_final(job), 3);
        stage.assert_money(job, 0, 0, 0, 0, 100_000);
        // Proofs of the last 10 s count still.
        m::wait(10);
        stage.pay(job, 2, 30);
        assert!(st::billed(job) == 30 && payment_stream::is_final(job), 4);
        thaw(&stage, job);
        payment_stream::close(job, KEEPER);
        stage.assert_money(job, 29_700, 270, 30, 70_000, 0);
        assert!(v::count<EscrowRefunded>() == 1, 5);
    }

    #[test]
    fun an_end_with_enough_for_what_is_due_pays_it_and_refunds_later() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(30);
        m::claw_back(stage.asset(), job, 1);
        payment_stream::settle_last(job, KEEPER, &stage.claim(job, 1, 30));
        payment_stream::end(job, BUYER, WINDOW);
        // 70,000 can't be earned any more, and one unit of them is missing.
        assert!(st::paid(job) == 30_000 && v::count<EscrowRefunded>() == 0, 1);
        m::give_back(stage.asset(), job, 1);
        payment_stream::close(job, KEEPER);
        stage.assert_money(job, 29_700, 270, 30, 70_000, 0);
    }

    #[test]
    fun a_seal_keeps_everything_for_the_close() {
        let stage = st::setup();
        let job = unpaid(&stage);
        payment_stream::seal(job, KEEPER);
        v::assert_last<StreamSealed>(
            vector[a(job), n(20), n(20_000), n(m::start_time() + 20)]
        );
        assert!(payment_stream::held(job) == 10_000 && payment_stream::is_final(job), 1);
        stage.assert_money(job, 0, 0, 0, 0, 100_000);
        thaw(&stage, job);
        payment_stream::close(job, KEEPER);
        stage.assert_money(job, 19_800, 180, 20, 80_000, 0);
    }

    /// 20 s ran and are proven and half of them paid; then the issuer took 5,000 of the 90,000 that are left. 80,000
    /// can't be earned any more, and are there; of the 10,000 held the other half would be left.
    fun plundered(stage: &Stage): address {
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        m::claw_back(stage.asset(), job, 5_000);
        job
    }

    fun assert_still_backed(stage: &Stage, job: address, there: u64) {
        assert!(v::count<EscrowRefunded>() == 0, 9601);
        assert!(stage.balance(BUYER) == 1_000_000_000 - 100_000, 9602);
        assert!(fungible_asset::balance(m::store_of(job)) == there, 9603);
    }

    #[test]
    fun an_end_refunds_nothing_while_anything_is_missing() {
        let stage = st::setup();
        let job = plundered(&stage);
        let (_, held) = payment_stream::end(job, BUYER, 0);
        assert!(held == 10_000, 1);
        assert_still_backed(&stage, job, 85_000);
        // What is held can be paid though the rest is missing.
        st::agree(job, KEEPER);
        assert_still_backed(&stage, job, 75_000);
        m::give_back(stage.asset(), job, 5_000);
        payment_stream::close(job, KEEPER);
        stage.assert_money(job, 19_800, 180, 20, 80_000, 0);
    }

    #[test]
    /// 10 s more ran that aren't proven: 70,000 can't be earned any more, and then 80,000.
    fun neither_an_end_with_time_to_prove_nor_its_seal_refunds_anything_then() {
        let stage = st::setup();
        let job = plundered(&stage);
        m::wait(10);
        payment_stream::end(job, BUYER, WINDOW);
        assert_still_backed(&stage, job, 85_000);
        payment_stream::seal(job, KEEPER);
        assert_still_backed(&stage, job, 85_000);
        m::give_back(stage.asset(), job, 5_000);
        payment_stream::close(job, KEEPER);
        stage.assert_money(job, 19_800, 180, 20, 80_000, 0);
    }

    #[test]
    fun a_seal_of_a_restored_escrow_refunds_what_the_end_could_not() {
        let stage = st::setup();
        let job = plundered(&stage);
        m::wait(10);
        payment_stream::end(job, BUYER, WINDOW);
        m::give_back(stage.asset(), job, 5_000);
        payment_stream::seal(job, KEEPER);
        stage.assert_money(job, 9_900, 90, 10, 80_000, 10_000);
    }

    #[test]
    fun an_award_pays_what_was_never_held_as_well() {
        let stage = st::setup();
        let job = unpaid(&stage);
        payment_stream::end(job, BUYER, 0);
        thaw(&stage, job);
        // The 10,000 free, and 3,456 of the 10,000 held: fees of 134, of it 13.
        let (seconds, paid, fees, deposited) =
            payment_stream::close_with_award(job, KEEPER, 3_456);
        assert!(vector[seconds, paid, fees, deposited] == vector[20, 13_456, 134, 100_000], 1);
        v::assert_last<StreamSettled>(
            settled(job, 1, 20, 0, 20, 13_456, 134, 13, 13_456, 134, 13, 86_544, 20)
        );
        stage.assert_money(job, 13_322, 121, 13, 86_544, 0);
    }

    #[test]
    fun an_award_of_nothing_takes_nothing_that_was_free() {
        let stage = st::setup();
        let job = unpaid(&stage);
        let (prove_until, held) = payment_stream::end(job, BUYER, 0);
        assert!(prove_until == m::start_time() + 20 && held == 10_000, 1);
        thaw(&stage, job);
        payment_stream::close_with_award(job, KEEPER, 0);
        stage.assert_money(job, 9_900, 90, 10, 90_000, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_AWARD_TOO_HIGH)]
    fun what_could_not_be_paid_is_not_awarded_again() {
        let stage = st::setup();
        let job = unpaid(&stage);
        payment_stream::end(job, BUYER, 0);
        thaw(&stage, job);
        // 20,000 aren't paid, 10,000 are held.
        payment_stream::close_with_award(job, KEEPER, 10_001);
    }

    #[test]
    fun an_unpaid_close_returns_what_could_not_be_paid() {
        let stage = st::setup();
        let job = unpaid(&stage);
        thaw(&stage, job);
        let (seconds, paid, fees, deposited) = payment_stream::close_unpaid(job, KEEPER);
        assert!(vector[seconds, paid, fees, deposited] == vector[20, 0, 0, 100_000], 1);
        stage.assert_money(job, 0, 0, 0, 100_000, 0);
    }

    // === Halting ===

    #[test]
    fun a_halt_stops_and_seals_and_moves_nothing() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        // 20 of 40 proven seconds are billed, and 10,000 are paid.
        stage.pay_at(job, 1, 40, 40);
        m::wait(10);
        freeze_escrow(&stage, job);
        payment_stream::halt(job);
        let now = m::start_time() + 30;
        v::assert_last<StreamSealed>(vector[a(job), n(20), n(10_000), n(now)]);
        assert!(payment_stream::ended_at(job) == now && st::prove_until(job) == now, 1);
        assert!(st::is_sealed(job) && !st::is_closed(job) && payment_stream::is_final(job), 2);
        assert!(st::billed(job) == 20 && st::settlements() == 1, 3);
        assert!(v::count<EscrowRefunded>() == 0 && v::count<StreamClosed>() == 0, 4);
        stage.assert_money(job, 9_900, 90, 10, 0, 90_000);
        // Neither a second halt nor a seal changes anything.
        let before = st::view_bytes(job);
        m::wait(5);
        payment_stream::halt(job);
        payment_stream::seal(job, KEEPER);
        assert!(st::view_bytes(job) == before && v::count<StreamSealed>() == 1, 5);
        // All that wasn't paid before goes back once it can.
        thaw(&stage, job);
        payment_stream::close_unpaid(job, KEEPER);
        stage.assert_money(job, 9_900, 90, 10, 90_000, 0);
    }

    #[test]
    fun a_halt_ends_the_time_to_prove_and_keeps_the_end_of_before() {
        let stage = st::setup();
        let job = unpaid(&stage);
        m::wait(10);
        payment_stream::end(job, BUYER, WINDOW);
        m::wait(5);
        payment_stream::halt(job);
        assert!(payment_stream::ended_at(job) == m::start_time() + 30, 1);
        assert!(st::prove_until(job) == m::start_time() + 35, 2);
        stage.assert_money(job, 0, 0, 0, 0, 100_000);
    }

    #[test]
    fun a_halt_that_can_pay_does_not_either() {
        let stage = st::setup();
        let job = unpaid(&stage);
        thaw(&stage, job);
        payment_stream::halt(job);
        stage.assert_money(job, 0, 0, 0, 0, 100_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun no_attestation_counts_after_a_halt() {
        let stage = st::setup();
        let job = unpaid(&stage);
        payment_stream::halt(job);
        stage.pay(job, 2, 20);
    }
}
