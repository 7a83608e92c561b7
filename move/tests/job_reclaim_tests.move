#[test_only]
/// Deleting settled jobs: who may, from when, and that nothing is left of them.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
/// A refused call breaks the rule that is checked next as well, wherever there is one.
module computestream::job_reclaim_tests {
    use computestream::escrow;
    use computestream::job_registry::{Self, JobReclaimed};
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    fun buyer_reclaims(job: address) {
        job_registry::reclaim(&m::buyer(), t::handle(job));
        j::assert_gone(job);
    }

    fun stranger_reclaims(job: address) {
        job_registry::reclaim(&m::stranger(), t::handle(job));
        j::assert_gone(job);
    }

    fun completed(w: &World): address {
        let job = w.running(100, 100_000);
        m::wait(10);
        w.complete(job, 1, 10);
        job
    }

    // === Jobs that never started ===

    #[test]
    fun a_cancelled_job_is_reclaimed_at_once() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        m::wait(3);
        job_registry::cancel(&m::buyer(), t::handle(job));
        buyer_reclaims(job);
        v::assert_all<JobReclaimed>(
            vector[v::join(vector[a(job), a(m::of(&m::buyer())), n(now())])]
        );
        assert!(w.balance(m::of(&m::buyer())) == m::funds(), 1);
    }

    #[test]
    fun every_way_not_to_start_is_reclaimed_at_once() {
        let w = t::setup();
        let cancelled = w.accepted(100, 100_000);
        let failed = w.accepted(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(cancelled));
        t::fail_with_nothing_new(failed);
        let pending = w.create(100, 100_000);
        let unstarted = w.accepted(100, 100_000);
        m::wait(600);
        job_registry::expire(&m::keeper(), t::handle(pending));
        job_registry::expire(&m::keeper(), t::handle(unstarted));
        vector[cancelled, failed, pending, unstarted].for_each(|job| buyer_reclaims(job));
        assert!(v::count<JobReclaimed>() == 4, 1);
        assert!(w.balance(m::of(&m::buyer())) == m::funds(), 2);
    }

    #[test]
    fun anyone_reclaims_a_job_that_never_started_after_twice_the_unbonding() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        m::wait(3);
        job_registry::cancel(&m::buyer(), t::handle(job));
        m::wait(172_800);
        stranger_reclaims(job);
        v::assert_all<JobReclaimed>(
            vector[v::join(vector[a(job), a(m::of(&m::stranger())), n(now())])]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_TOO_EARLY_TO_RECLAIM)]
    fun until_then_a_job_that_never_started_is_its_buyer_s() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(job));
        m::wait(172_799);
        stranger_reclaims(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_TOO_EARLY_TO_RECLAIM)]
    fun nor_may_the_owner_reclaim_it_sooner() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        t::fail_with_nothing_new(job);
        job_registry::reclaim(&m::owner(), t::handle(job));
    }

    // === Jobs that ran ===

    #[test]
    fun a_job_that_ran_is_its_buyer_s_to_reclaim_after_the_unbonding() {
        let w = t::setup();
        let job = completed(&w);
        m::wait(86_400);
        buyer_reclaims(job);
        v::assert_all<JobReclaimed>(
            vector[v::join(vector[a(job), a(m::of(&m::buyer())), n(now())])]
        );
        // The money had left long before.
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 10_000, 1);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 9_900, 2);
        assert!(w.balance(m::treasury_address()) == 100, 3);
    }

    #[test]
    fun anyone_reclaims_after_twice_the_unbonding() {
        let w = t::setup();
        let job = completed(&w);
        m::wait(172_800);
        stranger_reclaims(job);
        v::assert_last<JobReclaimed>(
            vector[a(job), a(m::of(&m::stranger())), n(now())]
        );
    }

    #[test]
    fun the_wait_begins_with_the_settlement() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        m::wait(10);
        w.complete(job, 1, 10);
        m::wait(3_600);
        j::finalize(job);
        assert!(j::settled_at(job) == m::start_time() + 3_610, 1);
        m::wait(86_400);
        buyer_reclaims(job);
    }

    #[test]
    fun a_job_terminated_in_its_first_second_has_run() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::terminate_with_nothing_new(job);
        m::wait(86_400);
        buyer_reclaims(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_TOO_EARLY_TO_RECLAIM)]
    fun the_buyer_waits_for_the_unbonding() {
        let w = t::setup();
        let job = completed(&w);
        m::wait(86_399);
        buyer_reclaims(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_TOO_EARLY_TO_RECLAIM)]
    fun others_wait_twice_as_long() {
        let w = t::setup();
        let job = completed(&w);
        m::wait(172_799);
        stranger_reclaims(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_TOO_EARLY_TO_RECLAIM)]
    fun the_operator_comes_after_the_buyer() {
        let w = t::setup();
        let job = completed(&w);
        m::wait(86_400);
        job_registry::reclaim(&m::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_TOO_EARLY_TO_RECLAIM)]
    fun a_job_keeps_the_wait_it_was_made_with() {
        let w = t::setup();
        let job = completed(&w);
        m::set_short_cases();
        m::set_unbonding(160);
        m::wait(86_399);
        buyer_reclaims(job);
    }

    #[test]
    fun a_longer_unbonding_reaches_no_job_that_exists() {
        let w = t::setup();
        let job = completed(&w);
        m::set_unbonding(31_536_000);
        m::wait(86_400);
        buyer_reclaims(job);
    }

    // === Only settled ones ===

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_SETTLED)]
    fun a_pending_job_is_not_reclaimed() {
        let w = t::setup();
        stranger_reclaims(w.create(100, 100_000));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_SETTLED)]
    fun a_running_job_is_not_reclaimed() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(1_000_000);
        buyer_reclaims(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_SETTLED)]
    fun a_job_whose_tail_waits_is_not_reclaimed() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        m::wait(1_000_000);
        buyer_reclaims(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_SETTLED)]
    fun a_job_with_held_money_is_not_reclaimed() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        m::wait(10);
        w.complete(job, 1, 10);
        m::wait(1_000_000);
        buyer_reclaims(job);
    }

    // === What is left ===

    #[test]
    fun what_strangers_sent_goes_to_the_buyer_and_blocks_nothing() {
        let w = t::setup();
        m::mint(w.asset(), m::of(&m::stranger()), 12);
        let job = w.create(100, 100_000);
        j::litter(&w, job, 5);
        w.accept(job);
        j::start(job);
        m::wait(10);
        w.complete(job, 1, 10);
        j::litter(&w, job, 7);
        // Neither paid nor refunded.
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 10_000, 1);
        assert!(escrow::balance(job) == 0, 2);
        m::wait(172_800);
        stranger_reclaims(job);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 10_000 + 12, 3);
        assert!(w.balance(m::of(&m::stranger())) == 0, 4);
    }

    #[test]
    fun dust_for_a_frozen_buyer_waits_in_a_store_of_its_own() {
        let w = t::setup();
        m::mint(w.asset(), m::of(&m::stranger()), 5);
        let job = w.create(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(job));
        j::litter(&w, job, 5);
        m::freeze_account(w.asset(), m::of(&m::buyer()), true);
        buyer_reclaims(job);
        assert!(w.balance(m::of(&m::buyer())) == m::funds(), 1);
        assert!(j::kept_for(m::of(&m::buyer())) == 5, 2);
    }

    #[test]
    fun reclaiming_one_job_touches_no_other() {
        let w = t::setup();
        let gone = completed(&w);
        let waiting = w.running_held(100, 100_000, 10, vector[]);
        m::wait(10);
        w.complete(waiting, 1, 10);
        let before = t::job_bytes(waiting);
        m::wait(86_400);
        buyer_reclaims(gone);
        assert!(t::job_bytes(waiting) == before, 1);
        assert!(escrow::balance(waiting) == 10_000, 2);
        assert!(payment_stream::held(waiting) == 10_000, 3);
        assert!(
            job_registry::get_jobs(vector[gone, waiting]).length() == 1, 4
        );
    }

    #[test]
    fun a_pause_blocks_no_reclaim() {
        let w = t::setup();
        let job = completed(&w);
        m::pause();
        m::wait(86_400);
        buyer_reclaims(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::escrow::E_NO_ESCROW)]
    fun a_reclaimed_job_has_no_escrow() {
        let w = t::setup();
        let job = completed(&w);
        m::wait(86_400);
        buyer_reclaims(job);
        escrow::balance(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_NO_STREAM)]
    fun a_reclaimed_job_has_no_stream() {
        let w = t::setup();
        let job = completed(&w);
        m::wait(86_400);
        let signature = w.sign(job, 2, 10, 10);
        buyer_reclaims(job);
        payment_stream::process_payment(
            &m::keeper(),
            job,
            2,
            10,
            m::start_time() + 10,
            v::log_root(),
            signature,
            vector[]
        );
    }
}
