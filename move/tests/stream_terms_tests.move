#[test_only]
/// What the buyer holds back, agrees to, adds, and what a new rate does to a stream that runs.
module computestream::stream_terms_tests {
    use computestream::escrow::EscrowDeposited;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::stream::{StreamExtended, StreamRateChanged, StreamSettled};
    use computestream::stream_test_utils::{Self as st, settled};
    use computestream::value_test_utils::{Self as v, a, n};

    const BUYER: address = @0xb0b;
    const PAYEE: address = @0xa11;
    const KEEPER: address = @0x6e5;

    // === Holding back ===

    #[test]
    fun the_last_seconds_wait_for_the_buyer() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(10);
        stage.pay(job, 1, 10);
        // All 10 wait.
        assert!(st::earned(job) == 10_000 && st::paid(job) == 0, 1);
        assert!(payment_stream::held(job) == 10_000, 2);
        m::wait(15);
        stage.pay(job, 2, 25);
        v::assert_last<StreamSettled>(
            settled(job, 2, 25, 0, 25, 15_000, 150, 15, 15_000, 150, 15, 85_000, 25)
        );
        stage.assert_money(job, 14_850, 135, 15, 0, 85_000);
    }

    #[test]
    fun progress_that_is_all_held_is_told_once() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(6);
        // Signed for second 9, all of which would wait for the buyer.
        let signature = stage.sign(job, 1, 9, 9);
        st::bring(job, 1, 9, 9, signature, vector[]);
        v::assert_last<StreamSettled>(
            settled(job, 1, 9, 0, 6, 0, 0, 0, 0, 0, 0, 100_000, 6)
        );
        st::bring(job, 1, 9, 9, signature, vector[]);
        assert!(st::settlements() == 1, 1);
        // The clock goes on: the same bytes bill more, and pay nothing still.
        m::wait(2);
        st::bring(job, 1, 9, 9, signature, vector[]);
        v::assert_last<StreamSettled>(
            settled(job, 1, 9, 0, 8, 0, 0, 0, 0, 0, 0, 100_000, 8)
        );
        m::wait(1);
        // Whatever accrues tells it, here an extension of the buyer's.
        payment_stream::extend(job, &m::buyer(), 1, 1_000);
        v::assert_last<StreamSettled>(
            st::settled_by(BUYER, job, vector[1, 9, 0, 9, 0, 0, 0, 0, 0, 0, 100_000], 9)
        );
        m::wait(1);
        payment_stream::change_rate(job, PAYEE, 0);
        st::bring(job, 1, 9, 9, signature, vector[]);
        assert!(st::settlements() == 3, 2);
        stage.assert_money(job, 0, 0, 0, 0, 101_000);
    }

    #[test]
    fun a_countersigned_attestation_pays_at_once() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(25);
        stage.pay_agreed(job, 1, 25);
        v::assert_last<StreamSettled>(
            settled(job, 1, 25, 25, 25, 25_000, 250, 25, 25_000, 250, 25, 75_000, 25)
        );
        assert!(payment_stream::held(job) == 0, 1);
    }

    #[test]
    fun a_later_countersignature_of_the_same_attestation_pays_what_was_held() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(25);
        let signature = stage.sign(job, 1, 25, 25);
        st::bring(job, 1, 25, 25, signature, vector[]);
        m::wait(5);
        st::bring(job, 1, 25, 25, signature, stage.countersign(job, 1, 25, 25));
        // The held 10,000, 100 and 10.
        v::assert_last<StreamSettled>(
            settled(job, 1, 25, 25, 25, 10_000, 100, 10, 25_000, 250, 25, 75_000, 30)
        );
    }

    #[test]
    fun a_confirmation_without_money_is_told_once() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 1, 10);
        stage.pay_agreed(job, 1, 10);
        v::assert_last<StreamSettled>(
            settled(job, 1, 10, 10, 10, 0, 0, 0, 10_000, 100, 10, 90_000, 10)
        );
        stage.pay_agreed(job, 1, 10);
        assert!(st::settlements() == 2, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun a_countersignature_of_other_bytes_aborts() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(10);
        st::bring(
            job, 1, 10, 10, stage.sign(job, 1, 10, 10), stage.countersign(job, 1, 9, 10)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun the_providers_signature_is_no_countersignature() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(10);
        let signature = stage.sign(job, 1, 10, 10);
        st::bring(job, 1, 10, 10, signature, signature);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun without_a_buyer_key_nobody_countersigns() {
        let stage = st::setup();
        let job = stage.open_with(3_600_000, 100_000, 100, 10, 100, 1_000, vector[]);
        m::wait(10);
        stage.pay_agreed(job, 1, 10);
    }

    #[test]
    fun the_buyer_confirms_what_is_billed() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 15);
        m::wait(1);
        st::agree(job, BUYER);
        // Held: 10,000, its fee 100. The buyer signed, so the keeper's 10 are the buyer's, who has a store.
        v::assert_last<StreamSettled>(
            st::settled_by(
                BUYER,
                job,
                vector[1, 15, 15, 15, 10_000, 100, 10, 15_000, 150, 15, 85_000],
                21
            )
        );
        // 4,950 + 9,900 to the payee, 45 + 90 to the treasury, 5 to the keeper, 10 back to the buyer.
        stage.assert_money(job, 14_850, 135, 5, 10, 85_000);
        st::agree(job, BUYER);
        assert!(st::settlements() == 2, 1);
    }

    #[test]
    fun confirming_leaves_what_is_proven_ahead_of_the_clock_held() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        let signature = stage.sign(job, 1, 50, 50);
        st::bring(job, 1, 50, 50, signature, vector[]);
        m::wait(5);
        // Of 50 s proven 20 are billed, and 25 have run: those are what the buyer can agree to.
        st::agree(job, KEEPER);
        v::assert_last<StreamSettled>(
            settled(job, 1, 50, 25, 25, 15_000, 150, 15, 25_000, 250, 25, 75_000, 25)
        );
        m::wait(35);
        st::bring(job, 1, 50, 50, signature, vector[]);
        // Of the 25 s since then the last 10 wait.
        v::assert_last<StreamSettled>(
            settled(job, 1, 50, 25, 50, 15_000, 150, 15, 40_000, 400, 40, 60_000, 60)
        );
        assert!(payment_stream::held(job) == 10_000, 1);
        stage.assert_money(job, 39_600, 360, 40, 0, 60_000);
    }

    #[test]
    fun a_countersignature_agrees_to_what_is_proven_ahead_of_the_clock_too() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        let signature = stage.sign(job, 1, 50, 50);
        st::bring(job, 1, 50, 50, signature, stage.countersign(job, 1, 50, 50));
        // The buyer signed for those very seconds; they are paid as they pass.
        assert!(st::confirmed(job) == 50 && st::paid(job) == 20_000, 1);
        m::wait(30);
        st::bring(job, 1, 50, 50, signature, vector[]);
        assert!(st::paid(job) == 50_000, 2);
    }

    #[test]
    fun the_view_tells_what_is_accrued_and_at_which_rate_it_is_held() {
        let stage = st::setup();
        // 10 parts an hour more than 1,000 a second.
        let job = stage.open(3_600_010, 100_001, 100, 10);
        assert!(st::acc(job) == 0 && st::held_rate(job) == 3_600_010, 1);
        m::wait(20);
        stage.pay(job, 1, 20);
        // 72,000,200 parts are 20,000 units and 200 parts.
        assert!(st::acc(job) == 72_000_200 && st::earned(job) == 20_000, 2);
        payment_stream::change_rate(job, PAYEE, 1_800_000);
        assert!(st::held_rate(job) == 3_600_010, 3);
        m::wait(9);
        stage.pay(job, 2, 29);
        // 16,200,000 parts more; 36,000,100 of the 88,200,200 are held: 52,200,100 parts are free.
        assert!(st::acc(job) == 88_200_200 && st::held_rate(job) == 3_600_010, 4);
        assert!(st::earned(job) == 24_500 && st::paid(job) == 14_500, 5);
        m::wait(1);
        stage.pay(job, 3, 30);
        // All that wait were billed at the new rate: 18,000,000 of the 90,000,200 are held.
        assert!(st::acc(job) == 90_000_200 && st::held_rate(job) == 1_800_000, 6);
        assert!(st::earned(job) == 25_000 && st::paid(job) == 20_000, 7);
        payment_stream::change_rate(job, PAYEE, 1_000_000);
        assert!(st::held_rate(job) == 1_800_000, 8);
        // Nothing waits any more: what comes next is held at the rate it is billed at.
        st::agree(job, KEEPER);
        assert!(st::acc(job) == 90_000_200 && st::held_rate(job) == 1_000_000, 9);
        payment_stream::change_rate(job, BUYER, 2_000_000);
        assert!(st::held_rate(job) == 2_000_000, 10);
        stage.assert_money(job, 24_750, 225, 25, 0, 75_001);
    }

    #[test]
    fun confirming_nothing_new_pays_nothing_and_tells_nothing() {
        let stage = st::setup();
        let job = stage.open_held();
        st::agree(job, BUYER);
        assert!(st::settlements() == 0, 1);
        stage.assert_money(job, 0, 0, 0, 0, 100_000);
    }

    #[test]
    fun an_agreement_to_some_seconds_leaves_the_rest_held() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        // Of the 10 s that wait the first 4.
        payment_stream::confirm(job, KEEPER, 14);
        v::assert_last<StreamSettled>(
            settled(job, 1, 20, 14, 20, 4_000, 40, 4, 14_000, 140, 14, 86_000, 20)
        );
        assert!(payment_stream::held(job) == 6_000, 1);
        // Fewer than before change and tell nothing.
        payment_stream::confirm(job, KEEPER, 13);
        assert!(st::settlements() == 2 && st::confirmed(job) == 14, 2);
        payment_stream::confirm(job, KEEPER, 20);
        assert!(st::paid(job) == 20_000 && payment_stream::held(job) == 0, 3);
    }

    #[test]
    fun an_agreement_to_seconds_that_were_free_is_told() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        payment_stream::confirm(job, KEEPER, 10);
        v::assert_last<StreamSettled>(
            settled(job, 1, 20, 10, 20, 0, 0, 0, 10_000, 100, 10, 90_000, 20)
        );
        assert!(payment_stream::held(job) == 10_000, 1);
    }

    #[test]
    fun an_agreement_to_more_than_is_billed_is_one_to_what_is_billed() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        payment_stream::confirm(job, KEEPER, 21);
        assert!(st::confirmed(job) == 20 && st::paid(job) == 20_000, 1);
        m::wait(1);
        stage.pay(job, 2, 21);
        assert!(st::paid(job) == 20_000 && payment_stream::held(job) == 1_000, 2);
    }

    #[test]
    fun an_agreement_needs_only_the_buyers_signature() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        stage.pay(job, 5, 10);
        // An older number, and the provider's signature isn't there at all.
        payment_stream::assert_countersigned(
            job, &st::claim_of(2, 7, 7, vector[]), &stage.countersign(job, 2, 7, 7)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun an_agreement_to_other_seconds_aborts() {
        let stage = st::setup();
        let job = stage.open_plain();
        payment_stream::assert_countersigned(
            job, &st::claim_of(2, 8, 7, vector[]), &stage.countersign(job, 2, 7, 7)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun the_provider_agrees_to_nothing() {
        let stage = st::setup();
        let job = stage.open_plain();
        let signature = stage.sign(job, 2, 7, 7);
        payment_stream::assert_countersigned(
            job, &st::claim_of(2, 7, 7, signature), &signature
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun nobody_agrees_without_a_buyer_key() {
        let stage = st::setup();
        let job = stage.open_with(3_600_000, 100_000, 100, 10, 100, 1_000, vector[]);
        payment_stream::assert_countersigned(
            job, &st::claim_of(2, 7, 7, vector[]), &stage.countersign(job, 2, 7, 7)
        );
    }

    // === Extending ===

    #[test]
    fun an_extension_pays_what_is_due_then_adds_time_and_money() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        // Signed for second 30, of which the clock allows 10 now and 20 more later.
        st::bring(job, 1, 30, 30, stage.sign(job, 1, 30, 30), vector[]);
        m::wait(10);
        payment_stream::extend(job, &m::buyer(), 50, 60_000);
        // The 10 s since then: the buyer is their keeper.
        v::assert_last<StreamSettled>(
            st::settled_by(
                BUYER, job, vector[1, 30, 0, 20, 10_000, 100, 10, 20_000, 200, 20, 80_000], 20
            )
        );
        v::assert_last<EscrowDeposited>(
            vector[
                a(job),
                a(BUYER),
                a(aptos_framework::object::object_address(&stage.asset())),
                n(60_000),
                n(140_000),
                n(m::start_time() + 20)
            ]
        );
        v::assert_last<StreamExtended>(
            vector[
                a(job),
                n(150),
                n(160_000),
                n(150),
                n(140_000),
                n(m::start_time() + 20)
            ]
        );
        assert!(payment_stream::is_covered(job), 1);
        assert!(payment_stream::max_duration_secs(job) == 150, 2);
        m::wait(200);
        stage.pay(job, 2, 150);
        // 150,000 less 1,500; of the fee 10 + 10 + 130 to keepers, of which the buyer had 10.
        stage.assert_money(job, 148_500, 1_350, 140, 10, 10_000);
    }

    #[test]
    fun time_without_money_is_not_covered_and_money_without_time_is() {
        let stage = st::setup();
        let job = stage.open_plain();
        payment_stream::extend(job, &m::buyer(), 1, 0);
        assert!(!payment_stream::is_covered(job), 1);
        payment_stream::extend(job, &m::buyer(), 0, 999);
        assert!(!payment_stream::is_covered(job) && st::funded(job) == 100, 2);
        payment_stream::extend(job, &m::buyer(), 0, 1);
        assert!(payment_stream::is_covered(job) && st::funded(job) == 101, 3);
        stage.assert_money(job, 0, 0, 0, 0, 101_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun an_extension_needs_its_money() {
        let stage = st::setup();
        let job = stage.open_plain();
        payment_stream::extend(job, &m::buyer(), 1, 999_900_001);
    }

    // === Changing the rate ===

    fun rate_changed(
        job: address, rate: u64, by: address, billed: u64, funded: u64, at: u64
    ): vector<vector<u8>> {
        vector[a(job), n(rate), a(by), n(billed), n(funded), n(m::start_time() + at)]
    }

    #[test]
    fun a_raise_counts_from_the_next_second() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(20);
        stage.pay(job, 1, 20);
        // 80 s more at 2,000 cost 160,000, of which 80,000 are there.
        payment_stream::extend(job, &m::buyer(), 0, 80_000);
        payment_stream::change_rate(job, BUYER, 7_200_000);
        v::assert_last<StreamRateChanged>(rate_changed(job, 7_200_000, BUYER, 20, 100, 20));
        assert!(payment_stream::rate_per_hour(job) == 7_200_000, 1);
        assert!(payment_stream::is_covered(job), 2);
        m::wait(80);
        stage.pay(job, 2, 100);
        // 20,000 and 160,000, less 1 %, of which a tenth is the keeper's.
        stage.assert_money(job, 178_200, 1_620, 180, 0, 0);
    }

    #[test]
    fun a_lower_rate_counts_from_the_next_second() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(20);
        stage.pay(job, 1, 20);
        payment_stream::change_rate(job, PAYEE, 1_800_000);
        v::assert_last<StreamRateChanged>(rate_changed(job, 1_800_000, PAYEE, 20, 100, 20));
        m::wait(80);
        stage.pay(job, 2, 100);
        // 20 s at 1,000 and 80 s at 500: 60,000, 600 and 60.
        stage.assert_money(job, 59_400, 540, 60, 0, 40_000);
    }

    #[test]
    fun what_is_proven_is_paid_at_the_rate_it_ran_at() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        st::bring(job, 1, 30, 30, stage.sign(job, 1, 30, 30), vector[]);
        m::wait(20);
        // 20 s proven and run, not billed yet.
        payment_stream::change_rate(job, PAYEE, 0);
        v::assert_last<StreamSettled>(
            st::settled_by(
                PAYEE, job, vector[1, 30, 0, 30, 20_000, 200, 20, 30_000, 300, 30, 70_000], 30
            )
        );
        v::assert_last<StreamRateChanged>(rate_changed(job, 0, PAYEE, 30, 100, 30));
    }

    /// 80 s are left of a stream at 1,000 a second, with 80,000 and what is added for them.
    fun raise(added: u64, rate: u64) {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(20);
        stage.pay(job, 1, 20);
        payment_stream::extend(job, &m::buyer(), 0, added);
        payment_stream::change_rate(job, BUYER, rate);
        assert!(payment_stream::is_covered(job) && st::funded(job) == 100, 1);
        m::wait(80);
        stage.pay(job, 2, 100);
        // Every second at the new rate, and not a unit over.
        assert!(st::billed(job) == 100 && st::paid(job) == 100_000 + added, 2);
        stage.assert_money(job, 106_920, 972, 108, 0, 0);
    }

    #[test]
    fun a_raise_that_the_deposit_covers_to_the_unit_passes() {
        // 80 s at 1,100 are 88,000.
        raise(8_000, 1_100 * 3_600);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_RATE_NOT_FUNDED)]
    fun a_raise_by_one_unit_an_hour_too_much_aborts() {
        raise(8_000, 1_100 * 3_600 + 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_RATE_NOT_FUNDED)]
    fun a_raise_with_one_unit_too_little_aborts() {
        raise(7_999, 1_100 * 3_600);
    }

    #[test]
    fun a_lower_rate_is_always_covered() {
        let stage = st::setup();
        let job = stage.open_plain();
        payment_stream::change_rate(job, PAYEE, 3_599_999);
        m::wait(50);
        // 30 s proven ahead, 40 s in all unproven or unbilled, nothing added: each step down passes.
        stage.pay_at(job, 1, 80, 80);
        payment_stream::change_rate(job, PAYEE, 3_599_998);
        m::wait(20);
        payment_stream::change_rate(job, PAYEE, 1);
        m::wait(40);
        payment_stream::change_rate(job, PAYEE, 0);
        // 50 s at 3,599,999, 20 at 3,599,998 and 10 at 1: 179,999,950 + 71,999,960 + 10 parts.
        assert!(st::acc(job) == 251_999_920 && st::billed(job) == 80, 1);
        assert!(st::paid(job) == 69_999 && payment_stream::is_covered(job), 2);
    }

    // Bug class 10 of streams: the payer changes something just before the receiver's claim, and the claim is void.
    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_RATE_NOT_FUNDED)]
    fun regression_10_a_raise_beyond_the_deposit_cannot_take_unproven_seconds() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(50);
        stage.pay(job, 1, 10);
        // 90,000 are left. The 40 s that ran would be paid in full, but not the 50 s to come.
        payment_stream::change_rate(job, BUYER, 2_250 * 3_600);
    }

    #[test]
    fun regression_10_an_attestation_outlives_every_change_the_buyer_can_make() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        let signature = stage.sign(job, 1, 20, 20);
        payment_stream::extend(job, &m::buyer(), 10, 10_001);
        payment_stream::change_rate(job, BUYER, 3_600_001);
        st::agree(job, BUYER);
        st::bring(job, 1, 20, 20, signature, vector[]);
        // 20 s at 1,000 and 20/3,600 of a unit, of which 10 s wait: floor(72,000,020 - 36,000,010) / 3,600.
        assert!(st::paid(job) == 10_000 && st::earned(job) == 20_000, 1);
    }
}
