#[test_only]
/// Quotes: what an address binds, what becomes of the money there, and who can't take it.
/// A quote is BUYER's with CLERK as its clerk, valid for 300 s, unless a test says otherwise.
module computestream::job_quotes_tests {
    use std::hash;
    use aptos_framework::fungible_asset;
    use aptos_framework::object;
    use aptos_framework::primary_fungible_store;
    use computestream::escrow::EscrowDeposited;
    use computestream::job::JobCreated;
    use computestream::job_quotes::{Self, QuoteRedeemed, QuoteRefunded};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::provider_registry;
    use computestream::value_test_utils::{Self as v, a, b, n, s, yes};
    use computestream::world_test_utils::{Self as t, World};

    const PAYER: address = @0xb0b;
    /// The keeper's address.
    const CLERK: address = @0x6e5;
    /// The tests start at 1,000,000.
    const REDEEM_BY: u64 = 1_000_300;
    const NONCE: vector<u8> = x"0102";

    // === Steps ===

    /// BCS of the order that `redeem` makes, field after field.
    fun order_bytes(
        w: &World, gpus: u64, deposit: u64, buyer_key: vector<u8>
    ): vector<u8> {
        v::join(
            vector[
                a(w.provider_address()),
                x"0762757379626f78",
                x"027b7d",
                n(gpus),
                n(100),
                n(3_600_000),
                n(deposit),
                n(7),
                b(3),
                s(buyer_key)
            ]
        )
    }

    fun order_hash(w: &World): vector<u8> {
        hash::sha3_256(order_bytes(w, 0, 100_000, vector[]))
    }

    fun quote_of(w: &World, payer: address): address {
        job_quotes::quote_address(payer, CLERK, REDEEM_BY, NONCE, order_hash(w))
    }

    fun quote(w: &World): address {
        quote_of(w, PAYER)
    }

    fun pay(w: &World, to: address, amount: u64) {
        primary_fungible_store::transfer(&m::buyer(), w.asset(), to, amount);
    }

    fun redeem_with(w: &World, payer: address, image: vector<u8>, deposit: u64) {
        redeem_for(w, payer, image, 0, deposit, vector[]);
    }

    fun redeem_for(
        w: &World,
        payer: address,
        image: vector<u8>,
        gpus: u64,
        deposit: u64,
        buyer_key: vector<u8>
    ) {
        job_quotes::redeem(
            &m::stranger(),
            payer,
            CLERK,
            REDEEM_BY,
            NONCE,
            w.provider(),
            v::text(image),
            v::text(b"{}"),
            gpus,
            100,
            3_600_000,
            deposit,
            7,
            3,
            buyer_key
        );
    }

    /// A quote for one GPU with a key that countersigns, paid.
    fun pay_with_key(w: &World, buyer_key: vector<u8>): address {
        let order_hash = hash::sha3_256(order_bytes(w, 1, 100_000, buyer_key));
        let quote = job_quotes::quote_address(PAYER, CLERK, REDEEM_BY, NONCE, order_hash);
        pay(w, quote, 100_000);
        quote
    }

    fun redeem(w: &World) {
        redeem_with(w, PAYER, b"busybox", 100_000);
    }

    fun refund(w: &World, by: &signer) {
        job_quotes::refund(by, w.asset(), PAYER, CLERK, REDEEM_BY, NONCE, order_hash(w));
    }

    fun refunded(w: &World, amount: u64, by: address, at: u64): vector<u8> {
        v::join(
            vector[
                a(quote(w)),
                a(PAYER),
                a(w.asset_address()),
                n(amount),
                a(by),
                n(m::start_time() + at)
            ]
        )
    }

    // === The address ===

    #[test]
    fun the_address_binds_every_field_in_its_order() {
        let w = t::setup();
        let factory =
            object::create_object_address(&@computestream, b"computestream::quotes");
        let seed =
            v::join(
                vector[
                    a(@0xb0b),
                    a(@0x6e5),
                    x"6c430f0000000000",
                    x"020102",
                    x"20",
                    hash::sha3_256(order_bytes(&w, 0, 100_000, vector[]))
                ]
            );
        assert!(quote(&w) == object::create_object_address(&factory, seed), 1);
        assert!(job_quotes::job_of(quote(&w)) == @0x0, 2);
    }

    // === Redeeming ===

    #[test]
    fun a_paid_quote_becomes_the_payers_job() {
        let w = t::setup();
        let quote = quote(&w);
        pay(&w, quote, 100_000);
        m::wait(299);
        redeem(&w);
        let now = m::start_time() + 299;
        let job = job_quotes::job_of(quote);
        assert!(job != @0x0, 1);
        let terms =
            j::order().holdback(7).priority(3).terms(
                w.provider_address(), w.asset_address(), 3_600_000
            );
        v::assert_all<JobCreated>(
            vector[
                v::join(
                    vector[
                        a(job),
                        terms,
                        yes(false),
                        s(j::hash_of(job, terms)),
                        n(now + 120),
                        n(now)
                    ]
                )
            ]
        );
        // The deposit is told as the payer's: the quote was only its way.
        v::assert_all<EscrowDeposited>(
            vector[
                v::join(
                    vector[
                        a(job), a(PAYER), a(w.asset_address()), n(100_000), n(100_000), n(now)
                    ]
                )
            ]
        );
        v::assert_all<QuoteRedeemed>(
            vector[
                v::join(
                    vector[
                        a(quote),
                        a(PAYER),
                        a(job),
                        a(w.asset_address()),
                        n(100_000),
                        a(m::of(&m::stranger())),
                        n(now)
                    ]
                )
            ]
        );
        v::assert_all<QuoteRefunded>(vector[]);
        w.assert_money(job, 0, 0, 0, 100_000);
        assert!(w.balance(quote) == 0, 2);
    }

    #[test]
    fun the_payers_gpus_and_key_are_the_jobs() {
        let w = t::setup();
        let (_, key) = j::buyer_keys();
        let quote = pay_with_key(&w, key);
        redeem_for(&w, PAYER, b"busybox", 1, 100_000, key);
        let job = job_quotes::job_of(quote);
        let now = m::start_time();
        let terms =
            j::order().gpus(1).holdback(7).priority(3).key(key).terms(
                w.provider_address(), w.asset_address(), 3_600_000
            );
        v::assert_all<JobCreated>(
            vector[
                v::join(
                    vector[
                        a(job),
                        terms,
                        yes(false),
                        s(j::hash_of(job, terms)),
                        n(now + 120),
                        n(now)
                    ]
                )
            ]
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_NOT_PAID)]
    fun whoever_redeems_cannot_countersign_for_the_payer() {
        let w = t::setup();
        let (_, key) = j::buyer_keys();
        let (_, other) = j::buyer_keys();
        pay_with_key(&w, key);
        redeem_for(&w, PAYER, b"busybox", 1, 100_000, other);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_NOT_PAID)]
    fun whoever_redeems_cannot_choose_the_gpus() {
        let w = t::setup();
        let (_, key) = j::buyer_keys();
        pay_with_key(&w, key);
        redeem_for(&w, PAYER, b"busybox", 0, 100_000, key);
    }

    #[test]
    fun the_payer_can_cancel_the_job_and_has_everything_back() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        redeem(&w);
        job_registry::cancel(&m::buyer(), t::handle(job_quotes::job_of(quote(&w))));
        assert!(w.balance(PAYER) == m::funds(), 1);
    }

    #[test]
    fun what_was_paid_beyond_the_deposit_goes_back_at_once() {
        let w = t::setup();
        pay(&w, quote(&w), 100_007);
        redeem(&w);
        v::assert_all<QuoteRefunded>(vector[refunded(&w, 7, m::of(&m::stranger()), 0)]);
        w.assert_money(job_quotes::job_of(quote(&w)), 0, 0, 0, 100_000);
        assert!(w.balance(quote(&w)) == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_NOT_PAID)]
    fun one_unit_too_little_makes_no_job() {
        let w = t::setup();
        pay(&w, quote(&w), 99_999);
        redeem(&w);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_NOT_PAID)]
    fun nobody_orders_for_free_in_another_s_name() {
        let w = t::setup();
        provider_registry::update_price(&m::owner(), w.provider(), 0, 0);
        redeem_with(&w, PAYER, b"busybox", 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_NOT_PAID)]
    fun the_money_of_one_order_makes_no_other() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        redeem_with(&w, PAYER, b"busybux", 100_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_NOT_PAID)]
    fun the_money_of_one_payer_makes_no_job_of_another() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        redeem_with(&w, @0xbad, b"busybox", 100_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_QUOTE_EXPIRED)]
    fun from_its_deadline_on_a_quote_makes_no_job() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        m::wait(300);
        redeem(&w);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_QUOTE_USED)]
    fun a_quote_paid_twice_makes_one_job() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        redeem(&w);
        pay(&w, quote(&w), 100_000);
        redeem(&w);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_orders::E_PRICE_ABOVE_MAXIMUM)]
    fun a_price_raised_since_the_quote_makes_no_job() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        provider_registry::update_price(&m::owner(), w.provider(), 3_600_001, 0);
        redeem(&w);
    }

    // === Refunding ===

    #[test]
    fun the_payer_takes_an_unused_payment_back_at_any_time() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        refund(&w, &m::buyer());
        v::assert_all<QuoteRefunded>(vector[refunded(&w, 100_000, PAYER, 0)]);
        assert!(w.balance(PAYER) == m::funds(), 1);
        assert!(w.balance(quote(&w)) == 0, 2);
        assert!(job_quotes::job_of(quote(&w)) == @0x0, 3);
    }

    #[test]
    fun the_clerk_gives_a_payment_back_to_the_payer() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        refund(&w, &m::keeper());
        v::assert_all<QuoteRefunded>(vector[refunded(&w, 100_000, CLERK, 0)]);
        assert!(w.balance(PAYER) == m::funds(), 1);
        assert!(w.balance(CLERK) == 0, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_STILL_REDEEMABLE)]
    fun a_stranger_cannot_void_a_quote_before_its_deadline() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        m::wait(299);
        refund(&w, &m::stranger());
    }

    #[test]
    fun from_its_deadline_on_anyone_sends_the_money_back() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        m::wait(300);
        refund(&w, &m::stranger());
        v::assert_all<QuoteRefunded>(vector[refunded(&w, 100_000, m::of(&m::stranger()), 300)]);
        assert!(w.balance(PAYER) == m::funds(), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_NOTHING_TO_REFUND)]
    fun an_unpaid_quote_cannot_be_voided() {
        let w = t::setup();
        refund(&w, &m::buyer());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_NOTHING_TO_REFUND)]
    fun a_refund_comes_once() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        refund(&w, &m::buyer());
        refund(&w, &m::buyer());
    }

    #[test]
    #[expected_failure(abort_code = computestream::job_quotes::E_QUOTE_USED)]
    fun a_refunded_quote_makes_no_job_though_paid_again() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        refund(&w, &m::buyer());
        pay(&w, quote(&w), 100_000);
        redeem(&w);
    }

    #[test]
    fun money_that_comes_late_still_finds_its_way_back() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        redeem(&w);
        let job = job_quotes::job_of(quote(&w));
        pay(&w, quote(&w), 5);
        // The quote is used, so its deadline protects nobody any more.
        refund(&w, &m::stranger());
        v::assert_all<QuoteRefunded>(vector[refunded(&w, 5, m::of(&m::stranger()), 0)]);
        w.assert_money(job, 0, 0, 0, 100_000);
        assert!(job_quotes::job_of(quote(&w)) == job, 1);
    }

    #[test]
    fun an_asset_the_market_does_not_know_goes_back_too() {
        let w = t::setup();
        let other = m::new_asset(b"other");
        m::mint(other, PAYER, 9);
        primary_fungible_store::transfer(&m::buyer(), other, quote(&w), 9);
        job_quotes::refund(
            &m::buyer(), other, PAYER, CLERK, REDEEM_BY, NONCE, order_hash(&w)
        );
        assert!(primary_fungible_store::balance(PAYER, other) == 9, 1);
    }

    // === Custody ===

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_publisher_cannot_draw_from_a_used_quote() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        redeem(&w);
        pay(&w, quote(&w), 5);
        let store = primary_fungible_store::primary_store(quote(&w), w.asset());
        fungible_asset::deposit(store, fungible_asset::withdraw(&m::admin(), store, 5));
    }

    #[test]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun the_clerk_cannot_draw_from_a_paid_quote() {
        let w = t::setup();
        pay(&w, quote(&w), 100_000);
        let store = primary_fungible_store::primary_store(quote(&w), w.asset());
        fungible_asset::deposit(store, fungible_asset::withdraw(&m::keeper(), store, 5));
    }

    #[test]
    fun the_factory_belongs_to_nobody() {
        t::setup();
        let factory =
            object::create_object_address(&@computestream, b"computestream::quotes");
        assert!(
            object::owner(object::address_to_object<object::ObjectCore>(factory))
                == @0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff,
            1
        );
    }
}
