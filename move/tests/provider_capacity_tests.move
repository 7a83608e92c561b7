#[test_only]
/// Providers with jobs: slots, GPUs, the record, stake that comes and goes, and what a fault costs. For how long stake
/// answers for jobs is in `provider_liability_tests`, the arithmetic of stakes and scores alone in `stake_tests` and
/// `reputation_tests`.
module computestream::provider_capacity_tests {
    use aptos_framework::fungible_asset;
    use aptos_framework::object::{Self, Object};
    use computestream::job_registry;
    use computestream::market_test_utils as m;
    use computestream::provider_registry::{
        Self,
        Provider,
        ProviderCapacityChanged,
        ProviderStatusChanged
    };
    use computestream::reputation::{Self, ProviderStatsUpdated};
    use computestream::stake::{Self, StakeAdded, StakeSlashed, StakeWithdrawn, UnstakeRequested};
    use computestream::value_test_utils::{Self as v, a, b, n};
    use computestream::world_test_utils::{Self as t, World};

    const STAKE: u64 = 100_000_000;
    const DAY: u64 = 86_400;
    const REPORTER: address = @0x4e9;

    /// The first provider's stake after STAKE and `added` came in, and everything that left is with its owner, with
    /// the reporter or with the treasury. Holds while no job has paid anybody.
    fun assert_conserved(
        w: &World,
        added: u64,
        withdrawn: u64,
        slashed: u64,
        staked: u64,
        unbonding: u64
    ) {
        let provider = w.provider_address();
        assert!(STAKE + added == withdrawn + slashed + staked + unbonding, 9501);
        assert!(stake::staked(provider) == staked, 9502);
        assert!(stake::unbonding(provider) == unbonding, 9503);
        assert!(fungible_asset::balance(m::store_of(provider)) == staked + unbonding, 9504);
        assert!(w.balance(m::of(&m::owner())) == m::funds() - added + withdrawn, 9505);
        assert!(w.balance(REPORTER) + w.balance(m::treasury_address()) == slashed, 9506);
    }

    fun gpu_machine(w: &World): Object<Provider> {
        provider_registry::register_provider(
            &m::owner(),
            m::of(&m::operator()),
            v::key(),
            v::text(b"quad"),
            v::text(b"RTX"),
            4,
            24,
            16,
            64,
            500,
            v::text(b"eu"),
            v::text(b"docker"),
            vector[v::hash(1), v::hash(2), v::hash(3), v::hash(4)],
            3,
            100,
            10,
            w.asset(),
            STAKE
        )
    }

    /// A fault of the first provider's, reported by REPORTER.
    fun slash(w: &World, slash_bps: u64, reward_bps: u64): (u64, u64) {
        provider_registry::slash(
            w.provider_address(), REPORTER, slash_bps, reward_bps, m::treasury_address()
        )
    }

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    // === Slots and GPUs ===

    #[test]
    fun slots_are_taken_and_freed_once() {
        let w = t::setup();
        let provider = w.provider_address();
        let now = m::start_time();
        let one = w.accepted(100, 100_000);
        v::assert_last<ProviderCapacityChanged>(vector[a(provider), n(1), n(2), n(0), n(now)]);
        let two = w.running(100, 100_000);
        v::assert_last<ProviderCapacityChanged>(vector[a(provider), n(2), n(2), n(0), n(now)]);
        assert!(provider_registry::active_jobs(provider) == vector[one, two], 1);
        job_registry::cancel(&m::buyer(), t::handle(one));
        v::assert_last<ProviderCapacityChanged>(vector[a(provider), n(1), n(2), n(0), n(now)]);
        assert!(provider_registry::active_jobs(provider) == vector[two], 2);
        m::wait(4);
        // Terminating frees the slot at once, finalizing doesn't free it again.
        t::terminate_with_nothing_new(two);
        v::assert_last<ProviderCapacityChanged>(
            vector[a(provider), n(0), n(2), n(0), n(now + 4)]
        );
        m::wait(15);
        job_registry::finalize(&m::keeper(), t::handle(two));
        assert!(v::count<ProviderCapacityChanged>() == 4 && w.slots_busy() == 0, 3);
    }

    #[test]
    fun gpus_are_taken_and_freed_with_their_jobs() {
        let w = t::setup();
        let provider = object::object_address(&gpu_machine(&w));
        m::wait(2);
        let devices = provider_registry::reserve(provider, @0x1, 10, 2);
        assert!(devices == vector[v::hash(2), v::hash(4)], 1);
        v::assert_last<ProviderCapacityChanged>(
            vector[a(provider), n(1), n(3), n(10), n(now())]
        );
        assert!(provider_registry::reserve(provider, @0x2, 1, 1) == vector[v::hash(1)], 2);
        v::assert_last<ProviderCapacityChanged>(
            vector[a(provider), n(2), n(3), n(11), n(now())]
        );
        provider_registry::release(provider, @0x1, 10, 0);
        v::assert_last<ProviderCapacityChanged>(
            vector[a(provider), n(1), n(3), n(1), n(now())]
        );
        assert!(provider_registry::active_jobs(provider) == vector[@0x2], 3);
        // Once only.
        provider_registry::release(provider, @0x1, 10, 0);
        assert!(v::count<ProviderCapacityChanged>() == 3, 4);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_BUSY)]
    fun no_gpu_serves_two_jobs() {
        let w = t::setup();
        let provider = object::object_address(&gpu_machine(&w));
        provider_registry::reserve(provider, @0x1, 10, 2);
        provider_registry::reserve(provider, @0x2, 2, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun no_job_gets_a_gpu_it_did_not_ask_for() {
        let w = t::setup();
        let job = w.create(1, 1_000);
        job_registry::accept(&m::operator(), w.provider(), t::handle(job), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_NO_FREE_SLOT)]
    fun a_full_provider_accepts_nothing() {
        let w = t::setup();
        w.accepted(1, 1_000);
        w.accepted(1, 1_000);
        w.accepted(1, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PROVIDER_UNAVAILABLE)]
    fun an_offline_provider_gets_no_order() {
        let w = t::setup();
        provider_registry::set_status(&m::operator(), w.provider(), 3);
        w.create(1, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PROVIDER_UNAVAILABLE)]
    fun a_provider_in_maintenance_accepts_nothing() {
        let w = t::setup();
        let job = w.create(1, 1_000);
        provider_registry::set_status(&m::operator(), w.provider(), 2);
        w.accept(job);
    }

    #[test]
    fun a_draining_provider_finishes_its_jobs() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        provider_registry::set_status(&m::operator(), w.provider(), 1);
        m::wait(10);
        w.complete(job, 1, 10);
        w.assert_money(job, 9_900, 100, 90_000, 0);
    }

    // === The record ===

    #[test]
    fun the_record_tells_how_jobs_ended() {
        let w = t::setup();
        let provider = w.provider_address();
        let completed = w.running(100, 100_000);
        m::wait(10);
        w.complete(completed, 1, 10);
        // 4 / 6.
        v::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(0), n(0), n(0), n(10), n(9_900), n(6_666), n(now())]
        );
        let unpullable = w.accepted(100, 100_000);
        t::fail_with_nothing_new(unpullable);
        // It never started: nobody's fault.
        v::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(0), n(0), n(0), n(10), n(9_900), n(6_666), n(now())]
        );
        let failed = w.running(100, 100_000);
        t::fail_with_nothing_new(failed);
        // 5 / 8.
        v::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(1), n(0), n(0), n(10), n(9_900), n(6_250), n(now())]
        );
        let cancelled = w.accepted(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(cancelled));
        let ignored = w.create(100, 100_000);
        m::wait(120);
        job_registry::expire(&m::keeper(), t::handle(ignored));
        // Neither says anything about the provider.
        assert!(v::count<ProviderStatsUpdated>() == 3, 1);
        let never_started = w.accepted(100, 100_000);
        m::wait(600);
        job_registry::expire(&m::keeper(), t::handle(never_started));
        // 5 / 16.
        v::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(1), n(1), n(0), n(10), n(9_900), n(3_125), n(now())]
        );
        let terminated = w.running(100, 100_000);
        m::wait(5);
        w.terminate(terminated, 1, 5);
        // 5,000 less 50 more, one of no kind.
        v::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(1), n(1), n(0), n(15), n(14_850), n(3_125), n(now())]
        );
    }

    #[test]
    fun a_full_record_blocks_no_payment() {
        let w = t::setup();
        let provider = w.provider_address();
        reputation::record_job(provider, true, false, false, 1, 0xffff_ffff_ffff_fff0);
        let job = w.running(100, 100_000);
        m::wait(10);
        w.complete(job, 1, 10);
        // 6 / 8.
        v::assert_last<ProviderStatsUpdated>(
            vector[
                a(provider),
                n(2),
                n(0),
                n(0),
                n(0),
                n(11),
                n(0xffff_ffff_ffff_ffff),
                n(7_500),
                n(now())
            ]
        );
        w.assert_money(job, 9_900, 100, 90_000, 0);
    }

    // === Stake ===

    #[test]
    fun stake_goes_in_and_comes_out_after_unbonding() {
        let w = t::setup();
        let provider = w.provider_address();
        provider_registry::add_stake(&m::owner(), w.provider(), 50);
        v::assert_last<StakeAdded>(vector[a(provider), n(50), n(STAKE + 50), n(now())]);
        assert_conserved(&w, 50, 0, 0, STAKE + 50, 0);

        provider_registry::request_unstake(&m::owner(), w.provider(), 30);
        v::assert_last<UnstakeRequested>(
            vector[a(provider), n(30), n(STAKE + 20), n(30), n(now() + DAY), n(now())]
        );
        m::wait(100);
        provider_registry::request_unstake(&m::owner(), w.provider(), 20);
        // The clock starts again for all 50.
        v::assert_last<UnstakeRequested>(
            vector[a(provider), n(20), n(STAKE), n(50), n(now() + DAY), n(now())]
        );
        assert_conserved(&w, 50, 0, 0, STAKE, 50);
        // The minimum is still there.
        assert!(v::count<ProviderStatusChanged>() == 0, 2);
        m::wait(DAY);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        v::assert_last<StakeWithdrawn>(vector[a(provider), n(50), n(STAKE), n(0), n(now())]);
        assert_conserved(&w, 50, 50, 0, STAKE, 0);
    }

    #[test]
    fun a_longer_unbonding_time_does_not_reach_back() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        m::set_unbonding(2 * DAY);
        m::wait(DAY);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        assert_conserved(&w, 0, 1, 0, STAKE - 1, 0);
    }

    #[test]
    fun a_shorter_unbonding_time_does_not_reach_back() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 7);
        // Until one day from the start; one unit more under 7,200 s must not free the seven.
        m::set_unbonding(7_200);
        m::wait(10);
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        v::assert_last<UnstakeRequested>(
            vector[
                a(w.provider_address()),
                n(1),
                n(STAKE - 8),
                n(8),
                n(m::start_time() + DAY),
                n(m::start_time() + 10)
            ]
        );
        m::wait(DAY - 10);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        assert_conserved(&w, 0, 8, 0, STAKE - 8, 0);
    }

    #[test]
    fun unstaking_below_the_minimum_takes_an_active_provider_off() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        v::assert_all<ProviderStatusChanged>(
            vector[v::join(vector[a(w.provider_address()), b(3), n(now())])]
        );
    }

    #[test]
    fun unstaking_leaves_a_draining_provider_draining() {
        let w = t::setup();
        provider_registry::set_status(&m::owner(), w.provider(), 1);
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        assert!(v::count<ProviderStatusChanged>() == 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STAKE_TOO_LOW)]
    fun a_provider_below_the_minimum_cannot_open_again() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        provider_registry::set_status(&m::operator(), w.provider(), 0);
    }

    #[test]
    fun a_provider_below_the_minimum_can_close_further() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        provider_registry::set_status(&m::operator(), w.provider(), 2);
        provider_registry::add_stake(&m::owner(), w.provider(), 1);
        provider_registry::set_status(&m::operator(), w.provider(), 0);
        v::assert_last<ProviderStatusChanged>(
            vector[a(w.provider_address()), b(0), n(now())]
        );
        assert_conserved(&w, 1, 0, 0, STAKE, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_STILL_UNBONDING)]
    fun stake_stays_until_the_last_second() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        m::wait(DAY - 1);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_NOTHING_UNBONDING)]
    fun stake_is_withdrawn_once() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        m::wait(DAY);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        provider_registry::withdraw_stake(&m::owner(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_INSUFFICIENT_STAKE)]
    fun no_more_than_the_stake_unbonds() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), STAKE + 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_ZERO_AMOUNT)]
    fun nothing_cannot_be_staked() {
        let w = t::setup();
        provider_registry::add_stake(&m::owner(), w.provider(), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_ZERO_AMOUNT)]
    fun nothing_cannot_be_unstaked() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_unstake() {
        let w = t::setup();
        provider_registry::request_unstake(&m::operator(), w.provider(), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_withdraw() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), 1);
        m::wait(DAY);
        provider_registry::withdraw_stake(&m::operator(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun only_the_owner_adds_stake() {
        let w = t::setup();
        provider_registry::add_stake(&m::stranger(), w.provider(), 1);
    }

    // === Faults ===

    #[test]
    fun a_fault_costs_stake_score_and_status() {
        let w = t::setup();
        let provider = w.provider_address();
        m::wait(6);
        let (amount, reward) = slash(&w, 5_000, 1_000);
        assert!(amount == 50_000_000 && reward == 5_000_000, 1);
        assert!(w.balance(REPORTER) == 5_000_000, 2);
        assert!(w.balance(m::treasury_address()) == 45_000_000, 3);
        assert_conserved(&w, 0, 0, 50_000_000, 50_000_000, 0);
        v::assert_all<StakeSlashed>(
            vector[
                v::join(
                    vector[
                        a(provider),
                        a(REPORTER),
                        n(50_000_000),
                        n(5_000_000),
                        n(50_000_000),
                        n(0),
                        n(now())
                    ]
                )
            ]
        );
        // 2 / 84.
        v::assert_all<ProviderStatsUpdated>(
            vector[
                v::join(
                    vector[a(provider), n(0), n(0), n(0), n(1), n(0), n(0), n(238), n(now())]
                )
            ]
        );
        v::assert_all<ProviderStatusChanged>(
            vector[v::join(vector[a(provider), b(3), n(now())])]
        );
    }

    #[test]
    fun a_rich_provider_stays_active_after_a_fault() {
        let w = t::setup();
        provider_registry::add_stake(&m::owner(), w.provider(), STAKE);
        slash(&w, 5_000, 0);
        assert!(v::count<ProviderStatusChanged>() == 0, 1);
        assert_conserved(&w, STAKE, 0, STAKE, STAKE, 0);
    }

    #[test]
    fun a_fault_reaches_what_is_unbonding() {
        let w = t::setup();
        provider_registry::request_unstake(&m::owner(), w.provider(), STAKE);
        slash(&w, 5_000, 0);
        assert_conserved(&w, 0, 0, 50_000_000, 0, 50_000_000);
        // Offline already since the unstaking.
        assert!(v::count<ProviderStatusChanged>() == 1, 1);
        m::wait(DAY);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        assert_conserved(&w, 0, 50_000_000, 50_000_000, 0, 0);
    }

    #[test]
    fun the_treasury_that_is_named_gets_the_rest() {
        let w = t::setup();
        provider_registry::slash(w.provider_address(), REPORTER, 1_000, 5_000, @0x7ea2);
        assert!(w.balance(@0x7ea2) == 5_000_000, 1);
        assert!(w.balance(m::treasury_address()) == 0, 2);
    }
}
