#[test_only]
/// A transaction's payments: everyone gets the sum of its parts, and as few deposits as that takes.
module computestream::payout_tests {
    use aptos_framework::fungible_asset::{Self, Deposit, FungibleAsset, Metadata};
    use aptos_framework::object::Object;
    use aptos_framework::primary_fungible_store;
    use computestream::market_test_utils as m;
    use computestream::payout;
    use computestream::value_test_utils as v;

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    fun start(seed: vector<u8>): Object<Metadata> {
        let asset = m::new_asset(seed);
        m::mint(asset, m::of(&m::buyer()), m::funds());
        asset
    }

    fun coins(asset: Object<Metadata>, amount: u64): FungibleAsset {
        primary_fungible_store::withdraw(&m::buyer(), asset, amount)
    }

    fun balance(asset: Object<Metadata>, who: address): u64 {
        primary_fungible_store::balance(who, asset)
    }

    #[test]
    fun a_receiver_with_many_parts_is_paid_once() {
        let asset = start(b"one");
        let deposits = v::count<Deposit>();
        let payout = payout::new();
        payout.add(@0x1, coins(asset, 10));
        payout.add(@0x2, coins(asset, 200));
        payout.add(@0x1, coins(asset, 3));
        payout.add(@0x2, coins(asset, 4));
        payout.pay_all();
        assert!(balance(asset, @0x1) == 13 && balance(asset, @0x2) == 204, 1);
        assert!(v::count<Deposit>() == deposits + 2, 2);
    }

    #[test]
    fun a_split_goes_to_three() {
        let asset = start(b"one");
        let deposits = v::count<Deposit>();
        let payout = payout::new();
        payout.add_split(@0x1, 7, @0x2, 20, @0x3, coins(asset, 100));
        // One that is two of the three, and parts of nothing.
        payout.add_split(@0x3, 5, @0x2, 0, @0x3, coins(asset, 50));
        payout.add_split(@0x1, 0, @0x4, 9, @0x5, coins(asset, 9));
        payout.pay_all();
        assert!(balance(asset, @0x1) == 7 && balance(asset, @0x2) == 20, 1);
        // 73 and 50.
        assert!(balance(asset, @0x3) == 123 && balance(asset, @0x4) == 9, 2);
        assert!(!primary_fungible_store::primary_store_exists(@0x5, asset), 3);
        assert!(v::count<Deposit>() == deposits + 4, 4);
    }

    #[test]
    fun the_first_four_and_the_last_are_remembered() {
        let asset = start(b"one");
        let deposits = v::count<Deposit>();
        let payout = payout::new();
        // 1 to 6, then the last, the first and the fourth again: no new deposit; the fifth again: a second one.
        let to = vector[@0x1, @0x2, @0x3, @0x4, @0x5, @0x6, @0x6, @0x1, @0x4, @0x5];
        to.for_each(|receiver| payout.add(receiver, coins(asset, 10)));
        payout.pay_all();
        assert!(v::count<Deposit>() == deposits + 7, 1);
        assert!(balance(asset, @0x1) == 20 && balance(asset, @0x4) == 20, 2);
        assert!(balance(asset, @0x5) == 20 && balance(asset, @0x6) == 20, 3);
        assert!(balance(asset, @0x2) == 10 && balance(asset, @0x3) == 10, 4);
    }

    #[test]
    fun two_assets_are_kept_apart() {
        let one = start(b"one");
        let two = start(b"two");
        let payout = payout::new();
        payout.add(@0x1, coins(one, 10));
        payout.add(@0x1, coins(two, 200));
        payout.add(@0x1, coins(one, 1));
        payout.add(@0x2, coins(two, 2));
        payout.pay_all();
        assert!(balance(one, @0x1) == 11 && balance(two, @0x1) == 200, 1);
        assert!(balance(one, @0x2) == 0 && balance(two, @0x2) == 2, 2);
    }

    #[test]
    fun nothing_is_paid_to_nobody() {
        let asset = start(b"one");
        let deposits = v::count<Deposit>();
        let payout = payout::new();
        payout.add(@0x1, fungible_asset::zero(asset));
        payout.pay_all();
        payout::new().pay_all();
        assert!(v::count<Deposit>() == deposits, 1);
        assert!(!primary_fungible_store::primary_store_exists(@0x1, asset), 2);
    }

    #[test]
    fun more_than_a_number_holds_is_paid_in_parts() {
        let asset = m::new_asset(b"one");
        let payout = payout::new();
        let round = 0;
        while (round < 2) {
            m::mint(asset, m::of(&m::buyer()), MAX_U64);
            payout.add(@0x1, coins(asset, MAX_U64));
            round = round + 1;
        };
        payout.pay_all();
        // The second part didn't fit into the first store: it is in another that 0x1 owns.
        assert!(balance(asset, @0x1) == MAX_U64 && balance(asset, m::of(&m::buyer())) == 0, 1);
    }

    #[test]
    fun a_sum_counts_all_its_parts() {
        let asset = m::new_asset(b"one");
        m::mint(asset, m::of(&m::buyer()), MAX_U64);
        let payout = payout::new();
        // 2^63 and 2^63 - 1: together as much as a number holds. One more than that begins another sum.
        payout.add(@0x1, coins(asset, 9_223_372_036_854_775_808));
        payout.add(@0x2, coins(asset, 9_223_372_036_854_775_807));
        m::mint(asset, m::of(&m::buyer()), 1);
        payout.add(@0x3, coins(asset, 1));
        payout.pay_all();
        assert!(balance(asset, @0x1) == 9_223_372_036_854_775_808, 1);
        assert!(balance(asset, @0x2) == 9_223_372_036_854_775_807, 2);
        assert!(balance(asset, @0x3) == 1, 3);
    }
}
