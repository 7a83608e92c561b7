#[test_only]
/// The asset's issuer freezes a job's escrow, or takes from it: that delays money and nothing else. Faults and cases
/// meanwhile are in dispute_frozen_tests.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
module computestream::job_frozen_tests {
    use aptos_framework::fungible_asset;
    use computestream::dispute;
    use computestream::escrow;
    use computestream::job::{JobCompleted, JobSettled, JobWaived};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::provider_registry;
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::stream::StreamSettled;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    fun frozen(w: &World, job: address): address {
        j::freeze_store(w, job);
        job
    }

    /// Ten seconds ran and are proven, and paid; then the escrow froze for ten more.
    fun frozen_after_ten(w: &World): address {
        let job = w.running(1_000, 1_000_000);
        m::wait(10);
        w.pay(job, 1, 10);
        j::freeze_store(w, job);
        m::wait(10);
        job
    }

    /// The world's one job of 1,000,000 has ended by now and waits for its escrow alone; it settles when that is
    /// restored, long after.
    fun assert_waits_then_settles(w: &World, job: address, state: u8, seconds: u64) {
        j::assert_waits(job, state, now(), 0);
        w.assert_money(job, 9_900, 100, 0, 990_000);
        assert!(w.slots_busy() == 0, 1);
        assert!(v::count<ProviderStatsUpdated>() == 0, 2);
        m::wait(1_000);
        j::thaw_store(w, job);
        j::finalize(job);
        j::assert_settled(
            w,
            job,
            state,
            seconds,
            1_000_000,
            990 * seconds,
            10 * seconds,
            1_000_000 - 1_000 * seconds
        );
    }

    // === While it runs ===

    #[test]
    fun attestations_count_while_the_escrow_is_frozen() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        w.pay(job, 2, 20);
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::keeper())),
                n(2),
                n(20),
                n(0),
                n(20),
                n(0),
                n(0),
                n(0),
                n(10_000),
                n(100),
                n(0),
                n(990_000),
                n(now())
            ]
        );
        w.assert_money(job, 9_900, 100, 0, 990_000);
        m::wait(10);
        j::thaw_store(&w, job);
        w.pay(job, 3, 30);
        w.assert_money(job, 29_700, 300, 0, 970_000);
    }

    #[test]
    fun who_attests_while_it_is_frozen_is_not_silent() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        m::wait(50);
        job_registry::flag_stalled(&m::stranger(), t::handle(job));
        w.pay(job, 2, 70);
        assert!(t::stream_field(job, 23) == 0, 1);
        j::thaw_store(&w, job);
        w.complete(job, 3, 70);
        j::assert_settled(&w, job, 3, 70, 1_000_000, 69_300, 700, 930_000);
    }

    #[test]
    fun a_new_rate_reprices_nothing_that_is_earned_and_unpaid() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        w.pay(job, 2, 20);
        j::lower(job, 1_800_000);
        m::wait(10);
        j::thaw_store(&w, job);
        w.complete(job, 3, 30);
        // 20 s at 1,000, ten at 500.
        j::assert_settled(&w, job, 3, 30, 1_000_000, 24_750, 250, 975_000);
    }

    #[test]
    fun a_surplus_lengthens_a_job_while_it_is_frozen() {
        let w = t::setup();
        let job = frozen(&w, w.running(10, 100_000));
        m::wait(15);
        w.pay(job, 1, 15);
        j::extend(job, 10, 0);
        j::thaw_store(&w, job);
        w.complete(job, 2, 15);
        j::assert_settled(&w, job, 3, 15, 100_000, 14_850, 150, 85_000);
    }

    #[test]
    // 0x50003: permission denied, the store is frozen.
    #[expected_failure(abort_code = 0x50003, location = aptos_framework::fungible_asset)]
    fun no_money_is_added_to_a_frozen_escrow() {
        let w = t::setup();
        j::extend(frozen(&w, w.running(100, 100_000)), 0, 1);
    }

    #[test]
    fun a_confirmation_counts_while_it_is_frozen() {
        let w = t::setup();
        let job = frozen(&w, j::running_held(&w));
        m::wait(30);
        w.pay(job, 1, 30);
        j::confirm(job);
        assert!(t::stream_field(job, 11) == 30, 1);
        w.assert_money(job, 0, 0, 0, 100_000);
        t::complete_with_nothing_new(job);
        j::assert_waits(job, 3, now(), 0);
        j::thaw_store(&w, job);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    // === Every ending ===

    #[test]
    fun a_job_is_completed_though_its_escrow_is_frozen() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        w.complete(job, 2, 20);
        v::assert_last<JobCompleted>(
            vector[
                a(job),
                a(w.provider_address()),
                j::output(0, b"", vector[b"ipfs://cid"], v::hash(1), v::hash(2), 40_000),
                n(now()),
                n(0),
                n(now())
            ]
        );
        assert_waits_then_settles(&w, job, 3, 20);
        j::assert_record(&w, 1, 0, 0, 20, 19_800, 6_666);
    }

    #[test]
    fun a_job_fails_though_its_escrow_is_frozen() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        w.pay(job, 2, 20);
        t::fail_with_nothing_new(job);
        assert_waits_then_settles(&w, job, 4, 20);
        j::assert_record(&w, 0, 1, 0, 20, 19_800, 5_000);
    }

    #[test]
    fun a_job_expires_though_its_escrow_is_frozen() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        m::wait(50);
        j::expire_stalled(job);
        assert_waits_then_settles(&w, job, 7, 10);
        j::assert_record(&w, 0, 0, 1, 10, 9_900, 1_666);
    }

    #[test]
    fun a_proven_job_is_terminated_though_its_escrow_is_frozen() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        w.terminate(job, 2, 20);
        assert_waits_then_settles(&w, job, 6, 20);
    }

    #[test]
    fun seconds_after_the_end_are_not_billed_however_long_it_is_frozen() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        t::terminate_with_nothing_new(job);
        let ended = now();
        // Nothing goes back yet, and the ten seconds that ran may be proven.
        j::assert_waits(job, 6, ended + 15, 0);
        w.assert_money(job, 9_900, 100, 0, 990_000);
        assert!(w.slots_busy() == 0, 1);
        m::wait(14);
        w.pay(job, 2, 34);
        assert!(t::stream_field(job, 12) == 20, 2);
        m::wait(1_000);
        j::thaw_store(&w, job);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 20, 1_000_000, 19_800, 200, 980_000);
    }

    #[test]
    fun what_a_frozen_escrow_kept_comes_with_the_next_settlement() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        t::terminate_with_nothing_new(job);
        m::wait(5);
        j::thaw_store(&w, job);
        // The refund waits for the close, the seconds don't.
        w.pay(job, 2, 20);
        w.assert_money(job, 19_800, 200, 0, 980_000);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 20, 1_000_000, 19_800, 200, 980_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun a_freeze_lengthens_no_claim_window() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        t::terminate_with_nothing_new(job);
        m::wait(15);
        w.pay(job, 2, 20);
    }

    #[test]
    fun no_way_not_to_start_needs_the_escrow() {
        let w = t::setup();
        let pending = frozen(&w, w.create(100, 100_000));
        let accepted = frozen(&w, w.accepted(100, 100_000));
        let failed = frozen(&w, w.accepted(100, 100_000));
        job_registry::cancel(&m::buyer(), t::handle(pending));
        job_registry::cancel(&m::buyer(), t::handle(accepted));
        t::fail_with_nothing_new(failed);
        assert!(w.slots_busy() == 0, 1);
        let untaken = frozen(&w, w.create(100, 100_000));
        let unstarted = frozen(&w, w.accepted(100, 100_000));
        m::wait(600);
        job_registry::expire(&m::keeper(), t::handle(untaken));
        job_registry::expire(&m::keeper(), t::handle(unstarted));
        assert!(w.slots_busy() == 0, 2);
        let jobs = vector[pending, accepted, failed, untaken, unstarted];
        let states = vector[5, 5, 4, 7, 7];
        jobs.zip_ref(&states, |job, state| {
            j::assert_waits(*job, *state, 0, 0);
            assert!(escrow::balance(*job) == 100_000, 3);
        });
        assert!(v::count<ProviderStatsUpdated>() == 0, 4);
        m::wait(1_000);
        jobs.zip(states, |job, state| {
            j::thaw_store(&w, job);
            j::finalize(job);
            t::assert_state(job, 8, state);
            // As if it had settled at its end: its buyer may delete it at once.
            job_registry::reclaim(&m::buyer(), t::handle(job));
            j::assert_gone(job);
        });
        assert!(w.balance(m::of(&m::buyer())) == m::funds(), 5);
        // Of the five only the one that wasn't started counts.
        j::assert_record(&w, 0, 0, 1, 0, 0, 1_666);
    }

    #[test]
    fun a_job_that_waits_for_its_escrow_holds_no_gpu() {
        let w = t::setup();
        let job = j::order().gpus(1).order_from(w.provider());
        j::accept(w.provider(), job, 1);
        j::start(frozen(&w, job));
        t::fail_with_nothing_new(job);
        let next = j::order().gpus(1).order_from(w.provider());
        j::accept(w.provider(), next, 1);
        assert!(
            provider_registry::active_jobs(w.provider_address()) == vector[next], 1
        );
    }

    #[test]
    fun where_no_money_is_left_a_frozen_escrow_delays_nothing() {
        let w = t::setup_at(0);
        let job = frozen(&w, w.running(100, 0));
        m::wait(30);
        w.complete(job, 1, 30);
        j::assert_settled(&w, job, 3, 30, 0, 0, 0, 0);
    }

    // === Finalize ===

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun a_job_is_not_finalized_before_its_escrow_is_restored() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        t::complete_with_nothing_new(job);
        m::wait(1_000_000);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun nor_is_one_that_never_started() {
        let w = t::setup();
        let job = frozen(&w, w.create(100, 100_000));
        job_registry::cancel(&m::buyer(), t::handle(job));
        job_registry::finalize(&m::buyer(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_CLAIM_WINDOW_OPEN)]
    fun who_may_still_prove_is_waited_for_first() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        t::terminate_with_nothing_new(job);
        m::wait(14);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun who_waives_gains_nothing_by_it_while_it_is_frozen() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        t::terminate_with_nothing_new(job);
        job_registry::finalize(&m::operator(), t::handle(job));
    }

    #[test]
    /// The issuer takes one unit of 90,000 that are left after the last payment.
    fun a_plundered_escrow_pays_what_it_can_and_settles_when_it_is_whole() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        m::claw_back(w.asset(), job, 1);
        w.complete(job, 1, 10);
        j::assert_waits(job, 3, now(), 0);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 9_900, 1);
        assert!(w.balance(m::treasury_address()) == 100, 2);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 100_000, 3);
        assert!(escrow::balance(job) == 90_000, 4);
        assert!(fungible_asset::balance(m::store_of(job)) == 89_999, 5);
        m::mint(w.asset(), m::of(&m::stranger()), 1);
        j::litter(&w, job, 1);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    /// Not even what is due can be paid: it isn't paid in part.
    fun an_escrow_plundered_further_pays_nothing_until_then() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        m::claw_back(w.asset(), job, 90_001);
        w.pay(job, 1, 10);
        assert!(t::stream_field(job, 12) == 10, 1);
        assert!(w.balance(m::of(&m::owner())) == m::funds(), 2);
        t::complete_with_nothing_new(job);
        m::mint(w.asset(), m::of(&m::stranger()), 90_001);
        j::litter(&w, job, 90_001);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 10, 100_000, 9_900, 100, 90_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun a_single_unit_taken_is_enough_to_wait() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::claw_back(w.asset(), job, 1);
        t::complete_with_nothing_new(job);
        j::finalize(job);
    }

    // === With money held ===

    /// The escrow has been frozen since the start. 30 s ran and are proven: all 30,000 are in it, 10,000 of them held.
    fun held_and_frozen(w: &World): address {
        let job = frozen(w, j::running_held(w));
        m::wait(30);
        w.complete(job, 1, 30);
        job
    }

    #[test]
    fun the_buyer_has_its_time_to_challenge_and_no_more() {
        let w = t::setup();
        let job = held_and_frozen(&w);
        j::assert_waits(job, 3, now(), now() + 3_600);
        w.assert_money(job, 0, 0, 0, 100_000);
        m::wait(3_600);
        j::thaw_store(&w, job);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun a_restored_escrow_shortens_no_challenge_window() {
        let w = t::setup();
        let job = held_and_frozen(&w);
        m::wait(3_599);
        j::thaw_store(&w, job);
        j::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_ESCROW_UNAVAILABLE)]
    fun after_the_challenge_window_the_escrow_is_waited_for() {
        let w = t::setup();
        let job = held_and_frozen(&w);
        m::wait(3_600);
        j::finalize(job);
    }

    #[test]
    fun a_confirmed_job_waits_for_its_escrow_alone() {
        let w = t::setup();
        let job = held_and_frozen(&w);
        j::confirm(job);
        t::assert_state(job, 3, 0);
        w.assert_money(job, 0, 0, 0, 100_000);
        m::wait(1);
        j::thaw_store(&w, job);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun a_countersigned_job_waits_for_its_escrow_alone() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let job = frozen(&w, w.running_held(100, 100_000, 10, key));
        m::wait(30);
        w.complete(job, 1, 30);
        j::confirm_signed(&w, &secret, job, 1, 30, 30);
        t::assert_state(job, 3, 0);
        m::wait(1);
        j::thaw_store(&w, job);
        j::finalize(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    /// 20 of 30 s are proven when the escrow freezes and the buyer ends the job.
    fun an_operator_waives_though_the_escrow_is_frozen() {
        let w = t::setup();
        let job = j::running_held(&w);
        m::wait(30);
        w.pay(job, 1, 20);
        j::freeze_store(&w, job);
        t::terminate_with_nothing_new(job);
        m::wait(5);
        job_registry::finalize(&m::operator(), t::handle(job));
        v::assert_all<JobWaived>(
            vector[v::join(vector[a(job), n(now()), n(now() + 3_600), n(now())])]
        );
        j::assert_waits(job, 6, now(), now() + 3_600);
        w.assert_money(job, 9_900, 100, 0, 90_000);
        m::wait(3_600);
        j::thaw_store(&w, job);
        j::finalize(job);
        j::assert_settled(&w, job, 6, 20, 100_000, 19_800, 200, 80_000);
    }

    // === What a job that waits allows ===

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun one_that_never_started_has_nothing_to_confirm() {
        let w = t::setup();
        let job = frozen(&w, w.accepted(100, 100_000));
        job_registry::cancel(&m::buyer(), t::handle(job));
        j::confirm(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CONFIRMABLE)]
    fun nor_anything_to_agree_to() {
        let w = t::setup();
        let (secret, key) = j::buyer_keys();
        let job = frozen(&w, w.create_held(100, 100_000, 10, key));
        job_registry::cancel(&m::buyer(), t::handle(job));
        j::confirm_signed(&w, &secret, job, 1, 0, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NEVER_STARTED)]
    fun one_that_never_started_has_no_case() {
        let w = t::setup();
        let job = frozen(&w, w.create_held(100, 100_000, 10, vector[]));
        job_registry::cancel(&m::buyer(), t::handle(job));
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOTHING_HELD)]
    fun without_a_holdback_the_wait_for_the_escrow_is_no_time_to_argue() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        w.complete(job, 2, 20);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOTHING_HELD)]
    fun nor_is_it_to_challenge_the_output() {
        let w = t::setup();
        let job = frozen_after_ten(&w);
        w.complete(job, 2, 20);
        dispute::challenge_output(&m::buyer(), t::handle(job), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOTHING_HELD)]
    fun what_is_confirmed_is_not_argued_about_while_it_waits() {
        let w = t::setup();
        let job = held_and_frozen(&w);
        j::confirm(job);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_CANCELLABLE)]
    fun a_cancelled_job_that_waits_is_not_cancelled_again() {
        let w = t::setup();
        let job = frozen(&w, w.create(100, 100_000));
        job_registry::cancel(&m::buyer(), t::handle(job));
        job_registry::cancel(&m::buyer(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_ALREADY_ENDED)]
    fun a_cancelled_job_that_waits_does_not_expire() {
        let w = t::setup();
        let job = frozen(&w, w.create(100, 100_000));
        job_registry::cancel(&m::buyer(), t::handle(job));
        m::wait(120);
        job_registry::expire(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_SETTLED)]
    fun a_job_that_waits_for_its_escrow_is_not_reclaimed() {
        let w = t::setup();
        let job = frozen(&w, w.create(100, 100_000));
        job_registry::cancel(&m::buyer(), t::handle(job));
        assert!(v::count<JobSettled>() == 0, 1);
        m::wait(1_000_000);
        job_registry::reclaim(&m::buyer(), t::handle(job));
    }
}
