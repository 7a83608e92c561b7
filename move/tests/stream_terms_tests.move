#[test_only]
/// What the buyer holds back, agrees to, adds, and what a new rate does to a stream that runs.
module computestream::stream_terms_tests {
    use computestream::escrow::EscrowDeposited;
    use computestream::market_test_utils as m;
    use computestream::payment_stream::{
        Self,
        StreamExtended,
        StreamRateChanged,
        StreamSettled
    };
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
        // All 10 wait: nothing to tell.
        assert!(st::settlements() == 0 && st::earned(job) == 10_000, 1);
        assert!(payment_stream::unreleased(job) == 10_000, 2);
        m::wait(15);
        stage.pay(job, 2, 25);
        v::assert_last<StreamSettled>(
            settled(job, 2, 25, 0, 25, 15_000, 150, 15, 15_000, 150, 15, 85_000, 25)
        );
        stage.assert_money(job, 14_850, 135, 15, 0, 85_000);
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
        assert!(payment_stream::unreleased(job) == 0, 1);
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
    fun the_buyer_confirms_what_is_proven() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 15);
        m::wait(1);
        payment_stream::confirm(job, BUYER);
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
        payment_stream::confirm(job, BUYER);
        assert!(st::settlements() == 2, 1);
    }

    #[test]
    fun confirming_nothing_new_pays_nothing_and_tells_nothing() {
        let stage = st::setup();
        let job = stage.open_held();
        payment_stream::confirm(job, BUYER);
        assert!(st::settlements() == 0, 1);
        stage.assert_money(job, 0, 0, 0, 0, 100_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_ESCROW_UNAVAILABLE)]
    fun a_frozen_escrow_cannot_be_confirmed() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(10);
        stage.pay(job, 1, 10);
        m::freeze_escrow(stage.asset(), job, true);
        payment_stream::confirm(job, BUYER);
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
    fun a_raise_counts_from_the_next_second_and_brings_the_funded_end_nearer() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(20);
        stage.pay(job, 1, 20);
        payment_stream::change_rate(job, BUYER, 7_200_000);
        // 80,000 are left for 40 s at 2,000.
        v::assert_last<StreamRateChanged>(rate_changed(job, 7_200_000, BUYER, 20, 60, 20));
        assert!(payment_stream::rate_per_hour(job) == 7_200_000, 1);
        assert!(!payment_stream::is_covered(job) && st::funded(job) == 60, 2);
        m::wait(80);
        stage.pay(job, 2, 100);
        assert!(st::billed(job) == 60 && st::paid(job) == 100_000, 3);
        stage.assert_money(job, 99_000, 900, 100, 0, 0);
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

    #[test]
    fun a_raise_may_use_up_what_has_not_run_yet() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(50);
        stage.pay(job, 1, 10);
        // 40 s ran unproven, 90,000 are left: 2,250 a second is the most that pays for all of them.
        payment_stream::change_rate(job, BUYER, 2_250 * 3_600);
        assert!(st::funded(job) == 50, 1);
        stage.pay(job, 2, 50);
        assert!(st::paid(job) == 100_000, 2);
    }

    // Bug class 10 of streams: the payer changes something just before the receiver's claim, and the claim is void.
    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_RATE_NOT_FUNDED)]
    fun regression_10_a_raise_beyond_the_deposit_cannot_take_unproven_seconds() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(50);
        stage.pay(job, 1, 10);
        // At 100,000 a second the 90,000 that are left would pay for none of the 40 s that ran.
        payment_stream::change_rate(job, BUYER, 360_000_000);
    }

    #[test]
    fun regression_10_an_attestation_outlives_every_change_the_buyer_can_make() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        let signature = stage.sign(job, 1, 20, 20);
        payment_stream::extend(job, &m::buyer(), 10, 10_000);
        payment_stream::change_rate(job, BUYER, 3_600_001);
        payment_stream::confirm(job, BUYER);
        st::bring(job, 1, 20, 20, signature, vector[]);
        // 20 s at 1,000 and 20/3,600 of a unit, of which 10 s wait: floor(72,000,020 - 36,000,010) / 3,600.
        assert!(st::paid(job) == 10_000 && st::earned(job) == 20_000, 1);
    }
}
