/// Quotes: an address that money for one order of one payer can be sent to, before anything is on chain.
/// It doesn't know who quotes a price, nor what becomes of the job afterwards: that is `job_registry`.
///
///     nothing on chain -- payment --> paid --redeem--> the promised job, and change for the payer
///                                      +-----refund--> the payer
///
/// The address is a hash of payer, clerk, deadline and order. What lies there becomes exactly that order's job, whose
/// buyer is the payer, or goes back to the payer: no third way exists, for anybody. An unpaid quote costs nothing.
///
/// Custody. The objects belong to a factory that belongs to `NOBODY`: whoever published the package has no more of a
/// say over them than anyone else.
module computestream::job_quotes {
    use std::bcs;
    use std::hash;
    use std::signer;
    use std::string::String;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, ExtendRef, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;
    use computestream::job_orders;
    use computestream::provider_registry::{Self, Provider};
    use computestream::vault;

    // === Errors ===

    /// The quote's time is over: have its money refunded and ask for a new quote.
    const E_QUOTE_EXPIRED: u64 = 1;
    /// The quote was redeemed or refunded before: ask for a new one.
    const E_QUOTE_USED: u64 = 2;
    /// The quote's deposit isn't paid yet: transfer it to the quote's address first.
    const E_NOT_PAID: u64 = 3;
    /// Until the quote's time is over only its payer and its clerk may have it refunded.
    const E_STILL_REDEEMABLE: u64 = 4;
    /// There is nothing of this asset at the quote's address.
    const E_NOTHING_TO_REFUND: u64 = 5;

    // === Constants ===

    const FACTORY_SEED: vector<u8> = b"computestream::quotes";
    const NOBODY: address = @0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff;

    // === Structs ===

    struct Factory has key {
        extend_ref: ExtendRef
    }

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    /// What is left of a used quote, so that money which comes late still finds its way back.
    struct Quote has key {
        extend_ref: ExtendRef,
        /// 0x0 if it was refunded.
        job: address
    }

    /// What is hashed of an order, in BCS: the arguments of `job_orders::create_job` in their order.
    struct Order has drop {
        provider: address,
        image: String,
        job_spec: String,
        gpus: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    }

    /// What the address is made of, in BCS.
    struct Seed has drop {
        payer: address,
        clerk: address,
        redeem_by: u64,
        nonce: vector<u8>,
        order_hash: vector<u8>
    }

    // === Events ===

    #[event]
    /// The deposit of a quote became its job.
    struct QuoteRedeemed has drop, store {
        quote: address,
        payer: address,
        job: address,
        asset: address,
        amount: u64,
        redeemed_by: address,
        timestamp: u64
    }

    #[event]
    /// Money went back from a quote to its payer: all of it, or what was paid beyond the deposit.
    struct QuoteRefunded has drop, store {
        quote: address,
        payer: address,
        asset: address,
        amount: u64,
        refunded_by: address,
        timestamp: u64
    }

    // === Views ===

    #[view]
    /// Where to pay; `order_hash` is SHA3-256 of the order in BCS.
    public fun quote_address(
        payer: address,
        clerk: address,
        redeem_by: u64,
        nonce: vector<u8>,
        order_hash: vector<u8>
    ): address {
        object::create_object_address(
            &factory_address(),
            bcs::to_bytes(&Seed { payer, clerk, redeem_by, nonce, order_hash })
        )
    }

    #[view]
    /// The job a quote became; 0x0 of one that is unused or was refunded.
    public fun job_of(quote: address): address acquires Quote {
        if (exists<Quote>(quote)) Quote[quote].job else @0x0
    }

    // === Entry ===

    fun init_module(publisher: &signer) {
        let constructor_ref = object::create_named_object(publisher, FACTORY_SEED);
        let factory = object::address_from_constructor_ref(&constructor_ref);
        move_to(
            publisher,
            Factory { extend_ref: object::generate_extend_ref(&constructor_ref) }
        );
        object::transfer_raw(publisher, factory, NOBODY);
    }

    /// Makes the promised job out of a paid quote. Its buyer is the payer; anyone may bring it about.
    public entry fun redeem(
        anyone: &signer,
        payer: address,
        clerk: address,
        redeem_by: u64,
        nonce: vector<u8>,
        provider: Object<Provider>,
        image: String,
        job_spec: String,
        gpus: u64,
        max_duration_secs: u64,
        max_rate_per_hour: u64,
        deposit: u64,
        holdback_secs: u64,
        priority: u8,
        buyer_key: vector<u8>
    ) acquires Factory, Quote {
        let order_hash =
            hash_of(
                Order {
                    provider: object::object_address(&provider),
                    image,
                    job_spec,
                    gpus,
                    max_duration_secs,
                    max_rate_per_hour,
                    deposit,
                    holdback_secs,
                    priority,
                    buyer_key
                }
            );
        assert!(timestamp::now_seconds() < redeem_by, E_QUOTE_EXPIRED);
        let seed = Seed { payer, clerk, redeem_by, nonce, order_hash };
        let quote = address_from(&seed);
        assert!(!exists<Quote>(quote), E_QUOTE_USED);
        let asset = provider_registry::asset(object::object_address(&provider));
        // A free order needs no quote, and nobody shall order in the name of a payer who never paid.
        assert!(
            deposit > 0
                && primary_fungible_store::is_balance_at_least(quote, asset, deposit),
            E_NOT_PAID
        );

        let purse = open(&seed);
        let jobs =
            job_orders::create_for(
                payer,
                &purse,
                provider,
                image,
                vector[job_spec],
                gpus,
                max_duration_secs,
                max_rate_per_hour,
                deposit,
                holdback_secs,
                priority,
                buyer_key
            );
        let job = object::object_address(&jobs[0]);
        Quote[quote].job = job;
        let redeemed_by = signer::address_of(anyone);
        event::emit(
            QuoteRedeemed {
                quote,
                payer,
                job,
                asset: object::object_address(&asset),
                amount: deposit,
                redeemed_by,
                timestamp: timestamp::now_seconds()
            }
        );
        return_all(&purse, asset, payer, redeemed_by);
    }

    /// Sends what lies at a quote's address back to its payer, and voids the quote. The payer and the clerk may do so
    /// at any time, anyone once the quote is used or its time is over.
    public entry fun refund(
        anyone: &signer,
        asset: Object<Metadata>,
        payer: address,
        clerk: address,
        redeem_by: u64,
        nonce: vector<u8>,
        order_hash: vector<u8>
    ) acquires Factory, Quote {
        let refunded_by = signer::address_of(anyone);
        let seed = Seed { payer, clerk, redeem_by, nonce, order_hash };
        let quote = address_from(&seed);
        let is_used = exists<Quote>(quote);
        assert!(
            refunded_by == payer
                || refunded_by == clerk
                || is_used
                || timestamp::now_seconds() >= redeem_by,
            E_STILL_REDEEMABLE
        );
        assert!(primary_fungible_store::balance(quote, asset) > 0, E_NOTHING_TO_REFUND);

        let purse =
            if (is_used) object::generate_signer_for_extending(&Quote[quote].extend_ref)
            else open(&seed);
        return_all(&purse, asset, payer, refunded_by);
    }

    // === Private ===

    fun factory_address(): address {
        object::create_object_address(&@computestream, FACTORY_SEED)
    }

    fun hash_of(order: Order): vector<u8> {
        hash::sha3_256(bcs::to_bytes(&order))
    }

    fun address_from(seed: &Seed): address {
        object::create_object_address(&factory_address(), bcs::to_bytes(seed))
    }

    /// The quote's object from now on, and its signer, which no code outside the package ever gets.
    fun open(seed: &Seed): signer acquires Factory {
        let factory =
            object::generate_signer_for_extending(&Factory[@computestream].extend_ref);
        let constructor_ref = object::create_named_object(&factory, bcs::to_bytes(seed));
        let purse = object::generate_signer(&constructor_ref);
        move_to(
            &purse,
            Quote {
                extend_ref: object::generate_extend_ref(&constructor_ref),
                job: @0x0
            }
        );
        purse
    }

    /// Whatever of `asset` lies with the purse goes to the payer; nothing is a no-op without an event.
    fun return_all(
        purse: &signer,
        asset: Object<Metadata>,
        payer: address,
        refunded_by: address
    ) {
        let quote = signer::address_of(purse);
        let amount = primary_fungible_store::balance(quote, asset);
        if (amount == 0) return;
        vault::pay_out(payer, primary_fungible_store::withdraw(purse, asset, amount));
        event::emit(
            QuoteRefunded {
                quote,
                payer,
                asset: object::object_address(&asset),
                amount,
                refunded_by,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    #[test_only]
    public fun init_for_test(publisher: &signer) {
        init_module(publisher);
    }
}
