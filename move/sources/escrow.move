/// The escrow of a job: one vault on the job's object.
/// It doesn't know jobs, prices or time: its callers decide who is owed what.
///
///     open (deposit) --> release* / refund* --> empty
///
/// What is released is told by `payment_stream::StreamSettled`, which carries both payees' amounts.
module computestream::escrow {
    use std::signer;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, ConstructorRef, Object};
    use aptos_framework::timestamp;
    use computestream::vault::{Self, Vault};

    // === Errors ===

    /// There is no escrow at this address: check the job's address.
    const E_NO_ESCROW: u64 = 1;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Escrow has key {
        vault: Vault
    }

    // === Events ===

    #[event]
    struct EscrowDeposited has drop, store {
        job: address,
        payer: address,
        asset: address,
        amount: u64,
        balance: u64,
        timestamp: u64
    }

    #[event]
    struct EscrowRefunded has drop, store {
        job: address,
        to: address,
        amount: u64,
        balance: u64,
        timestamp: u64
    }

    // === Views ===

    #[view]
    /// What the job's escrow still holds, in base units of its asset.
    public fun balance(job: address): u64 acquires Escrow {
        assert!(exists<Escrow>(job), E_NO_ESCROW);
        Escrow[job].vault.balance()
    }

    // === Package ===

    /// Puts an escrow holding `amount` of the payer's money on the job's object.
    public(package) fun open(
        constructor_ref: &ConstructorRef,
        payer: &signer,
        asset: Object<Metadata>,
        amount: u64
    ) {
        let vault = vault::open(constructor_ref, asset);
        vault.deposit(payer, amount);
        let balance = vault.balance();
        move_to(&object::generate_signer(constructor_ref), Escrow { vault });

        event::emit(
            EscrowDeposited {
                job: object::address_from_constructor_ref(constructor_ref),
                payer: signer::address_of(payer),
                asset: object::object_address(&asset),
                amount,
                balance,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// The signer of the job's object, for the modules that keep their resources on it.
    public(package) fun job_signer(job: address): signer acquires Escrow {
        Escrow[job].vault.object_signer()
    }

    /// False while the asset's issuer has frozen the escrow or taken from it.
    public(package) fun can_release(job: address, amount: u64): bool acquires Escrow {
        Escrow[job].vault.can_pay(amount)
    }

    /// Pays the provider's net and the market's fee; returns the balance after.
    public(package) fun release(
        job: address,
        payee: address,
        net: u64,
        treasury: address,
        fee: u64
    ): u64 acquires Escrow {
        let vault = &mut Escrow[job].vault;
        vault.pay(payee, net);
        vault.pay(treasury, fee);
        vault.balance()
    }

    /// Pays `amount` back; zero is a no-op without an event.
    public(package) fun refund(job: address, to: address, amount: u64) acquires Escrow {
        if (amount == 0) return;
        let vault = &mut Escrow[job].vault;
        vault.pay(to, amount);
        event::emit(
            EscrowRefunded {
                job,
                to,
                amount,
                balance: vault.balance(),
                timestamp: timestamp::now_seconds()
            }
        );
    }
}
