#[test_only]
/// A countersignature brought late: what it agrees to, what that pays, and when it settles the job. During a case is in
/// dispute_agreed_tests.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered, 10 s are held back.
/// A refused call breaks the rule that is checked next as well, wherever there is one.
module computestream::job_confirm_signed_tests {
    use aptos_std::ed25519::SecretKey;
    use aptos_framework::primary_fungible_store;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::stream::StreamSettled;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    /// 30 s ran and are proven with number 1: 20,000 are paid, 10,000 held.
    fun ran_thirty(w: &World): (SecretKey, address) {
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 10, key);
        m::wait(30);
        w.pay(job, 1, 30);
        (secret, job)
    }

    /// A stranger brings a countersignature that nobody made.
    fun bring_forged(job: address) {
        job_registry::confirm_signed(
            &m::stranger(), t::handle(job), 1, 30, m::start_time() + 30, v::log_root(), v::bytes_of(64, 3)
        );
    }

    /// 30 s are proven by now, and something of the countersignature is another.
    fun bring_other(
        w: &World,
        secret: &SecretKey,
        job: address,
        seq: u64,
        seconds: u64,
        time: u64,
        log_root: vector<u8>
    ) {
        job_registry::confirm_signed(
            &m::stranger(),
            t::handle(job),
            seq,
            seconds,
            m::start_time() + time,
            log_root,
            w.countersign(secret, job, 1, 30, 30)
        );
    }

    // === While it runs ===

    #[test]
    fun a_countersignature_brought_later_pays_what_is_held() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        m::wait(5);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::stranger())),
                n(1),
                n(30),
                n(30),
                n(30),
                n(10_000),
                n(100),
                n(0),
                n(30_000),
                n(300),
                n(0),
                n(70_000),
                n(now())
            ]
        );
        w.assert_money(job, 29_700, 300, 0, 70_000);
        t::assert_state(job, 2, 0);
    }

    #[test]
    fun it_counts_after_a_newer_attestation() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        m::wait(5);
        w.pay(job, 2, 35);
        w.assert_money(job, 24_750, 250, 0, 75_000);
        // Agreed to 30 of 35 s: five are held.
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        w.assert_money(job, 29_700, 300, 0, 70_000);
        assert!(t::stream_field(job, 9) == 2 && t::stream_field(job, 10) == 35, 1);
    }

    #[test]
    fun it_agrees_to_no_second_that_is_not_billed_and_proves_none() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        m::wait(15);
        // Of an attestation of 40 s that the chain hasn't seen.
        j::confirm_signed(&w, &secret, job, 2, 40, 40);
        w.assert_money(job, 29_700, 300, 0, 70_000);
        assert!(t::stream_field(job, 9) == 1 && t::stream_field(job, 10) == 30, 1);
        assert!(t::stream_field(job, 11) == 30, 2);
        w.pay(job, 3, 45);
        w.assert_money(job, 34_650, 350, 0, 65_000);
        // Brought again it agrees to the rest of what it names.
        j::confirm_signed(&w, &secret, job, 2, 40, 40);
        w.assert_money(job, 39_600, 400, 0, 60_000);
    }

    #[test]
    fun it_bills_what_has_run_meanwhile_first() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 10, key);
        m::wait(10);
        j::bring(&w, job, 1, 40, 40);
        m::wait(15);
        j::confirm_signed(&w, &secret, job, 1, 40, 40);
        w.assert_money(job, 24_750, 250, 0, 75_000);
        m::wait(5);
        // What has run since waits for the buyer.
        j::bring(&w, job, 1, 40, 40);
        assert!(t::stream_field(job, 12) == 30, 1);
        w.assert_money(job, 24_750, 250, 0, 75_000);
    }

    #[test]
    fun a_repeat_changes_nothing() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        assert!(v::count<StreamSettled>() == 2, 1);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        assert!(v::count<StreamSettled>() == 2, 2);
        w.assert_money(job, 29_700, 300, 0, 70_000);
    }

    #[test]
    fun who_brings_it_earns_the_keepers_share() {
        let w = t::setup();
        m::set_fees(100, 1_000);
        let (secret, job) = ran_thirty(&w);
        primary_fungible_store::ensure_primary_store_exists(m::of(&m::stranger()), w.asset());
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        // A tenth of the 100 that 10,000 cost.
        assert!(w.balance(m::of(&m::stranger())) == 10, 1);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 29_700, 2);
    }

    // === When it has ended ===

    #[test]
    fun after_the_end_it_settles_a_completed_job() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::wait(3);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
        j::assert_record(&w, 1, 0, 0, 30, 29_700, 6_666);
    }

    #[test]
    fun agreed_seconds_free_none_of_those_nobody_agreed_to() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 10, key);
        m::wait(30);
        w.complete(job, 2, 30);
        let ended = now();
        m::wait(1);
        // 25 of 30 s: five are held on.
        j::confirm_signed(&w, &secret, job, 1, 25, 25);
        w.assert_money(job, 24_750, 250, 70_000, 5_000);
        j::assert_waits(job, 3, ended, ended + 3_600);
        j::confirm(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun nor_does_it_shorten_the_time_to_challenge_them() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 10, key);
        m::wait(30);
        w.complete(job, 2, 30);
        j::confirm_signed(&w, &secret, job, 1, 25, 25);
        m::wait(3_599);
        j::finalize(job);
    }

    #[test]
    fun after_the_end_it_settles_a_failed_job() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        t::fail_with_nothing_new(job);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        j::assert_settled(&w, job, 4, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun after_the_end_it_settles_an_expired_job() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        m::wait(60);
        j::expire_stalled(job);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        j::assert_settled(&w, job, 7, 30, 100_000, 29_700, 300, 70_000);
        j::assert_record(&w, 0, 0, 1, 30, 29_700, 1_666);
    }

    #[test]
    fun after_the_end_it_settles_a_terminated_job_that_is_proven() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        t::terminate_with_nothing_new(job);
        m::wait(3_599);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    /// 30 s are proven, ten more ran when the buyer ended the job: 10,000 are held, 10,000 wait for proof.
    fun terminated_unproven(w: &World): (SecretKey, address) {
        let (secret, job) = ran_thirty(w);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        (secret, job)
    }

    #[test]
    fun it_leaves_the_rest_to_be_proven() {
        let w = t::setup();
        let (secret, job) = terminated_unproven(&w);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        w.assert_money(job, 29_700, 300, 60_000, 10_000);
        j::assert_waits(job, 6, now() + 15, now() + 15 + 3_600);
        m::wait(15);
        // Nothing more was proven, and nothing is held: nobody has to be waited for.
        j::finalize(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun what_is_proven_afterwards_is_held() {
        let w = t::setup();
        let (secret, job) = terminated_unproven(&w);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        w.pay(job, 2, 40);
        w.assert_money(job, 29_700, 300, 60_000, 10_000);
        j::confirm_signed(&w, &secret, job, 2, 40, 40);
        j::assert_settled(&w, job, 6, 40, 100_000, 39_600, 400, 60_000);
    }

    #[test]
    fun after_the_claim_window_it_settles() {
        let w = t::setup();
        let (secret, job) = terminated_unproven(&w);
        m::wait(15);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun it_settles_a_job_of_which_the_rest_was_waived() {
        let w = t::setup();
        let (secret, job) = terminated_unproven(&w);
        job_registry::finalize(&m::operator(), t::handle(job));
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    // === Whose and when ===

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun another_key_agrees_to_nothing() {
        let w = t::setup();
        let (_, job) = ran_thirty(&w);
        let (other, _) = j::buyer_keys();
        j::confirm_signed(&w, &other, job, 1, 30, 30);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun the_provider_s_own_signature_agrees_to_nothing() {
        let w = t::setup();
        let (_, job) = ran_thirty(&w);
        job_registry::confirm_signed(
            &m::operator(),
            t::handle(job),
            1,
            30,
            m::start_time() + 30,
            v::log_root(),
            w.sign(job, 1, 30, 30)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun a_job_without_buyer_key_takes_no_countersignature() {
        let w = t::setup();
        let (secret, _) = j::buyer_keys();
        let job = j::ran_thirty(&w);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun an_empty_countersignature_is_none() {
        let w = t::setup();
        let (_, job) = ran_thirty(&w);
        job_registry::confirm_signed(
            &m::operator(), t::handle(job), 1, 30, m::start_time() + 30, v::log_root(), vector[]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun it_agrees_to_the_seconds_it_names_and_no_others() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        bring_other(&w, &secret, job, 1, 31, 30, v::log_root());
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun it_stands_under_its_own_number() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        bring_other(&w, &secret, job, 2, 30, 30, v::log_root());
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun it_stands_under_its_own_time() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        bring_other(&w, &secret, job, 1, 30, 29, v::log_root());
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun it_stands_under_its_own_log() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        bring_other(&w, &secret, job, 1, 30, 30, v::hash(1));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_COUNTERSIGNATURE)]
    fun it_agrees_to_nothing_of_another_job() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let other = w.running_held(100, 100_000, 10, key);
        let job = w.running_held(100, 100_000, 10, key);
        m::wait(30);
        w.pay(job, 1, 30);
        job_registry::confirm_signed(
            &m::stranger(),
            t::handle(job),
            1,
            30,
            m::start_time() + 30,
            v::log_root(),
            w.countersign(&secret, other, 1, 30, 30)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun a_pending_job_has_nothing_to_agree_to() {
        let w = t::setup();
        bring_forged(w.create(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun an_accepted_job_has_nothing_to_agree_to() {
        let w = t::setup();
        bring_forged(w.accepted(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun a_settled_job_has_nothing_to_agree_to() {
        let w = t::setup();
        let (secret, job) = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        bring_forged(job);
    }
}
