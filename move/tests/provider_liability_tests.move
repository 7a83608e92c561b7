#[test_only]
/// How much of a provider's stake its jobs rely on, and for how long.
/// It doesn't know what a fault takes: `dispute_fault_tests` and `stake_tests` do.
module computestream::provider_liability_tests {
    use std::bcs;
    use computestream::dispute_test_utils as d;
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::provider_registry::{Self, ProviderLiabilityChanged};
    use computestream::stake::{Self, StakeWithdrawn};
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    const STAKE: u64 = 100_000_000;
    const DAY: u64 = 86_400;

    fun request(w: &World, amount: u64) {
        provider_registry::request_unstake(&m::owner(), w.provider(), amount);
    }

    fun withdraw(w: &World) {
        provider_registry::withdraw_stake(&m::owner(), w.provider());
    }

    /// Nothing of the stake is left, and all of it is the owner's, who has earned `earned` besides.
    fun assert_gone(w: &World, earned: u64) {
        let provider = w.provider_address();
        assert!(stake::staked(provider) == 0 && stake::unbonding(provider) == 0, 9501);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + STAKE + earned, 9502);
    }

    /// Seconds after START, or 0.
    fun liable_until(w: &World): u64 {
        let until = number_from_end(w, 8);
        if (until == 0) 0 else until - m::start_time()
    }

    fun bound_stake(w: &World): u64 {
        number_from_end(w, 9)
    }

    /// Of a ProviderView, whose last number is the first.
    fun number_from_end(w: &World, place: u64): u64 {
        let bytes = bcs::to_bytes(&provider_registry::get_provider(w.provider_address()));
        v::read_u64(&bytes, bytes.length() - 8 * place)
    }

    /// `until` in seconds after START, or 0.
    fun changed(w: &World, bound_stake: u64, until: u64, at: u64): vector<u8> {
        let liable_until = if (until == 0) 0 else m::start_time() + until;
        v::join(
            vector[
                a(w.provider_address()),
                n(bound_stake),
                n(liable_until),
                n(m::start_time() + at)
            ]
        )
    }

    fun set_min_stake(min_stake: u64) {
        market::set_stake_terms(&m::admin(), min_stake, DAY, 5_000, 1_000);
    }

    /// A job for 100,000 s at 1,000 that only a provider with that stake may take, running.
    fun running_with_stake(w: &World, min_stake: u64): address {
        let job =
            j::order().min_stake(min_stake).secs(100_000).deposit(100_000_000).order_openly(
                w.asset()
            );
        w.accept(job);
        j::start(job);
        job
    }

    // === What a job relies on ===

    /// A stake that is added for one order and asked back as soon as its job has started.
    fun flash_stake(): (World, address) {
        let w = t::setup();
        provider_registry::add_stake(&m::owner(), w.provider(), STAKE);
        let job = running_with_stake(&w, 2 * STAKE);
        request(&w, STAKE);
        (w, job)
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun a_stake_added_for_an_order_stays_while_its_job_runs() {
        let (w, _) = flash_stake();
        m::wait(DAY + 100);
        // The market's minimum is there still.
        assert!(stake::staked(w.provider_address()) == STAKE && bound_stake(&w) == 2 * STAKE, 1);
        withdraw(&w);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun a_stake_added_for_an_order_stays_for_the_unbonding_after_its_job() {
        let (w, job) = flash_stake();
        m::wait(DAY + 100);
        w.complete(job, 1, DAY + 100);
        m::wait(DAY - 1);
        withdraw(&w);
    }

    #[test]
    fun a_stake_added_for_an_order_leaves_in_the_second_its_job_does_not_count_any_more() {
        let (w, job) = flash_stake();
        m::wait(DAY + 100);
        w.complete(job, 1, DAY + 100);
        m::wait(DAY);
        withdraw(&w);
        assert!(stake::staked(w.provider_address()) == STAKE, 1);
        assert!(stake::unbonding(w.provider_address()) == 0, 2);
        // 86,500 s at 1,000, less 1 %; what was added is back.
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 85_635_000, 3);
    }

    #[test]
    fun what_a_job_relies_on_may_stay_staked_instead() {
        let (w, _) = flash_stake();
        m::wait(DAY);
        provider_registry::add_stake(&m::owner(), w.provider(), STAKE);
        withdraw(&w);
        assert!(stake::staked(w.provider_address()) == 2 * STAKE, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun a_minimum_lowered_since_frees_no_stake() {
        let w = t::setup();
        w.running(100_000, 100_000_000);
        set_min_stake(0);
        request(&w, 1);
        m::wait(DAY);
        withdraw(&w);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun a_minimum_lowered_since_frees_no_stake_after_the_job_either() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        set_min_stake(0);
        request(&w, STAKE);
        m::wait(10);
        t::complete_with_nothing_new(job);
        m::wait(DAY - 1);
        withdraw(&w);
    }

    #[test]
    fun a_minimum_raised_since_binds_nothing() {
        let w = t::setup();
        provider_registry::add_stake(&m::owner(), w.provider(), STAKE);
        w.running(100_000, 100_000_000);
        set_min_stake(2 * STAKE);
        request(&w, STAKE);
        m::wait(DAY);
        withdraw(&w);
        assert!(stake::staked(w.provider_address()) == STAKE, 1);
        assert!(bound_stake(&w) == STAKE, 2);
    }

    #[test]
    fun a_job_binds_the_minimum_or_what_its_order_requires_whichever_is_more() {
        let w = t::setup();
        assert!(bound_stake(&w) == 0 && v::count<ProviderLiabilityChanged>() == 0, 1);
        m::wait(2);
        running_with_stake(&w, STAKE - 1);
        v::assert_all<ProviderLiabilityChanged>(vector[changed(&w, STAKE, 0, 2)]);
        assert!(bound_stake(&w) == STAKE, 2);
        provider_registry::add_stake(&m::owner(), w.provider(), 5);
        running_with_stake(&w, STAKE + 5);
        assert!(bound_stake(&w) == STAKE + 5, 3);
    }

    #[test]
    fun a_job_binds_the_minimum_of_its_making() {
        let w = t::setup();
        set_min_stake(STAKE - 7);
        let job = w.accepted(100_000, 100_000_000);
        set_min_stake(0);
        j::start(job);
        assert!(bound_stake(&w) == STAKE - 7, 1);
        request(&w, 7);
        m::wait(DAY);
        withdraw(&w);
        assert!(stake::staked(w.provider_address()) == STAKE - 7, 2);
    }

    #[test]
    fun a_smaller_job_beside_the_first_lowers_nothing() {
        let (w, first) = flash_stake();
        w.running(100_000, 100_000_000);
        assert!(bound_stake(&w) == 2 * STAKE, 1);
        m::wait(10);
        t::complete_with_nothing_new(first);
        assert!(bound_stake(&w) == 2 * STAKE, 2);
        // Nor does one that begins when nothing that has ended counts any more, while another one runs.
        m::wait(DAY);
        w.running(100, 100_000);
        assert!(bound_stake(&w) == 2 * STAKE, 3);
    }

    #[test]
    fun a_smaller_job_beside_one_that_is_only_accepted_lowers_nothing() {
        let (w, first) = flash_stake();
        m::wait(10);
        t::complete_with_nothing_new(first);
        m::wait(DAY);
        w.accepted(100, 100_000);
        w.running(100, 100_000);
        assert!(bound_stake(&w) == 2 * STAKE, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun a_smaller_job_beside_the_first_frees_no_stake() {
        let (w, _) = flash_stake();
        w.running(100_000, 100_000_000);
        m::wait(DAY);
        withdraw(&w);
    }

    #[test]
    fun the_first_job_after_all_that_counted_binds_anew() {
        let (w, first) = flash_stake();
        m::wait(10);
        t::complete_with_nothing_new(first);
        m::wait(DAY - 1);
        // What was accepted before may start then.
        let next = w.accepted(100, 100_000);
        m::wait(1);
        assert!(bound_stake(&w) == 2 * STAKE, 1);
        j::start(next);
        assert!(bound_stake(&w) == STAKE && liable_until(&w) == DAY + 10, 2);
        v::assert_all<ProviderLiabilityChanged>(
            vector[
                changed(&w, 2 * STAKE, 0, 0),
                changed(&w, 2 * STAKE, DAY + 10, 10),
                changed(&w, STAKE, DAY + 10, DAY + 10)
            ]
        );
        // What the first job relied on may leave while the new one runs.
        withdraw(&w);
        assert!(stake::staked(w.provider_address()) == STAKE, 3);
    }

    #[test]
    fun a_second_earlier_a_job_alone_binds_no_less() {
        let (w, first) = flash_stake();
        m::wait(10);
        t::complete_with_nothing_new(first);
        m::wait(DAY - 1);
        w.running(100, 100_000);
        assert!(bound_stake(&w) == 2 * STAKE, 1);
    }

    #[test]
    fun binding_tells_whether_so_much_is_staked_or_unbonding() {
        let w = t::setup();
        let provider = w.provider_address();
        provider_registry::reserve(provider, @0x1, 0, 0);
        request(&w, STAKE - 1);
        assert!(provider_registry::bind_stake(provider, STAKE), 1);
        assert!(bound_stake(&w) == STAKE, 2);
        assert!(!provider_registry::bind_stake(provider, STAKE + 1), 3);
    }

    // === While a job runs ===

    /// A unit of the minimum has unbonded, and a job runs that is proven up to now.
    fun unbonded_with_a_job(): (World, address) {
        let w = t::setup();
        let job = w.running_held(100_000, 100_000_000, 60, vector[]);
        request(&w, 1);
        m::wait(DAY);
        (w, job)
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun stake_stays_while_a_job_runs() {
        let (w, _) = unbonded_with_a_job();
        withdraw(&w);
    }

    #[test]
    fun stake_above_the_minimum_answers_for_jobs() {
        let (w, _) = unbonded_with_a_job();
        // Back at the minimum, which stays for whatever comes.
        provider_registry::add_stake(&m::owner(), w.provider(), 1);
        withdraw(&w);
        assert!(stake::staked(w.provider_address()) == STAKE, 1);
        assert!(v::count<StakeWithdrawn>() == 1, 2);
    }

    #[test]
    fun stake_above_the_minimum_answers_for_jobs_that_have_ended_too() {
        let (w, job) = unbonded_with_a_job();
        w.complete(job, 1, DAY);
        provider_registry::add_stake(&m::owner(), w.provider(), 1);
        withdraw(&w);
        assert!(stake::staked(w.provider_address()) == STAKE, 1);
    }

    // === After a job that ran ===

    /// All the stake unbonds from the first second of a job that ends 100 s after the unbonding: without a liability
    /// of its own the stake could leave at the job's end. 86,500 s at 1,000 are 86,500,000, less 1 %.
    fun after_a_long_job(): (World, address) {
        let w = t::setup();
        let job = w.running(100_000, 100_000_000);
        request(&w, STAKE);
        m::wait(DAY + 100);
        w.complete(job, 1, DAY + 100);
        t::assert_state(job, 8, 3);
        (w, job)
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun stake_that_unbonded_during_a_long_job_stays_for_the_unbonding_after_it() {
        let (w, _) = after_a_long_job();
        m::wait(DAY - 1);
        withdraw(&w);
    }

    #[test]
    fun stake_leaves_in_the_second_the_unbonding_after_the_job_is_over() {
        let (w, _) = after_a_long_job();
        m::wait(DAY);
        withdraw(&w);
        assert_gone(&w, 85_635_000);
    }

    #[test]
    fun a_fault_found_after_a_long_job_reaches_stake_that_unbonded_during_it() {
        let (w, job) = after_a_long_job();
        m::wait(DAY - 1);
        d::report_time(&w, job, 1, 0);
        d::assert_fault(&w, job, 3, 50_000_000, 5_000_000);
        assert!(stake::unbonding(w.provider_address()) == 50_000_000, 1);
        // What it leaves may go a second later, as before.
        m::wait(1);
        withdraw(&w);
        assert!(
            w.balance(m::of(&m::owner())) == m::funds() + 85_635_000 + 50_000_000, 2
        );
    }

    #[test]
    fun every_ending_of_a_job_that_ran_keeps_the_stake_for_the_unbonding() {
        let w = t::setup();
        let completed = w.running(1_000, 1_000_000);
        let failed = w.running(1_000, 1_000_000);
        m::wait(10);
        t::complete_with_nothing_new(completed);
        assert!(liable_until(&w) == DAY + 10, 1);
        m::wait(10);
        t::fail_with_nothing_new(failed);
        assert!(liable_until(&w) == DAY + 20, 2);
        let terminated = w.running(1_000, 1_000_000);
        let stalled = w.running(1_000, 1_000_000);
        m::wait(10);
        t::terminate_with_nothing_new(terminated);
        assert!(liable_until(&w) == DAY + 30, 3);
        m::wait(50);
        j::expire_stalled(stalled);
        assert!(liable_until(&w) == DAY + 140, 4);
        let faulted = w.running(1_000, 1_000_000);
        m::wait(10);
        d::report_time(&w, faulted, 11, 150);
        assert!(liable_until(&w) == DAY + 150, 5);
    }

    #[test]
    fun settling_later_lengthens_nothing() {
        let w = t::setup();
        let job = w.running_held(100, 100_000, 10, vector[]);
        request(&w, STAKE);
        m::wait(100);
        w.complete(job, 1, 100);
        m::wait(3_600);
        j::finalize(job);
        assert!(liable_until(&w) == DAY + 100, 1);
        m::wait(DAY - 3_600);
        withdraw(&w);
        assert_gone(&w, 99_000);
    }

    #[test]
    fun the_unbonding_is_that_of_when_the_job_was_made() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::set_unbonding(2 * DAY);
        m::wait(10);
        t::complete_with_nothing_new(job);
        assert!(liable_until(&w) == DAY + 10, 1);
        let job = w.running(100, 100_000);
        m::set_unbonding(DAY);
        m::wait(10);
        t::complete_with_nothing_new(job);
        assert!(liable_until(&w) == 2 * DAY + 20, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun a_shorter_unbonding_since_frees_no_stake() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::set_unbonding(7_200);
        m::wait(10);
        t::complete_with_nothing_new(job);
        request(&w, STAKE);
        m::wait(DAY - 1);
        withdraw(&w);
    }

    // === Longer than the unbonding ===

    /// Proofs may come for a day, challenges 100 s longer, and unbonding takes 160 s: a job that its buyer ended at 50
    /// can be challenged until 50 + 86,400 + 100.
    fun challengeable_for_a_day(): (World, address) {
        let w = t::setup();
        m::set_short_cases();
        m::set_unbonding(160);
        m::set_windows(120, 600, 60, 60, DAY);
        let job = w.running_held(100, 100_000, 20, vector[]);
        request(&w, STAKE);
        m::wait(50);
        w.terminate(job, 1, 30);
        (w, job)
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun stake_stays_while_a_job_can_be_challenged() {
        let (w, _) = challengeable_for_a_day();
        m::wait(DAY + 99);
        withdraw(&w);
    }

    #[test]
    fun stake_leaves_when_no_job_can_be_challenged_any_more() {
        let (w, _) = challengeable_for_a_day();
        m::wait(DAY + 100);
        withdraw(&w);
        // Of the 30 s proven ten are paid, less 1 %.
        assert_gone(&w, 9_900);
    }

    /// The same without a holdback: nothing can be challenged, but seconds be proven until 50 + 86,400.
    fun provable_for_a_day(): (World, address) {
        let w = t::setup();
        m::set_short_cases();
        m::set_unbonding(160);
        m::set_windows(120, 600, 60, 60, DAY);
        let job = w.running(100, 100_000);
        request(&w, STAKE);
        m::wait(50);
        w.terminate(job, 1, 30);
        (w, job)
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun stake_stays_while_seconds_can_be_proven() {
        let (w, _) = provable_for_a_day();
        m::wait(DAY - 1);
        withdraw(&w);
    }

    #[test]
    fun stake_leaves_when_no_second_can_be_proven_any_more() {
        let (w, job) = provable_for_a_day();
        assert!(liable_until(&w) == DAY + 50, 1);
        m::wait(DAY);
        withdraw(&w);
        t::assert_state(job, 6, 0);
        // The 30 s proven, less 1 %.
        assert_gone(&w, 29_700);
    }

    #[test]
    fun waiving_a_proof_moves_no_liability() {
        let (w, job) = challengeable_for_a_day();
        assert!(liable_until(&w) == DAY + 150, 1);
        m::wait(10);
        // The challenge window is over at 160 now.
        job_registry::finalize(&m::operator(), t::handle(job));
        assert!(j::challenge_until(job) == m::start_time() + 160, 2);
        assert!(liable_until(&w) == DAY + 150, 3);
    }

    // === Jobs that never ran ===

    #[test]
    fun jobs_that_never_ran_keep_no_stake() {
        let w = t::setup();
        let cancelled = w.accepted(100, 100_000);
        let failed = w.accepted(100, 100_000);
        m::wait(599);
        job_registry::cancel(&m::buyer(), t::handle(cancelled));
        t::fail_with_nothing_new(failed);
        assert!(liable_until(&w) == 0, 1);
        let unstarted = w.accepted(100, 100_000);
        request(&w, STAKE);
        m::wait(600);
        job_registry::expire(&m::keeper(), t::handle(unstarted));
        assert!(liable_until(&w) == 0 && bound_stake(&w) == 0, 2);
        m::wait(DAY - 600);
        withdraw(&w);
        assert_gone(&w, 0);
    }

    #[test]
    /// A stake added for an order that its buyer takes back, beside a job that runs.
    fun a_cancelled_order_keeps_no_stake_that_it_required() {
        let w = t::setup();
        w.running(100_000, 100_000_000);
        provider_registry::add_stake(&m::owner(), w.provider(), STAKE);
        let job = j::order().min_stake(2 * STAKE).order_openly(w.asset());
        w.accept(job);
        job_registry::cancel(&m::buyer(), t::handle(job));
        assert!(bound_stake(&w) == STAKE, 1);
        request(&w, STAKE);
        m::wait(DAY);
        withdraw(&w);
        assert!(stake::staked(w.provider_address()) == STAKE, 2);
    }

    #[test]
    fun a_cancelled_job_lengthens_no_liability() {
        let w = t::setup();
        let ran = w.running(100, 100_000);
        let cancelled = w.accepted(100, 100_000);
        m::wait(10);
        t::complete_with_nothing_new(ran);
        m::wait(500);
        job_registry::cancel(&m::buyer(), t::handle(cancelled));
        assert!(liable_until(&w) == DAY + 10, 1);
    }

    // === The latest counts ===

    #[test]
    fun liability_is_never_brought_nearer() {
        let w = t::setup();
        let provider = w.provider_address();
        provider_registry::extend_liability(provider, m::start_time() + DAY + 10);
        provider_registry::extend_liability(provider, m::start_time() + 10);
        assert!(v::count<ProviderLiabilityChanged>() == 1, 1);
        provider_registry::reserve(provider, @0x1, 0, 0);
        provider_registry::bind_stake(provider, STAKE);
        provider_registry::release(provider, @0x1, 0, m::start_time() + 20);
        request(&w, STAKE);
        m::wait(DAY + 10);
        withdraw(&w);
        assert_gone(&w, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun the_longest_liability_counts() {
        let w = t::setup();
        let provider = w.provider_address();
        provider_registry::reserve(provider, @0x1, 0, 0);
        provider_registry::bind_stake(provider, STAKE);
        provider_registry::extend_liability(provider, m::start_time() + DAY + 10);
        provider_registry::release(provider, @0x1, 0, m::start_time() + 10);
        request(&w, STAKE);
        m::wait(DAY + 9);
        withdraw(&w);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_LIABLE)]
    fun a_released_job_leaves_its_liability() {
        let w = t::setup();
        let provider = w.provider_address();
        provider_registry::reserve(provider, @0x1, 0, 0);
        provider_registry::bind_stake(provider, STAKE);
        provider_registry::release(provider, @0x1, 0, m::start_time() + DAY + 1);
        request(&w, 1);
        m::wait(DAY);
        withdraw(&w);
    }
}
