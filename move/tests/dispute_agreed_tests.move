#[test_only]
/// What the buyer has countersigned in a case: it is paid whatever the buyer does, and counts towards what is awarded.
/// The rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered, the last 20 s held back; bonds are 1 %.
module computestream::dispute_agreed_tests {
    use aptos_std::ed25519::SecretKey;
    use computestream::dispute::{Self, ArbitrationDecided};
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::value_test_utils::{Self as v, a, n, yes};
    use computestream::world_test_utils::{Self as t, World};

    /// Completed after 50 s with all of them proven, the last 20 held: OWNER has 29,700, TREASURY 300, BUYER 50,000 of
    /// its 100,000 again. Number 2 names 50 s; BUYER has signed it, and number 1, which names 45.
    fun held(w: &World): (SecretKey, address) {
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 20, key);
        m::wait(50);
        d::complete(w, job, 2, 50, d::root(), d::size());
        (secret, job)
    }

    fun agree_to_45(w: &World, secret: &SecretKey, job: address) {
        j::confirm_signed(w, secret, job, 1, 45, 45);
    }

    fun agree_to_all(w: &World, secret: &SecretKey, job: address) {
        j::confirm_signed(w, secret, job, 2, 50, 50);
    }

    fun assert_decided(
        job: address,
        award: u64,
        of: u64,
        bond_to: address,
        by_default: bool,
        secs: u64
    ) {
        v::assert_all<ArbitrationDecided>(
            vector[v::join(
                vector[
                    a(job),
                    a(@0xa7b),
                    n(award),
                    n(of),
                    a(bond_to),
                    yes(by_default),
                    at(secs)
                ]
            )]
        );
    }

    // === What was signed can't be taken back ===

    #[test]
    /// The buyer countersigns 50 s, but before the provider brings that, it ends the job with the same attestation and
    /// asks the arbiter in the same second. The case closes the stream, and the countersignature used to be lost.
    fun regression_a_buyer_who_countersigned_cannot_take_it_back_by_a_case() {
        let w = d::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 20, key);
        m::wait(50);
        w.terminate(job, 2, 50);
        d::arbitrate(job);
        d::assert_money(
            &w, job, 999_949_000, 1_000_029_700, 300, 0, 20_000, 100_000_000, 1_000
        );
        agree_to_all(&w, &secret, job);
        d::assert_money(
            &w, job, 999_949_000, 1_000_049_500, 500, 0, 0, 100_000_000, 1_000
        );
        // The case is still open, about nothing: the provider gets all of it, and so the bond.
        t::assert_state(job, 6, 0);
        d::rule(job, 0);
        assert_decided(job, 0, 0, @0xa11, false, 50);
        d::assert_money(
            &w, job, 999_949_000, 1_000_050_500, 500, 0, 0, 100_000_000, 0
        );
        t::assert_state(job, 8, 6);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun agreement_to_all_leaves_the_case_to_be_ended() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_all(&w, &secret, job);
        m::wait(100);
        d::finalize(job);
    }

    // === The case is about the rest ===

    #[test]
    fun a_ruling_counts_what_was_agreed() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        d::assert_money(
            &w, job, 999_949_000, 1_000_044_550, 450, 0, 5_000, 100_000_000, 1_000
        );
        d::rule(job, 17_000);
        // 47,000 in all, 470 of it fees; the bond is the buyer's again.
        assert_decided(job, 2_000, 5_000, @0xb0b, false, 50);
        d::assert_money(
            &w, job, 999_953_000, 1_000_046_530, 470, 0, 0, 100_000_000, 0
        );
        t::assert_state(job, 8, 3);
    }

    #[test]
    fun an_arbiter_that_gives_nothing_leaves_what_was_agreed() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        d::rule(job, 0);
        d::assert_money(
            &w, job, 999_955_000, 1_000_044_550, 450, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun all_that_is_left_wins_the_bond() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        d::rule(job, 20_000);
        assert_decided(job, 5_000, 5_000, @0xa11, false, 50);
        d::assert_money(
            &w, job, 999_949_000, 1_000_050_500, 500, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_AWARD_TOO_HIGH)]
    fun nobody_awards_more_than_was_held_whatever_was_agreed() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        d::rule(job, 20_001);
    }

    #[test]
    fun an_award_of_no_more_than_was_agreed_leaves_the_rest_to_the_buyer() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        d::rule(job, 15_000);
        assert_decided(job, 0, 5_000, @0xb0b, false, 50);
        d::assert_money(
            &w, job, 999_955_000, 1_000_044_550, 450, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun an_award_of_a_unit_more_than_was_agreed_pays_the_unit() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        d::rule(job, 15_001);
        // Fees of floor(450.01).
        d::assert_money(
            &w, job, 999_954_999, 1_000_044_551, 450, 0, 0, 100_000_000, 0
        );
    }

    /// What a ruling, after an agreement to 15,000 of the 20,000 or without it, leaves the provider, net, the treasury
    /// and the buyer, bond included.
    fun ruled(award: u64, is_agreed: bool): vector<u64> {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        if (is_agreed) agree_to_45(&w, &secret, job);
        d::rule(job, award);
        let fees = w.balance(m::treasury_address());
        vector[w.balance(@0xa11), fees, w.balance(@0xb0b)]
    }

    #[test]
    fun a_split_is_the_same_before_any_agreement() {
        assert!(ruled(17_000, false) == vector[1_000_046_530, 470, 999_953_000], 1);
    }

    #[test]
    fun a_split_is_the_same_after_an_agreement() {
        assert!(ruled(17_000, true) == vector[1_000_046_530, 470, 999_953_000], 1);
    }

    #[test]
    fun all_is_the_same_before_any_agreement() {
        assert!(ruled(20_000, false) == vector[1_000_050_500, 500, 999_949_000], 1);
    }

    #[test]
    fun all_is_the_same_after_an_agreement() {
        assert!(ruled(20_000, true) == vector[1_000_050_500, 500, 999_949_000], 1);
    }

    #[test]
    /// Nothing was ever paid: 30,000 are free, 15,000 agreed to, 2,000 of the rest awarded.
    fun an_agreement_that_could_not_be_paid_counts_as_well() {
        let w = d::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 20, key);
        j::freeze_store(&w, job);
        m::wait(50);
        d::complete(&w, job, 2, 50, d::root(), d::size());
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        d::assert_money(
            &w, job, 999_899_000, 1_000_000_000, 0, 0, 100_000, 100_000_000, 1_000
        );
        j::thaw_store(&w, job);
        d::rule(job, 17_000);
        assert_decided(job, 2_000, 5_000, @0xb0b, false, 50);
        d::assert_money(
            &w, job, 999_953_000, 1_000_046_530, 470, 0, 0, 100_000_000, 0
        );
    }

    #[test]
    fun without_a_ruling_the_provider_gets_what_is_left() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        // As stored at the opening.
        d::assert_case(job, 2, 1_000, 250, 0, v::text(b"it never ran"), 20_000, 50);
        m::wait(200);
        d::resolve(job);
        assert_decided(job, 5_000, 5_000, @0xb0b, true, 250);
        d::assert_money(
            &w, job, 999_950_000, 1_000_049_500, 500, 0, 0, 100_000_000, 0
        );
        t::assert_state(job, 8, 3);
    }

    #[test]
    fun a_case_about_nothing_any_more_is_resolved_too() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_all(&w, &secret, job);
        m::wait(200);
        d::resolve(job);
        assert_decided(job, 0, 0, @0xb0b, true, 250);
        d::assert_money(
            &w, job, 999_950_000, 1_000_049_500, 500, 0, 0, 100_000_000, 0
        );
        t::assert_state(job, 8, 3);
    }

    #[test]
    fun a_fault_takes_only_what_is_left() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::arbitrate(job);
        agree_to_45(&w, &secret, job);
        d::report_time(&w, job, 1, 0);
        assert_decided(job, 0, 5_000, @0xb0b, true, 50);
        d::assert_money(
            &w, job, 999_955_000, 1_000_044_550, 45_000_450, 5_000_000, 0, 50_000_000, 0
        );
    }

    // === In a challenge ===

    #[test]
    fun a_lost_challenge_leaves_what_was_agreed() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::challenge(job, 0);
        agree_to_45(&w, &secret, job);
        d::assert_money(
            &w, job, 999_949_000, 1_000_044_550, 450, 0, 5_000, 100_000_000, 1_000
        );
        m::wait(60);
        d::resolve(job);
        // 5,000 held, the bond and the reward of 5,000,000 are the buyer's.
        d::assert_money(
            &w, job, 1_004_955_000, 1_000_044_550, 45_000_450, 0, 0, 50_000_000, 0
        );
    }

    #[test]
    fun after_an_answer_what_was_agreed_needs_no_further_wait() {
        let w = d::setup();
        let (secret, job) = held(&w);
        d::challenge(job, 0);
        agree_to_all(&w, &secret, job);
        t::assert_state(job, 3, 0);
        d::answer(job, 0);
        d::finalize(job);
        t::assert_state(job, 8, 3);
        d::assert_money(
            &w, job, 999_949_000, 1_000_050_500, 500, 0, 0, 100_000_000, 0
        );
    }

    // === Before a case ===

    #[test]
    /// A deposit of 1,000,000: 1 % of it is more than the 5,000 that are left to decide about.
    fun a_case_about_the_rest_costs_no_more_than_that() {
        let w = d::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(1_000, 1_000_000, 20, key);
        m::wait(50);
        d::complete(&w, job, 2, 50, d::root(), d::size());
        agree_to_45(&w, &secret, job);
        d::arbitrate(job);
        d::assert_case(job, 2, 5_000, 250, 0, v::text(b"it never ran"), 5_000, 50);
        d::assert_money(
            &w, job, 999_945_000, 1_000_044_550, 450, 0, 5_000, 100_000_000, 5_000
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOTHING_HELD)]
    /// 50 s ran, 40 are proven and agreed to: ten may still be proven, but nothing is held.
    fun agreement_to_all_leaves_nothing_to_open_a_case_about() {
        let w = d::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 20, key);
        m::wait(50);
        w.terminate(job, 1, 40);
        j::confirm_signed(&w, &secret, job, 1, 40, 50);
        assert!(!dispute::has_case(job), 1);
        d::arbitrate(job);
    }
}
