#[test_only]
/// Silent jobs that expire with money held back: what waits for the buyer, and what ends the wait.
/// The rate is 1,000 a second, the fee 1 %, 1,000 s and 1,000,000 are ordered, the last 20 s held back; cases are short:
/// 100 s to challenge, 200 to decide, 1 % as bond.
module computestream::job_expire_held_tests {
    use computestream::dispute::FaultProven;
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job::{JobExpired, JobForfeited};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::reputation::ProviderStatsUpdated;
    use computestream::stream::StreamSealed;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    fun running(w: &World): address {
        w.running_held(1_000, 1_000_000, 20, vector[])
    }

    /// Proven to its 50th second, flagged at 110 and expired at 170: OWNER has 29,700, TREASURY 300, BUYER 950,000
    /// again, 20,000 wait, and may be challenged until 269.
    fun expired(w: &World): address {
        let job = running(w);
        m::wait(50);
        w.pay(job, 1, 50);
        m::wait(60);
        j::expire_stalled(job);
        job
    }

    // === What waits ===

    #[test]
    fun an_expired_job_waits_for_its_buyer() {
        let w = d::setup();
        let job = expired(&w);
        v::assert_all<JobExpired>(
            vector[v::join(
                vector[a(job), a(m::of(&m::stranger())), at(170), at(270), at(170)]
            )]
        );
        v::assert_all<StreamSealed>(
            vector[v::join(vector[a(job), n(50), n(20_000), at(170)])]
        );
        j::assert_waits(job, 7, now(), now() + 100);
        w.assert_money(job, 29_700, 300, 950_000, 20_000);
        // The machine is free, and the record waits for the money.
        assert!(w.slots_busy() == 0, 1);
        assert!(v::count<ProviderStatsUpdated>() == 0, 2);
    }

    #[test]
    fun what_was_attested_ahead_is_paid_but_for_the_last_seconds() {
        let w = d::setup();
        let job = running(&w);
        m::wait(50);
        j::bring(&w, job, 1, 80, 80);
        w.assert_money(job, 29_700, 300, 0, 970_000);
        m::wait(60);
        j::expire_stalled(job);
        // 80 s are billed now, 60 of them paid.
        w.assert_money(job, 59_400, 600, 920_000, 20_000);
        j::assert_waits(job, 7, now(), now() + 100);
    }

    #[test]
    fun a_job_whose_buyer_has_confirmed_expires_and_settles_at_once() {
        let w = d::setup();
        let job = running(&w);
        m::wait(50);
        w.pay(job, 1, 50);
        j::confirm(job);
        m::wait(60);
        j::expire_stalled(job);
        j::assert_settled(&w, job, 7, 50, 1_000_000, 49_500, 500, 950_000);
        assert!(j::claim_until(job) == now() && j::challenge_until(job) == 0, 1);
    }

    #[test]
    fun a_job_that_proved_nothing_expires_and_settles_at_once() {
        let w = d::setup();
        let job = running(&w);
        m::wait(60);
        j::expire_stalled(job);
        j::assert_settled(&w, job, 7, 0, 1_000_000, 0, 0, 1_000_000);
        assert!(j::claim_until(job) == now() && j::challenge_until(job) == 0, 1);
    }

    // === No way around the challenge ===

    #[test]
    /// A provider that must fear the challenge falls silent, and a keeper of its own flags and expires the job. It used
    /// to be paid all that was held in that moment.
    fun regression_silence_and_an_accomplice_free_no_held_money() {
        let w = d::setup();
        let job = running(&w);
        m::wait(50);
        w.pay(job, 1, 50);
        m::wait(60);
        job_registry::flag_stalled(&m::keeper(), t::handle(job));
        m::wait(60);
        job_registry::expire(&m::keeper(), t::handle(job));
        w.assert_money(job, 29_700, 300, 950_000, 20_000);
        // In the last second it may, the buyer goes to the arbiter, and has it back.
        m::wait(99);
        d::arbitrate(job);
        d::assert_money(
            &w, job, 999_940_000, 1_000_029_700, 300, 0, 20_000, 100_000_000, 10_000
        );
        d::rule(job, 0);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 300, 0, 0, 100_000_000, 0
        );
        t::assert_state(job, 8, 7);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun regression_nor_do_they_by_finalizing_early() {
        let w = d::setup();
        let job = expired(&w);
        m::wait(99);
        d::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OPEN)]
    fun regression_nor_does_the_operator() {
        let w = d::setup();
        let job = expired(&w);
        job_registry::finalize(&m::operator(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_STREAM_CLOSED)]
    fun an_expired_job_is_proven_no_further() {
        let w = d::setup();
        let job = expired(&w);
        w.pay(job, 2, 60);
    }

    // === What ends the wait ===

    #[test]
    fun what_nobody_challenged_is_paid_when_the_window_is_over() {
        let w = d::setup();
        let job = expired(&w);
        m::wait(100);
        d::finalize(job);
        j::assert_settled(&w, job, 7, 50, 1_000_000, 49_500, 500, 950_000);
        // 10,000 * 2 / (8 + 4): it counts as expired.
        j::assert_record(&w, 0, 0, 1, 50, 49_500, 1_666);
    }

    #[test]
    fun the_buyer_s_confirmation_settles_an_expired_job() {
        let w = d::setup();
        let job = expired(&w);
        m::wait(1);
        j::confirm(job);
        j::assert_settled(&w, job, 7, 50, 1_000_000, 49_500, 500, 950_000);
        j::assert_record(&w, 0, 0, 1, 50, 49_500, 1_666);
    }

    #[test]
    fun an_arbiter_may_split_what_an_expired_job_holds() {
        let w = d::setup();
        let job = expired(&w);
        d::arbitrate(job);
        m::wait(10);
        d::rule(job, 8_000);
        // 38,000 in all, 1 % of it fees; the bond came back.
        j::assert_settled(&w, job, 7, 50, 1_000_000, 37_620, 380, 962_000);
        j::assert_record(&w, 0, 0, 1, 50, 37_620, 1_666);
    }

    #[test]
    fun an_arbiter_that_says_nothing_leaves_it_to_the_provider() {
        let w = d::setup();
        let job = expired(&w);
        d::arbitrate(job);
        m::wait(200);
        d::resolve(job);
        j::assert_settled(&w, job, 7, 50, 1_000_000, 49_500, 500, 950_000);
    }

    #[test]
    fun a_fault_closes_an_expired_job_for_its_buyer() {
        let w = d::setup();
        let job = expired(&w);
        m::wait(5);
        d::report_time(&w, job, 1, 0);
        d::assert_fault(&w, job, 3, 50_000_000, 5_000_000);
        d::assert_money(
            &w, job, 999_970_000, 1_000_029_700, 45_000_300, 5_000_000, 0, 50_000_000, 0
        );
        // It did expire, and it did lie: 10,000 * 2 / (8 + 80 + 4).
        t::assert_state(job, 8, 7);
        v::assert_last<ProviderStatsUpdated>(
            vector[
                a(w.provider_address()),
                n(0),
                n(0),
                n(1),
                n(1),
                n(50),
                n(29_700),
                n(217),
                n(now())
            ]
        );
        assert!(v::count<JobForfeited>() == 1 && v::count<FaultProven>() == 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OUTPUT)]
    fun an_expired_job_has_no_output_to_challenge() {
        let w = d::setup();
        d::challenge(expired(&w), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CHALLENGE_WINDOW_OVER)]
    fun the_end_of_the_window_ends_the_buyer_s_time_to_argue() {
        let w = d::setup();
        let job = expired(&w);
        m::wait(100);
        d::arbitrate(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun an_expired_job_in_a_case_is_not_finalized() {
        let w = d::setup();
        let job = expired(&w);
        d::arbitrate(job);
        m::wait(100);
        d::finalize(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_ALREADY_ENDED)]
    fun a_job_expires_once() {
        let w = d::setup();
        let job = expired(&w);
        m::wait(100);
        job_registry::expire(&m::keeper(), t::handle(job));
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NOT_SETTLED)]
    fun an_expired_job_that_waits_is_not_reclaimed() {
        let w = d::setup();
        let job = expired(&w);
        m::wait(172_800);
        job_registry::reclaim(&m::buyer(), t::handle(job));
    }
}
