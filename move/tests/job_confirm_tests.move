#[test_only]
/// The buyer confirms: which seconds it agrees to, what that pays, and when it settles the job.
/// Unless said otherwise the rate is 1,000 a second, the fee 1 %, 100 s and 100,000 are ordered, 10 s are held back.
module computestream::job_confirm_tests {
    use computestream::dispute;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::stream::StreamSettled;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils as t;

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    // === While it runs ===

    #[test]
    fun the_buyer_s_confirmation_pays_what_is_held() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
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
        let job = j::running_held(&w);
        m::wait(30);
        j::confirm(job);
        assert!(v::count<StreamSettled>() == 0, 1);
        w.assert_money(job, 0, 0, 0, 100_000);
        w.pay(job, 1, 30);
        w.assert_money(job, 19_800, 200, 0, 80_000);
    }

    #[test]
    fun a_confirmation_agrees_to_no_second_that_has_not_run() {
        let w = t::setup();
        let job = j::running_held(&w);
        m::wait(10);
        j::bring(&w, job, 1, 40, 40);
        // All of the ten billed ones are held.
        w.assert_money(job, 0, 0, 0, 100_000);
        j::confirm(job);
        v::assert_last<StreamSettled>(
            vector[
                a(job),
                a(m::of(&m::owner())),
                a(m::of(&m::buyer())),
                n(1),
                n(40),
                n(10),
                n(10),
                n(10_000),
                n(100),
                n(0),
                n(10_000),
                n(100),
                n(0),
                n(90_000),
                n(now())
            ]
        );
        m::wait(10);
        // The next ten were attested before the buyer confirmed, and are held all the same.
        j::bring(&w, job, 2, 40, 50);
        w.assert_money(job, 9_900, 100, 0, 90_000);
    }

    #[test]
    fun a_confirmation_bills_what_has_run_meanwhile_first() {
        let w = t::setup();
        let job = j::running_held(&w);
        m::wait(10);
        j::bring(&w, job, 1, 40, 40);
        m::wait(15);
        j::confirm(job);
        w.assert_money(job, 24_750, 250, 0, 75_000);
    }

    // === When it has ended ===

    #[test]
    fun a_confirmed_job_settles_at_once() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        m::wait(1);
        j::confirm(job);
        j::assert_settled(&w, job, 3, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun a_confirmation_of_part_leaves_the_rest_to_be_proven() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        j::confirm(job);
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        j::assert_waits(job, 6, now() + 15, now() + 15 + 3_600);
        m::wait(5);
        w.pay(job, 2, 30);
        // Ten seconds beyond the confirmed twenty: all of them are held.
        w.assert_money(job, 19_800, 200, 70_000, 10_000);
        j::confirm(job);
        j::assert_settled(&w, job, 6, 30, 100_000, 29_700, 300, 70_000);
    }

    #[test]
    fun a_part_confirmed_early_settles_when_the_claim_window_is_over() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        j::confirm(job);
        m::wait(15);
        // Everything that was held is paid: no challenge window is left to wait for.
        j::finalize(job);
        j::assert_settled(&w, job, 6, 20, 100_000, 19_800, 200, 80_000);
    }

    #[test]
    fun a_confirmation_after_the_claim_window_settles() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        m::wait(15);
        // The ten unproven seconds can't be proven any more.
        j::confirm(job);
        j::assert_settled(&w, job, 6, 20, 100_000, 19_800, 200, 80_000);
    }

    #[test]
    fun a_waived_job_settles_when_its_buyer_confirms() {
        let w = t::setup();
        let job = j::terminated_unproven(&w);
        job_registry::finalize(&m::operator(), t::handle(job));
        j::confirm(job);
        j::assert_settled(&w, job, 6, 20, 100_000, 19_800, 200, 80_000);
    }

    // === Who and when ===

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
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        j::confirm(job);
        j::confirm(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_CASE_OPEN)]
    fun a_buyer_in_a_case_cannot_confirm() {
        let w = t::setup();
        let job = j::ran_thirty(&w);
        t::complete_with_nothing_new(job);
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"no output"));
        j::confirm(job);
    }
}
