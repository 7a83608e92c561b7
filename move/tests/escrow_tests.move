#[test_only]
/// A job's deposit, without a job: what goes in, what comes out, what is told, and that nothing is left behind.
module computestream::escrow_tests {
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::{Self, Object, ObjectCore};
    use aptos_framework::primary_fungible_store;
    use computestream::escrow::{Self, EscrowDeposited, EscrowRefunded};
    use computestream::market_test_utils as m;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::vault;

    const BUYER: address = @0xb0b;

    fun start(): Object<Metadata> {
        m::start_market();
        let asset = m::new_asset(b"escrowed");
        m::mint(asset, BUYER, 1_000);
        asset
    }

    fun open(asset: Object<Metadata>, amount: u64): address {
        let object = vault::create_object();
        escrow::open(&object, BUYER, &m::buyer(), asset, amount);
        object::address_from_constructor_ref(&object)
    }

    fun deposited(
        asset: Object<Metadata>, job: address, amount: u64, balance: u64, at: u64
    ): vector<vector<u8>> {
        vector[
            a(job),
            a(BUYER),
            a(object::object_address(&asset)),
            n(amount),
            n(balance),
            n(m::start_time() + at)
        ]
    }

    fun balance(asset: Object<Metadata>, who: address): u64 {
        primary_fungible_store::balance(who, asset)
    }

    #[test]
    fun a_deposit_and_a_top_up_are_told_with_the_balance_after() {
        let asset = start();
        let job = open(asset, 700);
        v::assert_last<EscrowDeposited>(deposited(asset, job, 700, 700, 0));
        assert!(escrow::asset(job) == asset, 1);
        m::wait(5);
        escrow::top_up(job, &m::buyer(), 250);
        v::assert_last<EscrowDeposited>(deposited(asset, job, 250, 950, 5));
        assert!(escrow::balance(job) == 950 && balance(asset, BUYER) == 50, 2);
        escrow::top_up(job, &m::buyer(), 0);
        assert!(v::count<EscrowDeposited>() == 2 && escrow::balance(job) == 950, 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_top_up_beyond_the_balance_is_refused() {
        let asset = start();
        let job = open(asset, 700);
        escrow::top_up(job, &m::buyer(), 301);
    }

    #[test]
    fun what_is_taken_leaves_the_balance() {
        let asset = start();
        let job = open(asset, 700);
        let (funds, left) = escrow::take(job, 300);
        assert!(fungible_asset::amount(&funds) == 300, 1);
        assert!(left == 400 && escrow::balance(job) == 400, 2);
        assert!(fungible_asset::balance(m::store_of(job)) == 400, 3);
        vault::pay_out(@0x1, funds);
        assert!(balance(asset, @0x1) == 300, 4);
    }

    #[test]
    fun a_refund_is_told_and_nothing_is_not() {
        let asset = start();
        let job = open(asset, 700);
        m::wait(9);
        escrow::refund(job, BUYER, 0);
        assert!(v::count<EscrowRefunded>() == 0, 1);
        escrow::refund(job, BUYER, 120);
        v::assert_last<EscrowRefunded>(
            vector[a(job), a(BUYER), n(120), n(580), n(m::start_time() + 9)]
        );
        // 1,000 - 700 + 120
        assert!(balance(asset, BUYER) == 420 && escrow::balance(job) == 580, 2);
    }

    #[test]
    fun it_can_release_what_it_holds_unless_the_issuer_interferes() {
        let asset = start();
        let job = open(asset, 700);
        assert!(escrow::can_release(job, 700) && !escrow::can_release(job, 701), 1);
        assert!(escrow::can_release_all(job), 2);
        m::claw_back(asset, job, 1);
        assert!(escrow::can_release(job, 699) && !escrow::can_release(job, 700), 3);
        assert!(!escrow::can_release_all(job), 4);
        m::give_back(asset, job, 1);
        assert!(escrow::can_release_all(job), 5);
        m::freeze_escrow(asset, job, true);
        assert!(escrow::can_release(job, 0) && !escrow::can_release(job, 1), 6);
        assert!(!escrow::can_release_all(job), 7);
    }

    #[test]
    fun an_empty_escrow_can_release_all_even_if_it_is_frozen() {
        let asset = start();
        let job = open(asset, 700);
        escrow::refund(job, BUYER, 700);
        m::freeze_escrow(asset, job, true);
        assert!(escrow::can_release_all(job), 1);
    }

    #[test]
    fun an_empty_escrow_leaves_nothing_behind() {
        let asset = start();
        let job = open(asset, 700);
        escrow::refund(job, BUYER, 700);
        escrow::destroy(job, BUYER);
        assert!(!object::is_object(job), 1);
        assert!(!object::object_exists<ObjectCore>(job), 2);
        assert!(!fungible_asset::store_exists(job), 3);
        assert!(balance(asset, BUYER) == 1_000, 4);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_VAULT_NOT_EMPTY)]
    fun an_escrow_with_money_stays() {
        let job = open(start(), 700);
        escrow::destroy(job, BUYER);
    }

    #[test]
    #[expected_failure(abort_code = computestream::escrow::E_NO_ESCROW)]
    fun a_balance_needs_an_escrow() {
        escrow::balance(@0x77);
    }
}
