#[test_only]
/// Providers: registering, the two hot keys, stake and its unbonding, slots and the record.
module computestream::provider_registry_tests {
    use std::bcs;
    use aptos_framework::object;
    use computestream::job_registry;
    use computestream::market;
    use computestream::provider_registry::{
        Self,
        ProviderAvailabilityChanged,
        ProviderCapacityChanged,
        ProviderHeartbeat,
        ProviderOperatorChanged,
        ProviderPriceChanged,
        ProviderRegistered,
        ProviderStatsUpdated,
        StakeAdded,
        StakeWithdrawn,
        UnstakeRequested
    };
    use computestream::test_utils::{Self as t, a, n, s, yes};

    const STAKE: u64 = 100_000_000;

    fun register_named(name_length: u64, gpu_length: u64, region_length: u64, sandbox_length: u64) {
        t::start_market();
        let asset = t::new_asset(b"x");
        market::initialize(&t::admin(), asset);
        t::mint(asset, t::of(&t::owner()), STAKE);
        provider_registry::register(
            &t::owner(),
            t::of(&t::operator()),
            t::key(),
            t::long_text(name_length),
            t::long_text(gpu_length),
            0,
            0,
            1,
            1,
            1,
            t::long_text(region_length),
            t::long_text(sandbox_length),
            1,
            1,
            asset,
            STAKE
        );
    }

    #[test]
    fun a_provider_is_what_it_registered_as() {
        t::start_market();
        t::wait(9);
        let now = t::start_time() + 9;
        let asset = t::new_asset(b"x");
        market::initialize(&t::admin(), asset);
        t::mint(asset, t::of(&t::owner()), STAKE + 1);
        let provider =
            object::object_address(&t::register(asset, t::key(), 3, 7_200, STAKE + 1));
        let identity =
            vector[
                a(provider),
                a(t::of(&t::owner())),
                a(t::of(&t::operator())),
                s(t::key()),
                s(b"machine"),
                s(b"RTX"),
                n(1),
                n(24),
                n(16),
                n(64),
                n(500),
                s(b"eu"),
                s(b"docker"),
                n(3)
            ];
        let registered = identity;
        registered.append(
            vector[n(7_200), a(object::object_address(&asset)), n(STAKE + 1), n(now)]
        );
        t::assert_last<ProviderRegistered>(registered);
        let view = identity;
        view.append(
            vector[
                n(0),
                n(7_200),
                a(object::object_address(&asset)),
                n(STAKE + 1),
                n(0),
                n(0),
                yes(true),
                n(now),
                n(now),
                n(0),
                n(0),
                n(0),
                n(0),
                n(0)
            ]
        );
        assert!(
            bcs::to_bytes(&provider_registry::get_provider(provider)) == t::join(view), 1
        );
    }

    #[test]
    fun texts_of_the_greatest_length_are_kept() {
        register_named(128, 128, 128, 128);
        register_named_again();
    }

    /// Empty GPU model, region and sandbox are fine: a CPU machine has none.
    fun register_named_again() {
        let asset = t::new_asset(b"y");
        market::initialize(&t::admin(), asset);
        t::mint(asset, t::of(&t::owner()), STAKE);
        provider_registry::register(
            &t::owner(),
            t::of(&t::owner()),
            t::key(),
            t::text(b"cpu"),
            t::text(b""),
            0,
            0,
            1,
            1,
            1,
            t::text(b""),
            t::text(b""),
            1,
            0,
            asset,
            STAKE
        );
        assert!(t::count<ProviderRegistered>() == 2, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NO_PROVIDER)]
    fun a_view_needs_a_provider() {
        provider_registry::get_provider(@0x77);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_TEXT_LENGTH)]
    fun a_provider_needs_a_name() {
        register_named(0, 1, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_TEXT_LENGTH)]
    fun a_name_too_long_is_refused() {
        register_named(129, 1, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_TEXT_LENGTH)]
    fun a_gpu_model_too_long_is_refused() {
        register_named(1, 129, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_TEXT_LENGTH)]
    fun a_region_too_long_is_refused() {
        register_named(1, 1, 129, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_TEXT_LENGTH)]
    fun a_sandbox_too_long_is_refused() {
        register_named(1, 1, 1, 129);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_INVALID_ATTEST_KEY)]
    fun a_short_key_is_refused() {
        let w = t::setup();
        t::register(w.asset(), t::bytes_of(31, 1), 1, 1, STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_INVALID_ATTEST_KEY)]
    fun a_key_that_verifies_anything_is_refused() {
        let w = t::setup();
        t::register(w.asset(), t::bytes_of(32, 0), 1, 1, STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NO_SLOTS)]
    fun a_provider_needs_a_slot() {
        let w = t::setup();
        t::register(w.asset(), t::key(), 0, 1, STAKE);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STAKE_TOO_LOW)]
    fun a_stake_below_the_minimum_is_refused() {
        let w = t::setup();
        t::register(w.asset(), t::key(), 1, 1, STAKE - 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_stake_must_be_owned() {
        let w = t::setup();
        t::register(w.asset(), t::key(), 1, 1, t::funds() + 1);
    }

    // === Keys ===

    #[test]
    fun the_operator_beats_and_changes_availability() {
        let w = t::setup();
        let provider = w.provider_address();
        t::wait(30);
        let now = t::start_time() + 30;
        provider_registry::heartbeat(&t::operator(), w.provider());
        t::assert_last<ProviderHeartbeat>(vector[a(provider), n(now)]);
        provider_registry::set_availability(&t::operator(), w.provider(), false);
        t::assert_last<ProviderAvailabilityChanged>(vector[a(provider), yes(false), n(now)]);
        provider_registry::set_availability(&t::owner(), w.provider(), true);
        t::assert_last<ProviderAvailabilityChanged>(vector[a(provider), yes(true), n(now)]);
        // Saying it again tells nothing.
        provider_registry::set_availability(&t::owner(), w.provider(), true);
        assert!(t::count<ProviderAvailabilityChanged>() == 2, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun only_the_operator_beats() {
        let w = t::setup();
        provider_registry::heartbeat(&t::owner(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER_OR_OPERATOR)]
    fun a_stranger_cannot_change_availability() {
        let w = t::setup();
        provider_registry::set_availability(&t::stranger(), w.provider(), false);
    }

    #[test]
    fun the_owner_changes_price_and_keys() {
        let w = t::setup();
        let provider = w.provider_address();
        let now = t::start_time();
        provider_registry::update_price(&t::owner(), w.provider(), 5);
        t::assert_last<ProviderPriceChanged>(vector[a(provider), n(5), n(now)]);
        provider_registry::update_operator(
            &t::owner(), w.provider(), t::of(&t::stranger()), t::key()
        );
        t::assert_last<ProviderOperatorChanged>(
            vector[a(provider), a(t::of(&t::stranger())), s(t::key()), n(now)]
        );
        provider_registry::heartbeat(&t::stranger(), w.provider());
        assert!(t::count<ProviderHeartbeat>() == 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OPERATOR)]
    fun a_replaced_operator_has_no_power() {
        let w = t::setup();
        provider_registry::update_operator(
            &t::owner(), w.provider(), t::of(&t::stranger()), t::key()
        );
        provider_registry::heartbeat(&t::operator(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_change_the_price() {
        let w = t::setup();
        provider_registry::update_price(&t::operator(), w.provider(), 5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_change_the_keys() {
        let w = t::setup();
        provider_registry::update_operator(&t::operator(), w.provider(), @0x1, t::key());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_INVALID_ATTEST_KEY)]
    fun a_new_key_is_checked_too() {
        let w = t::setup();
        provider_registry::update_operator(
            &t::owner(), w.provider(), @0x1, t::bytes_of(33, 1)
        );
    }

    // === Stake ===

    #[test]
    fun stake_goes_in_and_comes_out_after_unbonding() {
        let w = t::setup();
        let provider = w.provider_address();
        let owner = t::of(&t::owner());
        let now = t::start_time();
        provider_registry::add_stake(&t::owner(), w.provider(), 50);
        t::assert_last<StakeAdded>(vector[a(provider), n(50), n(STAKE + 50), n(now)]);
        assert!(w.balance(owner) == t::funds() - 50, 1);

        provider_registry::request_unstake(&t::owner(), w.provider(), 30);
        t::assert_last<UnstakeRequested>(
            vector[a(provider), n(30), n(STAKE + 20), n(30), n(now + 86_400), n(now)]
        );
        t::wait(100);
        provider_registry::request_unstake(&t::owner(), w.provider(), 20);
        // The clock starts again for all 50.
        t::assert_last<UnstakeRequested>(
            vector[a(provider), n(20), n(STAKE), n(50), n(now + 86_500), n(now + 100)]
        );
        // The minimum is still there.
        assert!(t::count<ProviderAvailabilityChanged>() == 0, 2);
        t::wait(86_400);
        provider_registry::withdraw_stake(&t::owner(), w.provider());
        t::assert_last<StakeWithdrawn>(vector[a(provider), n(50), n(STAKE), n(now + 86_500)]);
        assert!(w.balance(owner) == t::funds(), 3);
    }

    #[test]
    fun unstaking_below_the_minimum_closes_the_provider() {
        let w = t::setup();
        let provider = w.provider_address();
        provider_registry::request_unstake(&t::owner(), w.provider(), 1);
        t::assert_last<ProviderAvailabilityChanged>(
            vector[a(provider), yes(false), n(t::start_time())]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STAKE_TOO_LOW)]
    fun a_provider_below_the_minimum_cannot_open_again() {
        let w = t::setup();
        provider_registry::request_unstake(&t::owner(), w.provider(), 1);
        provider_registry::set_availability(&t::operator(), w.provider(), true);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_STILL_UNBONDING)]
    fun stake_stays_until_the_last_second() {
        let w = t::setup();
        provider_registry::request_unstake(&t::owner(), w.provider(), 1);
        t::wait(86_399);
        provider_registry::withdraw_stake(&t::owner(), w.provider());
    }

    #[test]
    fun a_longer_unbonding_time_does_not_reach_back() {
        let w = t::setup();
        provider_registry::request_unstake(&t::owner(), w.provider(), 1);
        t::set_market(100, 172_800, 120, 600, 60, 60, 15, false);
        t::wait(86_400);
        provider_registry::withdraw_stake(&t::owner(), w.provider());
        assert!(w.balance(t::of(&t::owner())) == t::funds() + 1, 1);
    }

    #[test]
    fun a_shorter_unbonding_time_does_not_reach_back() {
        let w = t::setup();
        provider_registry::request_unstake(&t::owner(), w.provider(), 7);
        // Until 86,400; one unit more under a time of 60 s must not free the seven.
        t::set_market(100, 60, 120, 600, 60, 60, 15, false);
        t::wait(10);
        provider_registry::request_unstake(&t::owner(), w.provider(), 1);
        t::assert_last<UnstakeRequested>(
            vector[
                a(w.provider_address()),
                n(1),
                n(STAKE - 8),
                n(8),
                n(t::start_time() + 86_400),
                n(t::start_time() + 10)
            ]
        );
        t::wait(86_390);
        provider_registry::withdraw_stake(&t::owner(), w.provider());
        assert!(w.balance(t::of(&t::owner())) == t::funds() + 8, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOTHING_UNBONDING)]
    fun stake_is_withdrawn_once() {
        let w = t::setup();
        provider_registry::request_unstake(&t::owner(), w.provider(), 1);
        t::wait(86_400);
        provider_registry::withdraw_stake(&t::owner(), w.provider());
        provider_registry::withdraw_stake(&t::owner(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_INSUFFICIENT_STAKE)]
    fun no_more_than_the_stake_unbonds() {
        let w = t::setup();
        provider_registry::request_unstake(&t::owner(), w.provider(), STAKE + 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_ZERO_AMOUNT)]
    fun nothing_cannot_be_staked() {
        let w = t::setup();
        provider_registry::add_stake(&t::owner(), w.provider(), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_ZERO_AMOUNT)]
    fun nothing_cannot_be_unstaked() {
        let w = t::setup();
        provider_registry::request_unstake(&t::owner(), w.provider(), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_unstake() {
        let w = t::setup();
        provider_registry::request_unstake(&t::operator(), w.provider(), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun the_operator_cannot_withdraw() {
        let w = t::setup();
        provider_registry::request_unstake(&t::owner(), w.provider(), 1);
        t::wait(86_400);
        provider_registry::withdraw_stake(&t::operator(), w.provider());
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NOT_OWNER)]
    fun only_the_owner_adds_stake() {
        let w = t::setup();
        provider_registry::add_stake(&t::stranger(), w.provider(), 1);
    }

    // === Slots and record ===

    #[test]
    fun slots_are_taken_and_freed_once() {
        let w = t::setup();
        let provider = w.provider_address();
        let now = t::start_time();
        let one = w.accepted(100, 100_000);
        t::assert_last<ProviderCapacityChanged>(vector[a(provider), n(1), n(2), n(now)]);
        let two = w.running(100, 100_000);
        t::assert_last<ProviderCapacityChanged>(vector[a(provider), n(2), n(2), n(now)]);
        job_registry::cancel(&t::buyer(), t::handle(one));
        t::assert_last<ProviderCapacityChanged>(vector[a(provider), n(1), n(2), n(now)]);
        t::wait(4);
        // Terminating frees the slot at once, finalizing doesn't free it again.
        t::terminate_with_nothing_new(two);
        t::assert_last<ProviderCapacityChanged>(vector[a(provider), n(0), n(2), n(now + 4)]);
        t::wait(15);
        job_registry::finalize(&t::keeper(), t::handle(two));
        assert!(t::count<ProviderCapacityChanged>() == 4 && w.slots_busy() == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_NO_FREE_SLOT)]
    fun a_full_provider_accepts_nothing() {
        let w = t::setup();
        w.accepted(1, 1_000);
        w.accepted(1, 1_000);
        w.accepted(1, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PROVIDER_UNAVAILABLE)]
    fun an_unavailable_provider_gets_no_order() {
        let w = t::setup();
        provider_registry::set_availability(&t::operator(), w.provider(), false);
        w.create(1, 1_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::provider_registry::E_PROVIDER_UNAVAILABLE)]
    fun an_unavailable_provider_accepts_nothing() {
        let w = t::setup();
        let job = w.create(1, 1_000);
        provider_registry::set_availability(&t::operator(), w.provider(), false);
        job_registry::accept(&t::operator(), t::handle(job));
    }

    #[test]
    fun the_record_tells_how_jobs_ended() {
        let w = t::setup();
        let provider = w.provider_address();
        let completed = w.running(100, 100_000);
        t::wait(10);
        w.complete(completed, 1, 10);
        t::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(0), n(0), n(10), n(9_900), n(t::start_time() + 10)]
        );
        let failed = w.accepted(100, 100_000);
        t::fail_with_nothing_new(failed);
        t::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(1), n(0), n(10), n(9_900), n(t::start_time() + 10)]
        );
        let cancelled = w.accepted(100, 100_000);
        job_registry::cancel(&t::buyer(), t::handle(cancelled));
        let ignored = w.create(100, 100_000);
        t::wait(120);
        job_registry::expire(&t::keeper(), t::handle(ignored));
        // Neither says anything about the provider.
        assert!(t::count<ProviderStatsUpdated>() == 2, 1);
        let never_started = w.accepted(100, 100_000);
        t::wait(600);
        job_registry::expire(&t::keeper(), t::handle(never_started));
        t::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(1), n(1), n(10), n(9_900), n(t::start_time() + 730)]
        );
        let terminated = w.running(100, 100_000);
        t::wait(5);
        w.terminate(terminated, 1, 5);
        // 5,000 less 50 more, one of no kind.
        t::assert_last<ProviderStatsUpdated>(
            vector[a(provider), n(1), n(1), n(1), n(15), n(14_850), n(t::start_time() + 735)]
        );
    }

    #[test]
    fun a_full_record_blocks_no_payment() {
        let w = t::setup();
        let provider = w.provider_address();
        provider_registry::record_job(provider, true, false, false, 1, 0xffff_ffff_ffff_fff0);
        let job = w.running(100, 100_000);
        t::wait(10);
        w.complete(job, 1, 10);
        t::assert_last<ProviderStatsUpdated>(
            vector[
                a(provider),
                n(2),
                n(0),
                n(0),
                n(11),
                n(0xffff_ffff_ffff_ffff),
                n(t::start_time() + 10)
            ]
        );
        w.assert_money(job, 9_900, 100, 90_000, 0);
    }
}
