#[test_only]
/// Stake on its own: in, unbonding, out, and what a slash takes. Whatever happens, what was added is what was withdrawn,
/// slashed, or is still here.
module computestream::stake_tests {
    use std::bcs;
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use computestream::market_test_utils as m;
    use computestream::stake::{
        Self,
        StakeAdded,
        StakeSlashed,
        StakeWithdrawn,
        UnstakeRequested
    };
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::vault;

    const FUNDS: u64 = 10_000;
    const DAY: u64 = 86_400;
    const REPORTER: address = @0x4e9;

    struct Staked has drop {
        asset: Object<Metadata>,
        provider: address
    }

    /// OWNER has FUNDS and stakes `amount` of them.
    fun open(amount: u64): Staked {
        m::start_market();
        let asset = m::new_asset(b"x");
        m::mint(asset, m::of(&m::owner()), FUNDS);
        let constructor_ref = vault::create_object();
        stake::open(&constructor_ref, &m::owner(), asset, amount);
        Staked { asset, provider: object::address_from_constructor_ref(&constructor_ref) }
    }

    fun slash(self: &Staked, slash_bps: u64, reward_bps: u64): (u64, u64) {
        stake::slash(
            self.provider, slash_bps, REPORTER, reward_bps, m::treasury_address()
        )
    }

    fun balance(self: &Staked, who: address): u64 {
        primary_fungible_store::balance(who, self.asset)
    }

    /// All five numbers, and the money where they say it is.
    fun assert_conserved(
        self: &Staked,
        added: u64,
        withdrawn: u64,
        slashed: u64,
        staked: u64,
        unbonding: u64
    ) {
        assert!(added == withdrawn + slashed + staked + unbonding, 9401);
        assert!(stake::staked(self.provider) == staked, 9402);
        assert!(stake::unbonding(self.provider) == unbonding, 9403);
        assert!(
            fungible_asset::balance(m::store_of(self.provider)) == staked + unbonding, 9404
        );
        assert!(self.balance(m::of(&m::owner())) == FUNDS - added + withdrawn, 9405);
        assert!(self.balance(REPORTER) + self.balance(m::treasury_address()) == slashed, 9406);
    }

    fun now(): u64 {
        m::start_time() + m::elapsed()
    }

    #[test]
    fun a_first_stake_is_shown() {
        let w = open(1_000);
        w.assert_conserved(1_000, 0, 0, 1_000, 0);
        assert!(
            bcs::to_bytes(&stake::get_stake(w.provider))
                == v::join(
                    vector[
                        a(w.provider),
                        a(object::object_address(&w.asset)),
                        n(1_000),
                        n(0),
                        n(0)
                    ]
                ),
            1
        );
        assert!(stake::asset(w.provider) == w.asset, 2);
        // The registration tells it.
        assert!(v::count<StakeAdded>() == 0, 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_NO_STAKE)]
    fun a_view_needs_a_stake() {
        stake::get_stake(@0x77);
    }

    #[test]
    fun stake_is_added() {
        let w = open(1_000);
        m::wait(3);
        assert!(stake::add(w.provider, &m::owner(), 50) == 1_050, 1);
        v::assert_all<StakeAdded>(
            vector[v::join(vector[a(w.provider), n(50), n(1_050), n(now())])]
        );
        w.assert_conserved(1_050, 0, 0, 1_050, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun only_what_is_owned_is_added() {
        let w = open(1_000);
        stake::add(w.provider, &m::owner(), FUNDS - 999);
    }

    #[test]
    fun stake_comes_out_after_unbonding() {
        let w = open(1_000);
        assert!(stake::request_unstake(w.provider, 300, DAY) == 700, 1);
        v::assert_last<UnstakeRequested>(
            vector[a(w.provider), n(300), n(700), n(300), n(now() + DAY), n(now())]
        );
        w.assert_conserved(1_000, 0, 0, 700, 300);
        m::wait(DAY);
        stake::withdraw(w.provider);
        v::assert_all<StakeWithdrawn>(
            vector[v::join(vector[a(w.provider), n(300), n(700), n(0), n(now())])]
        );
        w.assert_conserved(1_000, 300, 0, 700, 0);
        assert!(stake::unlocks_at(w.provider) == 0, 2);
    }

    #[test]
    fun all_of_it_can_leave() {
        let w = open(1_000);
        assert!(stake::request_unstake(w.provider, 1_000, 0) == 0, 1);
        stake::withdraw(w.provider);
        w.assert_conserved(1_000, 1_000, 0, 0, 0);
    }

    #[test]
    fun a_later_request_starts_the_clock_again_for_all() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 300, DAY);
        m::wait(100);
        stake::request_unstake(w.provider, 20, DAY);
        v::assert_last<UnstakeRequested>(
            vector[
                a(w.provider),
                n(20),
                n(680),
                n(320),
                n(m::start_time() + DAY + 100),
                n(m::start_time() + 100)
            ]
        );
        m::wait(DAY);
        stake::withdraw(w.provider);
        w.assert_conserved(1_000, 320, 0, 680, 0);
    }

    #[test]
    fun a_shorter_time_brings_no_end_nearer() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 300, DAY);
        stake::request_unstake(w.provider, 20, 60);
        assert!(stake::unlocks_at(w.provider) == m::start_time() + DAY, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_INSUFFICIENT_STAKE)]
    fun no_more_than_the_stake_unbonds() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 1_001, DAY);
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_INSUFFICIENT_STAKE)]
    fun nothing_unbonds_twice() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 600, DAY);
        stake::request_unstake(w.provider, 401, DAY);
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_NOTHING_UNBONDING)]
    fun what_was_not_requested_stays() {
        let w = open(1_000);
        stake::withdraw(w.provider);
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_STILL_UNBONDING)]
    fun stake_stays_until_the_last_second() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 1, DAY);
        m::wait(DAY - 1);
        stake::withdraw(w.provider);
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_STILL_UNBONDING)]
    fun a_check_before_the_time_fails_like_the_withdrawal() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 1, 1);
        stake::assert_withdrawable(w.provider);
    }

    // === Slashing ===

    #[test]
    fun a_slash_is_shared_between_reporter_and_treasury() {
        let w = open(1_999);
        m::wait(8);
        // floor(1,999 / 2) = 999, floor(999 / 10) = 99.
        let (amount, reward) = w.slash(5_000, 1_000);
        assert!(amount == 999 && reward == 99, 1);
        assert!(w.balance(REPORTER) == 99, 2);
        assert!(w.balance(m::treasury_address()) == 900, 3);
        v::assert_all<StakeSlashed>(
            vector[
                v::join(
                    vector[
                        a(w.provider),
                        a(REPORTER),
                        n(999),
                        n(99),
                        n(1_000),
                        n(0),
                        n(now())
                    ]
                )
            ]
        );
        w.assert_conserved(1_999, 0, 999, 1_000, 0);
    }

    #[test]
    fun a_slash_counts_what_unbonds_but_takes_what_is_staked_first() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 400, DAY);
        // 30 % of 1,000, although only 600 are staked.
        let (amount, _) = w.slash(3_000, 0);
        assert!(amount == 300, 1);
        w.assert_conserved(1_000, 0, 300, 300, 400);
        assert!(w.balance(REPORTER) == 0, 2);
    }

    #[test]
    fun unstaking_does_not_save_from_a_slash() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 900, DAY);
        // 500: the 100 that are staked, 400 of the 900.
        let (amount, reward) = w.slash(5_000, 5_000);
        assert!(amount == 500 && reward == 250, 1);
        v::assert_last<StakeSlashed>(
            vector[a(w.provider), a(REPORTER), n(500), n(250), n(0), n(500), n(now())]
        );
        w.assert_conserved(1_000, 0, 500, 0, 500);
        // What is left waits as long as before.
        assert!(stake::unlocks_at(w.provider) == m::start_time() + DAY, 2);
        m::wait(DAY);
        stake::withdraw(w.provider);
        w.assert_conserved(1_000, 500, 500, 0, 0);
    }

    #[test]
    fun a_stake_that_could_leave_is_still_slashed() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 1_000, DAY);
        m::wait(DAY + 1);
        w.slash(10_000, 0);
        w.assert_conserved(1_000, 0, 1_000, 0, 0);
        assert!(stake::unlocks_at(w.provider) == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::stake::E_NOTHING_UNBONDING)]
    fun what_was_slashed_is_not_withdrawn() {
        let w = open(1_000);
        stake::request_unstake(w.provider, 1_000, DAY);
        w.slash(10_000, 0);
        m::wait(DAY);
        stake::withdraw(w.provider);
    }

    #[test]
    fun slashes_follow_one_another() {
        let w = open(1_000);
        w.slash(5_000, 1_000);
        w.slash(5_000, 1_000);
        w.assert_conserved(1_000, 0, 750, 250, 0);
        stake::add(w.provider, &m::owner(), 1_000);
        stake::request_unstake(w.provider, 50, DAY);
        w.slash(1_000, 1_000);
        // 10 % of 1,250.
        w.assert_conserved(2_000, 0, 875, 1_075, 50);
        m::wait(DAY);
        stake::withdraw(w.provider);
        w.assert_conserved(2_000, 50, 875, 1_075, 0);
    }

    #[test]
    fun a_slash_of_nothing_takes_nothing() {
        let w = open(1_000);
        let (amount, reward) = w.slash(0, 5_000);
        assert!(amount == 0 && reward == 0, 1);
        // The fault is told all the same.
        v::assert_last<StakeSlashed>(
            vector[a(w.provider), a(REPORTER), n(0), n(0), n(1_000), n(0), n(now())]
        );
        w.assert_conserved(1_000, 0, 0, 1_000, 0);
    }

    #[test]
    fun the_greatest_stake_is_slashed_without_overflow() {
        m::start_market();
        let asset = m::new_asset(b"x");
        m::mint(asset, m::of(&m::owner()), 0xffff_ffff_ffff_ffff);
        let constructor_ref = vault::create_object();
        stake::open(&constructor_ref, &m::owner(), asset, 0xffff_ffff_ffff_ffff);
        let provider = object::address_from_constructor_ref(&constructor_ref);
        let w = Staked { asset, provider };
        let (amount, reward) = w.slash(10_000, 5_000);
        assert!(amount == 0xffff_ffff_ffff_ffff, 1);
        assert!(reward == 0x7fff_ffff_ffff_ffff, 2);
        assert!(w.balance(m::treasury_address()) == 0x8000_0000_0000_0000, 3);
        assert!(stake::staked(provider) == 0, 4);
    }

    #[test]
    fun a_reporter_without_an_account_is_paid() {
        let w = open(1_000);
        assert!(!primary_fungible_store::primary_store_exists(REPORTER, w.asset), 1);
        w.slash(5_000, 1_000);
        assert!(w.balance(REPORTER) == 50, 2);
    }

    #[test]
    fun a_frozen_vault_blocks_no_fault() {
        // The issuer's hand on the stake must not keep the buyer from its money.
        let w = open(1_000);
        m::freeze_escrow(w.asset, w.provider, true);
        let (amount, reward) = w.slash(5_000, 1_000);
        assert!(amount == 0 && reward == 0, 1);
        v::assert_last<StakeSlashed>(
            vector[a(w.provider), a(REPORTER), n(0), n(0), n(1_000), n(0), n(now())]
        );
        w.assert_conserved(1_000, 0, 0, 1_000, 0);
        m::freeze_escrow(w.asset, w.provider, false);
        w.slash(5_000, 1_000);
        w.assert_conserved(1_000, 0, 500, 500, 0);
    }
}
