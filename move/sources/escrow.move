/// The escrow of a job: one vault on the job's object.
/// It doesn't know jobs, prices or time: its callers decide who is owed what.
///
///     open (deposit) --> top_up* / take* / refund* --> empty --destroy--> gone, and the job's object with it
///
/// What is taken is told by `stream::StreamSettled`, which carries every receiver's amount.
module computestream::escrow {
    use std::signer;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::{FungibleAsset, Metadata};
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

    /// Puts an escrow holding `amount` of the payer's money, which lies in the purse, on the job's object.
    public(package) fun open(
        constructor_ref: &ConstructorRef,
        payer: address,
        purse: &signer,
        asset: Object<Metadata>,
        amount: u64
    ) {
        let vault = vault::open(constructor_ref, asset);
        vault.deposit(purse, amount);
        let job = object::address_from_constructor_ref(constructor_ref);
        let deposited = deposited(&vault, job, payer, amount);
        move_to(&object::generate_signer(constructor_ref), Escrow { vault });

        event::emit(deposited);
    }

    /// Adds to the deposit; zero is a no-op without an event.
    public(package) fun top_up(job: address, payer: &signer, amount: u64) acquires Escrow {
        if (amount == 0) return;
        let vault = &mut Escrow[job].vault;
        vault.deposit(payer, amount);

        event::emit(deposited(vault, job, signer::address_of(payer), amount));
    }

    /// The signer of the job's object, for the modules that keep their resources on it.
    public(package) fun job_signer(job: address): signer acquires Escrow {
        Escrow[job].vault.object_signer()
    }

    public(package) fun asset(job: address): Object<Metadata> acquires Escrow {
        Escrow[job].vault.asset()
    }

    /// False while the asset's issuer has frozen the escrow, or taken so much from it.
    public(package) fun can_release(job: address, amount: u64): bool acquires Escrow {
        Escrow[job].vault.can_pay(amount)
    }

    /// False while the asset's issuer has frozen the escrow or taken anything from it.
    public(package) fun can_release_all(job: address): bool acquires Escrow {
        let vault = &Escrow[job].vault;
        vault.can_pay(vault.balance())
    }

    /// Takes what is due, in one withdrawal for all its receivers. Returns it, and what is left.
    public(package) fun take(job: address, amount: u64): (FungibleAsset, u64) acquires Escrow {
        let vault = &mut Escrow[job].vault;
        (vault.take(amount), vault.balance())
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

    /// Deletes the job's object with its empty vault; what strangers sent there goes to `dust_to`.
    public(package) fun destroy(job: address, dust_to: address) acquires Escrow {
        let Escrow { vault } = move_from<Escrow>(job);
        vault.close(dust_to);
    }

    // === Private ===

    fun deposited(
        vault: &Vault, job: address, payer: address, amount: u64
    ): EscrowDeposited {
        EscrowDeposited {
            job,
            payer,
            asset: object::object_address(&vault.asset()),
            amount,
            balance: vault.balance(),
            timestamp: timestamp::now_seconds()
        }
    }
}
