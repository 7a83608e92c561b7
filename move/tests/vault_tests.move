#[test_only]
/// Custody: who can draw from a vault, and what happens when the asset's issuer interferes.
module computestream::vault_tests {
    use aptos_framework::fungible_asset;
    use aptos_framework::object;
    use aptos_framework::primary_fungible_store;
    use computestream::escrow::{Self, EscrowRefunded};
    use computestream::job_registry;
    use computestream::payment_stream::{Self, SettlementSkipped, StreamSettled};
    use computestream::provider_registry;
    use computestream::test_utils::{Self as t, World, a, n};

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    /// `who` tries to move a unit out of the store on `holder`.
    fun steal(w: &World, holder: address, who: &signer) {
        fungible_asset::transfer(
            who,
            t::store_of(holder),
            primary_fungible_store::ensure_primary_store_exists(t::of(who), w.asset()),
            1
        );
    }

    #[test]
    fun nobody_owns_a_vault_but_its_own_object() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        let holders = vector[job, w.provider_address()];
        holders.for_each(|holder| {
            let store = t::store_of(holder);
            let accounts =
                vector[
                    t::of(&t::buyer()),
                    t::of(&t::owner()),
                    t::of(&t::operator()),
                    t::of(&t::admin()),
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
        steal(&w, job, &t::buyer());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_owner_cannot_draw_from_the_escrow() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        steal(&w, job, &t::owner());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_operator_cannot_draw_from_the_escrow() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        steal(&w, job, &t::operator());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_publisher_cannot_draw_from_the_escrow() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        steal(&w, job, &t::admin());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_owner_cannot_draw_from_the_stake() {
        let w = t::setup();
        steal(&w, w.provider_address(), &t::owner());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_operator_cannot_draw_from_the_stake() {
        let w = t::setup();
        steal(&w, w.provider_address(), &t::operator());
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_publisher_cannot_draw_from_the_stake() {
        let w = t::setup();
        steal(&w, w.provider_address(), &t::admin());
    }

    #[test]
    #[expected_failure(abort_code = 0x50004, location = aptos_framework::object)]
    fun the_buyer_cannot_take_the_job_over() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        object::transfer_call(&t::buyer(), job, t::of(&t::buyer()));
    }

    #[test]
    #[expected_failure(abort_code = 0x50004, location = aptos_framework::object)]
    fun the_owner_cannot_hand_the_provider_on() {
        let w = t::setup();
        object::transfer_call(&t::owner(), w.provider_address(), t::of(&t::stranger()));
    }

    #[test]
    #[expected_failure(abort_code = 0x50004, location = aptos_framework::object)]
    fun the_publisher_cannot_take_the_job_over() {
        let w = t::setup();
        let job = w.create(100, 100_000);
        object::transfer_call(&t::admin(), job, @computestream);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_deposit_beyond_the_balance_is_refused() {
        let w = t::setup();
        w.create(1, t::funds() + 1);
    }

    #[test]
    fun a_gift_to_the_store_changes_nothing() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::mint(w.asset(), t::of(&t::stranger()), 5);
        let gift = primary_fungible_store::withdraw(&t::stranger(), w.asset(), 5);
        fungible_asset::deposit(t::store_of(job), gift);
        assert!(escrow::balance(job) == 100_000, 1);
        t::wait(10);
        w.complete(job, 1, 10);
        // 10 s at 1,000: 10,000, of which 1 % is the fee; the gift stays behind, it is nobody's.
        assert!(w.balance(t::of(&t::owner())) == t::funds() + 9_900, 2);
        assert!(w.balance(t::treasury_address()) == 100, 3);
        assert!(w.balance(t::of(&t::buyer())) == t::funds() - 100_000 + 90_000, 4);
        assert!(escrow::balance(job) == 0, 5);
        assert!(fungible_asset::balance(t::store_of(job)) == 5, 6);
    }

    #[test]
    fun a_frozen_provider_blocks_neither_its_pay_nor_the_refund() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        w.pay(job, 1, 10);
        t::freeze_account(w.asset(), t::of(&t::owner()), true);
        t::wait(10);
        w.terminate(job, 2, 20);
        // The second 10,000 less 100 went to a new store of the owner's, the refund to the buyer.
        assert!(w.balance(t::of(&t::owner())) == t::funds() + 9_900, 1);
        assert!(w.balance(t::treasury_address()) == 200, 2);
        assert!(w.balance(t::of(&t::buyer())) == t::funds() - 20_000, 3);
        assert!(fungible_asset::balance(t::store_of(job)) == 0, 4);
        t::assert_state(job, 8, 6);
    }

    #[test]
    fun a_frozen_buyer_does_not_block_the_provider() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::freeze_account(w.asset(), t::of(&t::buyer()), true);
        t::wait(10);
        w.complete(job, 1, 10);
        assert!(w.balance(t::of(&t::owner())) == t::funds() + 9_900, 1);
        assert!(w.balance(t::of(&t::buyer())) == t::funds() - 100_000, 2);
        t::assert_last<EscrowRefunded>(
            vector[a(job), a(t::of(&t::buyer())), n(90_000), n(0), n(t::start_time() + 10)]
        );
        assert!(fungible_asset::balance(t::store_of(job)) == 0, 3);
    }

    #[test]
    fun a_frozen_treasury_does_not_block_a_settlement() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::mint(w.asset(), t::treasury_address(), 1);
        t::freeze_account(w.asset(), t::treasury_address(), true);
        t::wait(10);
        w.pay(job, 1, 10);
        assert!(w.balance(t::of(&t::owner())) == t::funds() + 9_900, 1);
        assert!(w.balance(t::treasury_address()) == 1, 2);
        assert!(fungible_asset::balance(t::store_of(job)) == 90_000, 3);
    }

    #[test]
    fun a_full_account_blocks_neither_its_pay_nor_the_refund() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::wait(10);
        // 9,900 fit: the greatest balance is reached exactly.
        t::mint(w.asset(), t::of(&t::owner()), MAX_U64 - t::funds() - 9_900);
        w.pay(job, 1, 10);
        assert!(w.balance(t::of(&t::owner())) == MAX_U64, 1);
        // Nothing more fits: the next goes to a new store of the owner's, the rest back to the buyer.
        t::wait(10);
        w.terminate(job, 2, 20);
        assert!(w.balance(t::of(&t::owner())) == MAX_U64, 2);
        assert!(w.balance(t::treasury_address()) == 200, 3);
        assert!(w.balance(t::of(&t::buyer())) == t::funds() - 20_000, 4);
        assert!(fungible_asset::balance(t::store_of(job)) == 0, 5);
        t::assert_state(job, 8, 6);
    }

    #[test]
    fun a_frozen_escrow_skips_its_entry_and_pays_in_full_when_thawed() {
        let w = t::setup();
        let frozen = w.running(100, 100_000);
        let free = w.running(100, 100_000);
        t::freeze_escrow(w.asset(), frozen, true);
        t::wait(10);
        payment_stream::process_payments(
            &t::keeper(),
            vector[frozen, free],
            vector[1, 1],
            vector[10, 10],
            vector[t::start_time() + 10, t::start_time() + 10],
            vector[t::log_root(), t::log_root()],
            vector[w.sign(frozen, 1, 10, 10), w.sign(free, 1, 10, 10)]
        );
        // payment_stream::E_ESCROW_UNAVAILABLE
        t::assert_last<SettlementSkipped>(
            vector[a(frozen), a(t::of(&t::keeper())), n(6), n(t::start_time() + 10)]
        );
        assert!(t::count<SettlementSkipped>() == 1 && t::count<StreamSettled>() == 1, 1);
        // The watermark of the skipped one has not moved.
        assert!(t::stream_field(frozen, 5) == 0 && t::stream_field(frozen, 6) == 0, 2);
        t::freeze_escrow(w.asset(), frozen, false);
        w.pay(frozen, 1, 10);
        assert!(escrow::balance(frozen) == 90_000, 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_ESCROW_UNAVAILABLE)]
    fun a_clawed_back_escrow_is_told_by_name() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        t::claw_back(w.asset(), job, 95_000);
        t::wait(10);
        w.pay(job, 1, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::escrow::E_NO_ESCROW)]
    fun a_balance_needs_an_escrow() {
        escrow::balance(@0x77);
    }

    #[test]
    fun a_repeated_stake_and_a_job_never_share_a_store() {
        let w = t::setup();
        let one = w.create(100, 100_000);
        let two = w.create(100, 100_000);
        job_registry::cancel(&t::buyer(), t::handle(one));
        assert!(escrow::balance(one) == 0 && escrow::balance(two) == 100_000, 1);
        provider_registry::request_unstake(&t::owner(), w.provider(), t::stake());
        t::wait(86_400);
        provider_registry::withdraw_stake(&t::owner(), w.provider());
        assert!(escrow::balance(two) == 100_000, 2);
        assert!(fungible_asset::balance(t::store_of(two)) == 100_000, 3);
        assert!(fungible_asset::balance(t::store_of(w.provider_address())) == 0, 4);
    }
}
