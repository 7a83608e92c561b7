#[test_only]
/// Money held back for the buyer: what waits, for how long, and what ends the wait.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered, 10 s are held back.
module computestream::job_holdback_tests {
    use computestream::dispute;
    use computestream::job::{JobCompleted, JobFailed, JobSettled, JobTerminated, JobWaived};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::payment_stream::{Self, StreamSealed, StreamSettled};
    use computestream::provider_registry;
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    fun running(w: &World): address {
        w.running_held(100, 100_000, 10, vector[])
    }

    /// 30 s ran and are proven: 20,000 are paid, 10,000 held.
    fun ran_thirty(w: &World): address {
        let job = running(w);
        m::wait(30);
        w.pay(job, 1, 30);
        job
    }

    /// 30 s ran, 20 are proven: 10,000 are paid, 10,000 held, 10,000 wait for proof; the buyer has ended it.
    fun terminated_unproven(w: &World): address {
        let job = running(w);
        m::wait(30);
        w.pay(job, 1, 20);
        t::terminate_with_nothing_new(job);
        job
    }

    fun operator_finalizes(job: address) {
        job_registry::finalize(&m::operator(), t::handle(job));
    }

    fun assert_waits(job: address, state: u8, claim_until: u64, challenge_until: u64) {
        t::assert_state(job, state, 0);
        assert!(j::claim_until(job) == claim_until, 9501);
        assert!(j::challenge_until(job) == challenge_until, 9502);
        assert!(v::count<JobSettled>() == 0, 9503);
    }

    // === While it runs ===

    #[test]
    fun all_but_the_last_seconds_are_paid() {
        let w = t::setup();
        let job = ran_thirty(&w);
        w.assert_money(job, 19_800, 200, 0, 80_000);
        m::wait(5);
        w.pay(job, 2, 35);
        w.assert_money(job, 24_750, 250, 0, 75_000);
    }

    #[test]
    fun a_holdback_longer_than_the_job_holds_everything() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 3_600, vector[]);
        m::wait(100);
        w.pay(job, 1, 100);
        w.assert_money(job, 0, 0, 0, 100_000);
        t::complete_with_nothing_new(job);
        w.assert_money(job, 0, 0, 0, 100_000);
        j::confirm(job);
        j::assert_settled(&w, job, 3, 100, 100_000, 99_000, 1_000, 0);
    }

    #[test]
    fun the_buyer_s_confirmation_pays_what_is_held() {
        let w = t::setup();
        let job = ran_thirty(&w);
        j::confirm(job);
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::buyer())),
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
        // The next ten seconds wait again.
        m::wait(20);
        w.pay(job, 2, 50);
        w.assert_money(job, 39_600, 400, 0, 60_000);
    }

    #[test]
    fun confirming_without_a_holdback_is_told_and_pays_nothing() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 1, 10);
        j::confirm(job);
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::buyer())),
                n(1),
                n(10),
                n(10),
                n(10),
                n(0),
                n(0),
                n(0),
                n(10_000),
                n(100),
                n(0),
                n(90_000),
                n(now())
            ]
        );
        w.assert_money(job, 9_900, 100, 0, 90_000);
    }

    #[test]
    fun confirming_nothing_new_changes_nothing() {
        let w = t::setup();
        let job = running(&w);
        m::wait(30);
        j::confirm(job);
        assert!(v::count<StreamSettled>() == 0, 1);
        w.assert_money(job, 0, 0, 0, 100_000);
        w.pay(job, 1, 30);
        w.assert_money(job, 19_800, 200, 0, 80_000);
    }

    #[test]
    fun a_countersigned_job_holds_nothing() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let job = w.running_held(100, 100_000, 10, key);
        m::wait(30);
        j::pay_agreed(&w, &secret, job, 1, 30);
        w.assert_money(job, 29_700, 300, 0, 70_000);
        t::complete_with_nothing_new(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
        assert!(j::challenge_until(job) == 0, 1);
    }

    #[test]
    fun a_free_job_holds_nothing() {
        let w = t::setup_at(0);
        let job = w.running_held(100, 0, 10, vector[]);
        m::wait(30);
        w.complete(job, 1, 30);
        j::assert_settled(&w, job, 3, 30, 0, 0, 0, 0);
    }

    // === Complete and fail ===

    #[test]
    fun a_completed_job_waits_for_its_buyer() {
        let w = t::setup();
        let job = running(&w);
        m::wait(30);
        w.complete(job, 1, 30);
        v::assert_all<JobCompleted>(
            vector[
                v::join(
                    vector[
                        a(job),
                        a(w.provider_address()),
                        j::output(
                            0, b"", vector[b"ipfs://cid"], v::hash(1), v::hash(2), 40_000
                        ),
                        n(now()),
                        n(now() + 3_600),
                        n(now())
                    ]
                )
            ]
        );
        v::assert_all<StreamSealed>(
            vector[v::join(vector[a(job), n(30), n(10_000), n(now())])]
        );
        assert_waits(job, 3, now(), now() + 3_600);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        // The machine is free, and the record waits for the money.
        assert!(w.slots_busy() == 0, 1);
        assert!(v::count<ProviderStatsUpdated>() == 0, 2);
    }

    #[test]
    fun a_failed_job_waits_for_its_buyer_too() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::fail_with_nothing_new(job);
        v::assert_last<JobFailed>(
            vector[
                a(job),
                a(w.provider_address()),
                j::output(137, b"out of memory", vector[], b"", b"", 0),
                n(now()),
                n(now() + 3_600),
                n(now())
            ]
        );
        assert_waits(job, 4, now(), now() + 3_600);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        j::confirm(job);
        j::assert_settled(&w, job, 4, 30, 100_000, 29_700, 300, 70_000);
        j::assert_record(&w, 0, 1, 0, 30, 29_700, 5_000);
    }

    #[test]
    fun what_nobody_challenged_is_paid_when_the_window_is_over() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::wait(3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
        j::assert_record(&w, 1, 0, 0, 30, 29_700, 6_666);
    }

    #[test]
    fun a_confirmed_job_settles_at_once() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::wait(1);
        j::confirm(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun what_is_held_stays_until_the_window_is_over() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::wait(3_599);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun the_operator_cannot_shorten_the_challenge_window() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        operator_finalizes(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun a_completed_job_is_proven_no_further() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        w.pay(job, 2, 30);
    }

    #[test]
    fun what_was_held_when_a_job_stalled_is_paid() {
        let w = t::setup();
        let job = ran_thirty(&w);
        m::wait(60);
        j::expire_stalled(job);
        j::assert_settled(&w, job, 7, 30, 100_000, 29_700, 300, 70_000);
    }

    // === Terminate ===

    #[test]
    fun a_terminated_job_waits_for_its_buyer() {
        let w = t::setup();
        let job = running(&w);
        m::wait(30);
        w.terminate(job, 1, 30);
        v::assert_last<JobTerminated>(
            vector[
                a(job),
                a(m::of(&m::buyer())),
                n(now()),
                n(now()),
                n(now() + 3_600),
                n(now())
            ]
        );
        assert_waits(job, 6, now(), now() + 3_600);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        m::wait(3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun a_late_proof_is_held_as_well() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        let ended = now();
        assert_waits(job, 6, ended + 15, ended + 15 + 3_600);
        w.assert_money(job, 9_900, 100, 70_000, 20_000);
        m::wait(14);
        w.pay(job, 2, 30);
        // The last ten of 30 s wait now.
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        assert_waits(job, 6, ended + 15, ended + 15 + 3_600);
        m::wait(1 + 3_600);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun a_late_proof_leaves_the_buyer_its_window() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        m::wait(14);
        w.pay(job, 2, 30);
        m::wait(1 + 3_599);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun a_job_proven_early_still_waits_for_its_buyer() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        w.pay(job, 2, 30);
        // Nothing is left to prove, so the claim window doesn't count; the challenge window does.
        operator_finalizes(job);
    }

    #[test]
    fun a_job_that_proved_nothing_settles_after_the_claim_window() {
        let w = t::setup();
        let job = running(&w);
        m::wait(30);
        t::terminate_with_nothing_new(job);
        w.assert_money(job, 0, 0, 70_000, 30_000);
        assert_waits(job, 6, now() + 15, now() + 15 + 3_600);
        m::wait(15);
        // Nothing is held: there is nothing to challenge.
        j::finalize(job);
        j::assert_settled(&w, job, 6, 0, 100_000, 0, 0, 100_000);
    }

    #[test]
    fun a_confirmation_of_part_leaves_the_rest_to_be_proven() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        j::confirm(job);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        assert_waits(job, 6, now() + 15, now() + 15 + 3_600);
        m::wait(5);
        w.pay(job, 2, 30);
        // Ten seconds beyond the confirmed twenty: all of them are held.
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        j::confirm(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun a_confirmed_part_settles_after_the_claim_window() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        m::wait(15);
        j::confirm(job);
        t::assert_state(job, 6, 0);
        // Everything that was held is paid: no challenge window is left to wait for.
        j::finalize(job);
        j::assert_settled(&w, job, 6, 20, 100_000, 19_800, 200, 80_000);
    }

    // === Waive ===

    #[test]
    fun the_operator_may_waive_its_proof_and_the_challenge_window_begins() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        m::wait(5);
        operator_finalizes(job);
        v::assert_all<JobWaived>(
            vector[v::join(vector[a(job), n(now()), n(now() + 3_600), n(now())])]
        );
        v::assert_all<StreamSealed>(
            vector[v::join(vector[a(job), n(20), n(10_000), n(now())])]
        );
        assert_waits(job, 6, now(), now() + 3_600);
        // The ten seconds it couldn't prove come back.
        w.assert_money(job, 9_900, 100, 80_000, 10_000);
        m::wait(3_600);
        operator_finalizes(job);
        j::assert_settled(&w, job, 6, 20, 100_000, 19_800, 200, 80_000);
    }

    #[test]
    fun a_waived_job_settles_when_its_buyer_confirms() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        operator_finalizes(job);
        j::confirm(job);
        j::assert_settled(&w, job, 6, 20, 100_000, 19_800, 200, 80_000);
    }

    #[test]
    fun who_waives_everything_settles_at_once() {
        let w = t::setup();
        let job = running(&w);
        m::wait(30);
        t::terminate_with_nothing_new(job);
        operator_finalizes(job);
        j::assert_settled(&w, job, 6, 0, 100_000, 0, 0, 100_000);
        assert!(v::count<JobWaived>() == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun what_is_waived_can_be_proven_no_more() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        operator_finalizes(job);
        w.pay(job, 2, 30);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun waiving_twice_shortens_nothing() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        operator_finalizes(job);
        m::wait(3_599);
        operator_finalizes(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun only_the_operator_waives() {
        let w = t::setup();
        let job = terminated_unproven(&w);
        m::wait(14);
        job_registry::finalize(&m::buyer(), t::handle(job));
    }

    // === Confirming: who and when ===

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_BUYER)]
    fun only_the_buyer_confirms() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::confirm(&m::owner(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun an_accepted_job_has_nothing_to_confirm() {
        let w = t::setup();
        j::confirm(w.accepted(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun a_settled_job_has_nothing_to_confirm() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        j::confirm(job);
        j::confirm(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun a_buyer_in_a_case_cannot_confirm() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
        j::confirm(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun a_job_in_a_case_is_not_finalized() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
        m::wait(3_600);
        j::finalize(job);
    }

    // === The provider answers for it ===

    /// A job that ends 86,000 s after its provider has asked for all its stake, 10 s of it held back.
    fun ended_late(w: &World): address {
        let job = w.running_held(90_000, 90_000_000, 10, vector[]);
        provider_registry::request_unstake(&m::owner(), w.provider(), m::stake());
        m::wait(86_000);
        w.complete(job, 1, 86_000);
        job
    }

    #[test]
    #[expected_failure(
        abort_code = computestream::provider_registry::E_STILL_LIABLE
    )]
    fun stake_stays_while_a_job_can_be_challenged() {
        let w = t::setup();
        ended_late(&w);
        // Unbonded since 86,400; to be challenged until 89,600.
        m::wait(3_599);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
    }

    #[test]
    fun stake_leaves_when_no_job_can_be_challenged_any_more() {
        let w = t::setup();
        ended_late(&w);
        m::wait(3_600);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        // 86,000 s less the ten that are held, 1 % of it fees.
        assert!(
            w.balance(m::of(&m::owner())) == m::funds() + m::stake() + 85_130_100, 1
        );
    }

    #[test]
    fun pausing_holds_no_held_money() {
        let w = t::setup();
        let job = ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::pause();
        m::wait(3_600);
        j::finalize(job);
        assert!(!payment_stream::is_open(job), 1);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }
}
