#[test_only]
/// Custody: who can draw from a vault, and what happens when the asset's issuer interferes.
module computestream::vault_tests {
    use std::bcs;
    use aptos_std::from_bcs;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::{Self, Deposit, FungibleAsset, Metadata};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use computestream::escrow::{Self, EscrowRefunded};
    use computestream::job_registry;
    use computestream::market_test_utils as m;
    use computestream::provider_registry;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::vault::{Self, Vault};
    use computestream::world_test_utils::{Self as t, World};

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    /// `who` tries to move a unit out of the store on `holder`.
    fun steal(w: &World, holder: address, who: &signer) {
        fungible_asset::transfer(
            who,
            m::store_of(holder),
            primary_fungible_store::ensure_primary_store_exists(m::of(who), w.asset()),
            1
        );
    }

    #[test]
    fun nobody_owns_a_vault_but_its_own_object() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        let holders = vector[job, w.provider_address()];
        holders.for_each(|holder| {
            let store = m::store_of(holder);
            let accounts =
                vector[
                    m::of(&m::buyer()),
                    m::of(&m::owner()),
                    m::of(&m::operator()),
                    m::of(&m::admin()),
                    w.provider_address(),
                    @aptos_framework,
                    @0x0
                ];
            accounts.for_each(|account| {
                assert!(account == holder || !object::owns(store, account), 1);
            });
            assert!(
                object::owner(store)
                    == @0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,
                2
            );
        });
    }

    // 0x50008: permission denied, not the store's owner.

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_buyer_cannot_draw_from_the_escrow() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        steal(&w, job, &m::buyer());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_owner_cannot_draw_from_the_escrow() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        steal(&w, job, &m::owner());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_operator_cannot_draw_from_the_escrow() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        steal(&w, job, &m::operator());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_publisher_cannot_draw_from_the_escrow() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        steal(&w, job, &m::admin());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_owner_cannot_draw_from_the_stake() {
        let w = t::setup();
        steal(&w, w.provider_address(), &m::owner());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_operator_cannot_draw_from_the_stake() {
        let w = t::setup();
        steal(&w, w.provider_address(), &m::operator());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_publisher_cannot_draw_from_the_stake() {
        let w = t::setup();
        steal(&w, w.provider_address(), &m::admin());
    }

    #[test]
    #[expected_failure(abort_code = 0x50004, location = aptos_framework::object)]
    fun the_buyer_cannot_take_the_job_over() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        object::transfer_call(&m::buyer(), job, m::of(&m::buyer()));
    }

    #[test]
    #[expected_failure(abort_code = 0x50004, location = aptos_framework::object)]
    fun the_owner_cannot_hand_the_provider_on() {
        let w = t::setup();
        object::transfer_call(&m::owner(), w.provider_address(), m::of(&m::stranger()));
    }

    #[test]
    #[expected_failure(abort_code = 0x50004, location = aptos_framework::object)]
    fun the_publisher_cannot_take_the_job_over() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        object::transfer_call(&m::admin(), job, @computestream);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_deposit_beyond_the_balance_is_refused() {
        let w = t::setup();
        w.create(1, m::funds() + 1);
    }

    #[test]
    fun a_gift_to_the_store_changes_nothing() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::mint(w.asset(), m::of(&m::stranger()), 5);
        let gift = primary_fungible_store::withdraw(&m::stranger(), w.asset(), 5);
        fungible_asset::deposit(m::store_of(job), gift);
        assert!(escrow::balance(job) == 100_000, 1);
        m::wait(10);
        w.complete(job, 1, 10);
        // 10 s at 1,000: 10,000, of which 1 % is the fee; the gift stays behind, it is nobody's.
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 9_900, 2);
        assert!(w.balance(m::treasury_address()) == 100, 3);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 100_000 + 90_000, 4);
        assert!(escrow::balance(job) == 0, 5);
        assert!(fungible_asset::balance(m::store_of(job)) == 5, 6);
    }

    #[test]
    fun a_frozen_provider_blocks_neither_its_pay_nor_the_refund() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        w.pay(job, 1, 10);
        m::freeze_account(w.asset(), m::of(&m::owner()), true);
        m::wait(10);
        w.terminate(job, 2, 20);
        // The second 10,000 less 100 went to a new store of the owner's, the refund to the buyer.
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 9_900, 1);
        assert!(w.balance(m::treasury_address()) == 200, 2);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 20_000, 3);
        assert!(fungible_asset::balance(m::store_of(job)) == 0, 4);
        t::assert_state(job, 8, 6);
    }

    #[test]
    fun a_frozen_buyer_does_not_block_the_provider() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::freeze_account(w.asset(), m::of(&m::buyer()), true);
        m::wait(10);
        w.complete(job, 1, 10);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 9_900, 1);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 100_000, 2);
        v::assert_last<EscrowRefunded>(
            vector[a(job), a(m::of(&m::buyer())), n(90_000), n(0), n(m::start_time() + 10)]
        );
        assert!(fungible_asset::balance(m::store_of(job)) == 0, 3);
    }

    #[test]
    fun a_frozen_treasury_does_not_block_a_settlement() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::mint(w.asset(), m::treasury_address(), 1);
        m::freeze_account(w.asset(), m::treasury_address(), true);
        m::wait(10);
        w.pay(job, 1, 10);
        assert!(w.balance(m::of(&m::owner())) == m::funds() + 9_900, 1);
        assert!(w.balance(m::treasury_address()) == 1, 2);
        assert!(fungible_asset::balance(m::store_of(job)) == 90_000, 3);
    }

    #[test]
    fun a_full_account_blocks_neither_its_pay_nor_the_refund() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(10);
        // 9,900 fit: the greatest balance is reached exactly.
        m::mint(w.asset(), m::of(&m::owner()), MAX_U64 - m::funds() - 9_900);
        w.pay(job, 1, 10);
        assert!(w.balance(m::of(&m::owner())) == MAX_U64, 1);
        // Nothing more fits: the next goes to a new store of the owner's, the rest back to the buyer.
        m::wait(10);
        w.terminate(job, 2, 20);
        assert!(w.balance(m::of(&m::owner())) == MAX_U64, 2);
        assert!(w.balance(m::treasury_address()) == 200, 3);
        assert!(w.balance(m::of(&m::buyer())) == m::funds() - 20_000, 4);
        assert!(fungible_asset::balance(m::store_of(job)) == 0, 5);
        t::assert_state(job, 8, 6);
    }

    // === The vault itself ===

    fun coins(asset: Object<Metadata>, amount: u64): FungibleAsset {
        m::mint(asset, m::of(&m::stranger()), amount);
        primary_fungible_store::withdraw(&m::stranger(), asset, amount)
    }

    /// The store and the amount of the newest deposit, in BCS.
    fun newest_deposit(): vector<u8> {
        let deposits = event::emitted_events<Deposit>();
        bcs::to_bytes(&deposits[deposits.length() - 1])
    }

    /// A vault with 1,000 of a new asset, held by the test, and its object's address.
    fun open_vault(): (Vault, address, Object<Metadata>) {
        m::start_market();
        let asset = m::new_asset(b"vaulted");
        m::mint(asset, m::of(&m::buyer()), 1_000);
        let constructor_ref = vault::create_object();
        let vault = vault::open(&constructor_ref, asset);
        vault.deposit(&m::buyer(), 1_000);
        (vault, object::address_from_constructor_ref(&constructor_ref), asset)
    }

    #[test]
    fun a_vault_counts_what_goes_in_and_out() {
        let (vault, holder, asset) = open_vault();
        vault.deposit(&m::buyer(), 0);
        assert!(vault.balance() == 1_000 && vault.asset() == asset, 1);
        vault.pay(@0x1, 0);
        vault.pay(@0x1, 300);
        assert!(vault.balance() == 700, 2);
        assert!(primary_fungible_store::balance(@0x1, asset) == 300, 3);
        let funds = vault.take(700);
        assert!(vault.balance() == 0 && fungible_asset::amount(&funds) == 700, 4);
        assert!(fungible_asset::balance(m::store_of(holder)) == 0, 5);
        assert!(m::of(&vault.object_signer()) == holder, 6);
        vault::pay_out(@0x2, funds);
        vault.close(@0x3);
        assert!(primary_fungible_store::balance(@0x2, asset) == 700, 7);
        assert!(!object::is_object(holder) && !fungible_asset::store_exists(holder), 8);
        assert!(!primary_fungible_store::primary_store_exists(@0x3, asset), 9);
    }

    #[test]
    fun closing_hands_a_gift_to_whoever_cleans_up() {
        let (vault, holder, asset) = open_vault();
        fungible_asset::deposit(m::store_of(holder), coins(asset, 5));
        assert!(vault.balance() == 1_000, 1);
        vault.pay(@0x1, 1_000);
        vault.close(@0x3);
        assert!(primary_fungible_store::balance(@0x1, asset) == 1_000, 2);
        assert!(primary_fungible_store::balance(@0x3, asset) == 5, 3);
        assert!(!object::is_object(holder), 4);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_VAULT_NOT_EMPTY)]
    fun a_vault_with_money_cannot_be_closed() {
        let (vault, _, _) = open_vault();
        vault.pay(@0x1, 999);
        vault.close(@0x3);
    }

    #[test]
    fun a_vault_can_pay_what_the_issuer_leaves_it() {
        let (vault, holder, asset) = open_vault();
        assert!(vault.can_pay(1_000) && !vault.can_pay(1_001), 1);
        m::claw_back(asset, holder, 400);
        assert!(vault.can_pay(600) && !vault.can_pay(601), 2);
        m::freeze_escrow(asset, holder, true);
        assert!(!vault.can_pay(1) && vault.can_pay(0), 3);
        m::freeze_escrow(asset, holder, false);
        vault.pay(@0x1, 600);
        // The vault still owes the 400 that were taken.
        assert!(vault.balance() == 400, 4);
        fungible_asset::deposit(m::store_of(holder), coins(asset, 400));
        vault.pay(@0x1, 400);
        vault.close(@0x3);
    }

    #[test]
    fun paying_nothing_makes_no_store() {
        let asset = m::new_asset(b"vaulted");
        vault::pay_out(@0x1, fungible_asset::zero(asset));
        assert!(!primary_fungible_store::primary_store_exists(@0x1, asset), 1);
    }

    #[test]
    fun a_frozen_account_is_paid_into_a_store_that_it_owns() {
        let asset = m::new_asset(b"vaulted");
        m::freeze_account(asset, @0x1, true);
        let frozen = primary_fungible_store::primary_store_address(@0x1, asset);
        vault::pay_out(@0x1, coins(asset, 7));
        assert!(primary_fungible_store::balance(@0x1, asset) == 0, 1);
        let store = from_bcs::to_address(newest_deposit().slice(0, 32));
        assert!(store != frozen && newest_deposit() == v::join(vector[a(store), n(7)]), 2);
        assert!(object::owner(m::store_of(store)) == @0x1, 3);
        m::freeze_account(asset, @0x1, false);
        vault::pay_out(@0x1, coins(asset, 8));
        assert!(primary_fungible_store::balance(@0x1, asset) == 8, 4);
    }

    #[test]
    fun a_full_account_is_paid_into_a_store_that_it_owns() {
        let asset = m::new_asset(b"vaulted");
        m::mint(asset, @0x1, MAX_U64 - 7);
        vault::pay_out(@0x1, coins(asset, 7));
        // Full to the unit; the next one goes elsewhere.
        assert!(primary_fungible_store::balance(@0x1, asset) == MAX_U64, 1);
        vault::pay_out(@0x1, coins(asset, 1));
        let store = from_bcs::to_address(newest_deposit().slice(0, 32));
        assert!(fungible_asset::balance(m::store_of(store)) == 1, 2);
        assert!(object::owner(m::store_of(store)) == @0x1, 3);
    }

    #[test]
    fun an_asset_without_hooks_is_storable() {
        vault::assert_storable(m::new_asset(b"vaulted"));
    }

    // === Several at once ===

    #[test]
    fun a_repeated_stake_and_a_job_never_share_a_store() {
        let w = t::setup();
        let one = w.create(100, 100_000);
        let two = w.create(100, 100_000);
        job_registry::cancel(&m::buyer(), t::handle(one));
        assert!(escrow::balance(one) == 0 && escrow::balance(two) == 100_000, 1);
        provider_registry::request_unstake(&m::owner(), w.provider(), m::stake());
        m::wait(86_400);
        provider_registry::withdraw_stake(&m::owner(), w.provider());
        assert!(escrow::balance(two) == 100_000, 2);
        assert!(fungible_asset::balance(m::store_of(two)) == 100_000, 3);
        assert!(fungible_asset::balance(m::store_of(w.provider_address())) == 0, 4);
    }
}
