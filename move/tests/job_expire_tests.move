#[test_only]
/// Flagging silent jobs, and expiring those nobody accepted, started or answered for. What an expired job holds back
/// is in job_expire_held_tests.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered.
/// A refused call breaks the rule that is checked next as well, wherever there is one.
module computestream::job_expire_tests {
    use computestream::job::JobExpired;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::stream::StreamStalled;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils as t;

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    #[test]
    fun a_job_nobody_accepted_returns_everything_and_marks_nobody() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        m::wait(120);
        job_registry::expire(&m::stranger(), t::handle(job));
        v::assert_all<JobExpired>(
            vector[v::join(vector[a(job), a(m::of(&m::stranger())), n(0), n(0), n(now())])]
        );
        j::assert_settled(&w, job, 7, 0, 100_000, 0, 0, 100_000);
        assert!(v::count<ProviderStatsUpdated>() == 0, 1);
    }

    #[test]
    fun a_job_nobody_started_returns_everything_and_counts() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(600);
        job_registry::expire(&m::stranger(), t::handle(job));
        j::assert_settled(&w, job, 7, 0, 100_000, 0, 0, 100_000);
        j::assert_record(&w, 0, 0, 1, 0, 0, 1_666);
    }

    #[test]
    fun a_silent_job_pays_what_was_proven_and_returns_the_rest() {
        let w = t::setup();
        let job = w.running(1_000, 1_000_000);
        m::wait(10);
        w.pay(job, 10, 10);
        m::wait(60);
        job_registry::flag_stalled(&m::stranger(), t::handle(job));
        v::assert_all<StreamStalled>(
            vector[
                v::join(
                    vector[a(job), a(m::of(&m::stranger())), n(now() + 60), n(now())]
                )
            ]
        );
        t::assert_state(job, 2, 0);
        assert!(w.slots_busy() == 1, 1);
        m::wait(60);
        job_registry::expire(&m::keeper(), t::handle(job));
        // Nothing is left to prove, and nothing is held back.
        v::assert_all<JobExpired>(
            vector[v::join(vector[a(job), a(m::of(&m::keeper())), n(now()), n(0), n(now())])]
        );
        j::assert_settled(&w, job, 7, 10, 1_000_000, 9_900, 100, 990_000);
        j::assert_record(&w, 0, 0, 1, 10, 9_900, 1_666);
    }

    #[test]
    fun seconds_attested_ahead_are_paid_up_to_the_end() {
        let w = t::setup();
        let job = w.running(1_000, 1_000_000);
        m::wait(10);
        // Half a minute ahead of the clock.
        j::bring(&w, job, 1, 40, 40);
        w.assert_money(job, 9_900, 100, 0, 990_000);
        m::wait(60);
        j::expire_stalled(job);
        // 130 s ran, 40 were attested.
        j::assert_settled(&w, job, 7, 40, 1_000_000, 39_600, 400, 960_000);
    }

    #[test]
    fun an_answer_clears_the_flag_and_the_job_goes_on() {
        let w = t::setup();
        let job = w.running(1_000, 1_000_000);
        m::wait(60);
        job_registry::flag_stalled(&m::stranger(), t::handle(job));
        m::wait(60);
        // Late, but nobody expired it: still good.
        w.pay(job, 1, 120);
        m::wait(60);
        job_registry::flag_stalled(&m::stranger(), t::handle(job));
        m::wait(20);
        w.complete(job, 2, 200);
        j::assert_settled(&w, job, 3, 200, 1_000_000, 198_000, 2_000, 800_000);
    }

    #[test]
    fun a_repeat_does_not_clear_the_flag() {
        let w = t::setup();
        let job = w.running(1_000, 1_000_000);
        m::wait(10);
        let signature = w.sign(job, 1, 10, 10);
        w.pay(job, 1, 10);
        m::wait(60);
        job_registry::flag_stalled(&m::stranger(), t::handle(job));
        m::wait(60);
        payment_stream::process_payment(
            &m::operator(),
            job,
            1,
            10,
            m::start_time() + 10,
            v::log_root(),
            signature,
            vector[]
        );
        job_registry::expire(&m::stranger(), t::handle(job));
        j::assert_settled(&w, job, 7, 10, 1_000_000, 9_900, 100, 990_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_EXPIRED)]
    fun a_pending_job_does_not_expire_before_its_deadline() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        m::wait(119);
        job_registry::expire(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_EXPIRED)]
    fun an_accepted_job_does_not_expire_before_its_deadline() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        m::wait(599);
        job_registry::expire(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_EXPIRED)]
    fun a_silent_job_does_not_expire_unflagged() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10_000);
        job_registry::expire(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_registry::E_NOT_EXPIRED)]
    fun a_flagged_job_does_not_expire_within_the_grace() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(60);
        job_registry::flag_stalled(&m::keeper(), t::handle(job));
        m::wait(59);
        job_registry::expire(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_ALREADY_ENDED)]
    fun a_settled_job_cannot_expire() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::complete_with_nothing_new(job);
        job_registry::expire(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_ALREADY_ENDED)]
    fun a_terminated_job_cannot_expire() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        t::terminate_with_nothing_new(job);
        job_registry::expire(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_RUNNING)]
    fun an_accepted_job_cannot_be_flagged() {
        let w = t::setup();
        let job = w.accepted(100, 100_000);
        job_registry::flag_stalled(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STILL_PROGRESSING)]
    fun a_job_is_not_stalled_before_the_window_is_over() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(59);
        job_registry::flag_stalled(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STILL_PROGRESSING)]
    fun progress_starts_the_stall_window_again() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(1);
        w.pay(job, 1, 1);
        m::wait(59);
        job_registry::flag_stalled(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_ALREADY_STALLED)]
    fun a_job_is_flagged_once() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(60);
        job_registry::flag_stalled(&m::keeper(), t::handle(job));
        job_registry::flag_stalled(&m::keeper(), t::handle(job));
    }
}
