#[test_only]
/// The ways in which other payment streams lost money, one test for each that could touch ours. The number is the
/// class: 1 windows, 2 debt and dust, 3 two formulas, 4 fee sinks, 5 signed bytes, 6 partial payments, 7 reaching
/// back, 8 kill-switches, 9 identities. 10 (front-running) is in `stream_terms_tests`, 11 (poisoned batches) in
/// `stream_batch_tests`.
module computestream::stream_regression_tests {
    use computestream::attestation;
    use computestream::escrow;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::stream::SettlementSkipped;
    use computestream::stream_test_utils::{Self as st, Stage, skipped};
    use computestream::value_test_utils as v;

    const BUYER: address = @0xb0b;
    const PAYEE: address = @0xa11;
    const KEEPER: address = @0x6e5;
    const TREASURY: address = @0x7ea;

    #[test]
    fun regression_1_no_second_counts_before_the_start_or_after_the_end() {
        let stage = st::setup();
        m::wait(50);
        let job = stage.open_plain();
        // A quote for a time before the start doesn't wrap around.
        assert!(st::quote(job, 100, 0) == vector[0, 0], 1);
        m::wait(10);
        payment_stream::end(job, BUYER, 1_001);
        m::wait(1_000);
        assert!(st::quote(job, 1_000, 1_060) == vector[10_000, 100], 2);
        // Nor does a proof count from when the time to prove is over.
        assert!(st::quote(job, 1_000, 1_061) == vector[0, 0], 3);
        stage.pay(job, 1, 1_000);
        assert!(st::billed(job) == 10 && st::paid(job) == 10_000, 4);
        stage.assert_money(job, 9_900, 90, 10, 90_000, 0);
    }

    #[test]
    fun regression_1_seconds_of_before_the_start_are_refused() {
        let stage = st::setup();
        m::wait(50);
        let job = stage.open_plain();
        // Signed at second 49: even none would be too many. 10 s at second 59 are one more than have passed.
        st::bring_all(vector[job], vector[1], vector[0], 49, vector[stage.sign(job, 1, 0, 49)]);
        st::bring_all(vector[job], vector[1], vector[10], 59, vector[stage.sign(job, 1, 10, 59)]);
        v::assert_all<SettlementSkipped>(
            vector[skipped(job, 107, 50), skipped(job, 108, 50)]
        );
    }

    #[test]
    fun regression_1_a_clock_that_is_ahead_bills_no_second_ahead() {
        let stage = st::setup();
        let job = stage.open_plain();
        // One new attestation a second, each 30 s ahead of the chain's clock.
        let second = 1;
        while (second <= 110) {
            m::wait(1);
            stage.pay_at(job, second, second + 30, second + 30);
            let passed = if (second < 100) second else 100;
            assert!(st::billed(job) == passed && st::paid(job) == 1_000 * passed, second);
            second = second + 1;
        };
        assert!(v::count<SettlementSkipped>() == 0 && st::attested(job) == 140, 1);
        stage.assert_money(job, 99_000, 900, 100, 0, 0);
    }

    #[test]
    fun regression_2_time_that_ran_without_money_is_paid_once_there_is_money() {
        let stage = st::setup();
        // 1,001 an hour: 3 base units are funded for 10.78 s.
        let job = stage.open_with(1_001, 3, 100, 0, 0, 0, vector[]);
        m::wait(100);
        stage.pay(job, 1, 100);
        assert!(st::billed(job) == 10 && st::paid(job) == 2, 1);
        payment_stream::extend(job, &m::buyer(), 0, 25);
        stage.pay(job, 2, 100);
        // floor(100,100 / 3,600) = floor(27.8), as if it had been there all along; the 28th unit goes back.
        assert!(st::billed(job) == 100 && st::paid(job) == 27, 2);
        payment_stream::close(job, KEEPER);
        stage.assert_money(job, 27, 0, 0, 1, 0);
    }

    /// A life with odd numbers, unproven seconds and a raise, up to its end at second 61. The deposit pays for the
    /// raise: 23 * 198,007 + 277 * 301,001 = 87,931,438 parts are less than 24,426 units.
    fun odd_life(stage: &Stage, holdback: u64): address {
        let job = stage.open_with(198_007, 24_501, 300, holdback, 333, 777, stage.buyer_key());
        m::wait(23);
        stage.pay(job, 1, 23);
        payment_stream::change_rate(job, BUYER, 301_001);
        m::wait(18);
        stage.pay(job, 2, 37);
        m::wait(20);
        payment_stream::end(job, BUYER, 60);
        job
    }

    #[test]
    fun regression_3_what_the_end_keeps_is_exactly_what_later_proofs_pay() {
        let stage = st::setup();
        let job = odd_life(&stage, 0);
        // floor((23 * 198,007 + 38 * 301,001) / 3,600) = floor(15,992,199 / 3,600) = 4,442 can be earned.
        // floor((23 * 198,007 + 14 * 301,001) / 3,600) = floor(8,768,175 / 3,600) = 2,435 are paid.
        assert!(st::paid(job) == 2_435 && escrow::balance(job) == 4_442 - 2_435, 1);
        assert!(stage.balance(BUYER) == 1_000_000_000 - 4_442, 2);
        stage.pay(job, 3, 61);
        assert!(st::paid(job) == 4_442 && escrow::balance(job) == 0, 3);
        assert!(payment_stream::is_final(job), 4);
        payment_stream::close(job, KEEPER);
        // floor(4,442 * 0.0333) = 147, floor(147 * 0.0777) = 11.
        stage.assert_money(job, 4_295, 136, 11, 24_501 - 4_442, 0);
    }

    #[test]
    fun regression_3_what_the_end_keeps_includes_what_is_held() {
        let stage = st::setup();
        let job = odd_life(&stage, 30);
        assert!(escrow::balance(job) == 4_442 - st::paid(job), 1);
        stage.pay_agreed(job, 3, 61);
        assert!(st::paid(job) == 4_442 && escrow::balance(job) == 0, 2);
    }

    #[test]
    fun regression_4_no_keeper_can_direct_more_than_its_share() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        // The most hostile keeper owns a store and brings everything first.
        m::mint(stage.asset(), m::of(&m::stranger()), 1);
        payment_stream::process_payment(
            &m::stranger(),
            job,
            1,
            20,
            m::start_time() + 20,
            v::log_root(),
            stage.sign(job, 1, 20, 20),
            stage.countersign(job, 1, 20, 20)
        );
        // Of 20,000: 200 fee, 20 of it the keeper's.
        assert!(stage.balance(m::of(&m::stranger())) == 1 + 20, 1);
        assert!(stage.balance(PAYEE) == 19_800 && stage.balance(TREASURY) == 180, 2);
        assert!(escrow::balance(job) == 80_000, 3);
    }

    #[test]
    fun regression_5_an_attestation_counts_for_one_job_on_one_chain_of_one_package_only() {
        let stage = st::setup();
        let job = stage.open_plain();
        let other = stage.open_plain();
        m::wait(10);
        let time = m::start_time() + 10;
        let root = v::log_root();
        let terms = st::terms_hash();
        let chain = m::chain();
        let foreign =
            vector[
                attestation::usage_message(chain + 1, @computestream, job, terms, 1, 10, time, root),
                attestation::usage_message(chain, @0xc6, job, terms, 1, 10, time, root),
                attestation::usage_message(chain, @computestream, other, terms, 1, 10, time, root),
                attestation::usage_message(
                    chain, @computestream, job, v::hash(0), 1, 10, time, root
                )
            ];
        let expected = vector[];
        foreign.for_each(|message| {
            st::bring_all(
                vector[job], vector[1], vector[10], 10, vector[stage.sign_bytes(message)]
            );
            expected.push_back(skipped(job, 103, 10));
        });
        v::assert_all<SettlementSkipped>(expected);
        assert!(st::seq(job) == 0, 1);
    }

    #[test]
    fun regression_6_a_payment_cut_short_does_not_use_the_proof_up() {
        let stage = st::setup();
        let job = stage.open(3_600_000, 1_000, 100, 0);
        m::wait(50);
        let signature = stage.sign(job, 1, 50, 50);
        st::bring(job, 1, 50, 50, signature, vector[]);
        // One second was funded.
        assert!(st::paid(job) == 1_000 && st::attested(job) == 50, 1);
        payment_stream::extend(job, &m::buyer(), 0, 99_000);
        st::bring(job, 1, 50, 50, signature, vector[]);
        assert!(st::paid(job) == 50_000, 2);
    }

    #[test]
    fun regression_7_a_provider_cannot_free_what_is_held_by_lowering_its_rate() {
        let stage = st::setup();
        let job = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        payment_stream::change_rate(job, PAYEE, 0);
        m::wait(9);
        stage.pay(job, 2, 29);
        // 20,000 earned, and one of the 10 s that wait is of before: all are held as if they were.
        stage.assert_money(job, 9_900, 90, 10, 0, 90_000);
        let (_, held) = payment_stream::end(job, BUYER, 0);
        assert!(held == 10_000, 1);
        payment_stream::close_with_award(job, KEEPER, 0);
        stage.assert_money(job, 9_900, 90, 10, 90_000, 0);
    }

    #[test]
    fun regression_8_no_receiver_can_trap_the_others_money() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        m::freeze_account(stage.asset(), PAYEE, true);
        m::freeze_account(stage.asset(), TREASURY, true);
        m::freeze_account(stage.asset(), KEEPER, true);
        stage.pay(job, 1, 10);
        // What is due to frozen accounts is in new stores of theirs, the rest goes on.
        assert!(escrow::balance(job) == 90_000 && stage.balance(PAYEE) == 0, 1);
        m::freeze_account(stage.asset(), BUYER, true);
        payment_stream::close(job, KEEPER);
        assert!(escrow::balance(job) == 0, 2);
    }

    #[test]
    fun regression_9_every_way_to_be_paid_spends_the_same_money() {
        let stage = st::setup();
        let job = stage.open_held();
        let other = stage.open_held();
        m::wait(20);
        stage.pay(job, 1, 20);
        stage.pay(job, 2, 20);
        st::agree(job, KEEPER);
        st::agree(job, KEEPER);
        payment_stream::end(job, KEEPER, 60);
        payment_stream::seal(job, KEEPER);
        payment_stream::seal(job, KEEPER);
        payment_stream::close(job, KEEPER);
        // 20 s at 1,000 once, whichever of them paid it; the other job's money wasn't touched.
        assert!(stage.balance(PAYEE) == 19_800 && stage.balance(TREASURY) == 180, 1);
        assert!(stage.balance(KEEPER) == 20, 2);
        assert!(stage.balance(BUYER) == 1_000_000_000 - 100_000 - 20_000, 3);
        assert!(escrow::balance(other) == 100_000, 4);
    }
}
