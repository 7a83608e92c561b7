/// Stake: what a provider loses when a fault of its is proven, and how the rest gets out again.
/// It doesn't know who may move it, what the minimum is, nor what a fault is: `provider_registry` checks all that first.
///
///     add --> staked --request_unstake--> unbonding --(unbonding_secs) withdraw--> owner
///               |                             |
///               +--------- slash -------------+--> reporter, treasury
///
/// What was added is always what was withdrawn, what was slashed and what is still here.
module computestream::stake {
    use std::signer;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::{Self, ConstructorRef, Object};
    use aptos_framework::timestamp;
    use computestream::vault::{Self, Vault};

    // === Errors ===

    /// The amount is more than is staked: request less.
    const E_INSUFFICIENT_STAKE: u64 = 1;
    /// No stake is unbonding: request an unstake first.
    const E_NOTHING_UNBONDING: u64 = 2;
    /// The stake is still unbonding: wait until the time it unlocks.
    const E_STILL_UNBONDING: u64 = 3;
    /// There is no stake at this address: check the provider's address.
    const E_NO_STAKE: u64 = 4;

    // === Constants ===

    const MAX_BPS: u128 = 10_000;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    struct Stake has key {
        owner: address,
        /// Its balance is `staked + unbonding`.
        vault: Vault,
        staked: u64,
        unbonding: u64,
        /// For all that is unbonding; 0 while nothing is.
        unlocks_at: u64
    }

    struct StakeView has copy, drop, store {
        provider: address,
        asset: address,
        staked: u64,
        unbonding: u64,
        unlocks_at: u64
    }

    // === Events ===

    #[event]
    struct StakeAdded has drop, store {
        provider: address,
        amount: u64,
        staked: u64,
        timestamp: u64
    }

    #[event]
    struct UnstakeRequested has drop, store {
        provider: address,
        amount: u64,
        staked: u64,
        unbonding: u64,
        unlocks_at: u64,
        timestamp: u64
    }

    #[event]
    struct StakeWithdrawn has drop, store {
        provider: address,
        amount: u64,
        staked: u64,
        unbonding: u64,
        timestamp: u64
    }

    #[event]
    /// `reward` of `amount` went to the reporter, the rest to the treasury.
    struct StakeSlashed has drop, store {
        provider: address,
        reporter: address,
        amount: u64,
        reward: u64,
        staked: u64,
        unbonding: u64,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_stake(provider: address): StakeView acquires Stake {
        assert!(exists<Stake>(provider), E_NO_STAKE);
        let stake = &Stake[provider];
        StakeView {
            provider,
            asset: object::object_address(&stake.vault.asset()),
            staked: stake.staked,
            unbonding: stake.unbonding,
            unlocks_at: stake.unlocks_at
        }
    }

    // === Package ===

    /// The first stake of a provider whose object is being made.
    public(package) fun open(
        constructor_ref: &ConstructorRef,
        owner: &signer,
        asset: Object<Metadata>,
        amount: u64
    ) {
        let vault = vault::open(constructor_ref, asset);
        vault.deposit(owner, amount);
        move_to(
            &object::generate_signer(constructor_ref),
            Stake {
                owner: signer::address_of(owner),
                vault,
                staked: amount,
                unbonding: 0,
                unlocks_at: 0
            }
        );
    }

    /// Returns what is staked now.
    public(package) fun add(provider: address, owner: &signer, amount: u64): u64 acquires Stake {
        let stake = &mut Stake[provider];
        stake.staked = stake.staked + amount;
        stake.vault.deposit(owner, amount);
        event::emit(
            StakeAdded {
                provider,
                amount,
                staked: stake.staked,
                timestamp: timestamp::now_seconds()
            }
        );
        stake.staked
    }

    /// Starts unbonding; returns what is still staked. A further request restarts the clock for everything unbonding
    /// and never brings its end nearer.
    public(package) fun request_unstake(
        provider: address, amount: u64, unbonding_secs: u64
    ): u64 acquires Stake {
        let stake = &mut Stake[provider];
        assert!(amount <= stake.staked, E_INSUFFICIENT_STAKE);
        let now = timestamp::now_seconds();

        stake.staked = stake.staked - amount;
        stake.unbonding = stake.unbonding + amount;
        let unlocks_at = now + unbonding_secs;
        if (unlocks_at > stake.unlocks_at) stake.unlocks_at = unlocks_at;

        event::emit(
            UnstakeRequested {
                provider,
                amount,
                staked: stake.staked,
                unbonding: stake.unbonding,
                unlocks_at: stake.unlocks_at,
                timestamp: now
            }
        );
        stake.staked
    }

    public(package) fun assert_withdrawable(provider: address) acquires Stake {
        let stake = &Stake[provider];
        assert!(stake.unbonding > 0, E_NOTHING_UNBONDING);
        assert!(timestamp::now_seconds() >= stake.unlocks_at, E_STILL_UNBONDING);
    }

    /// Pays the owner everything that has finished unbonding.
    public(package) fun withdraw(provider: address) acquires Stake {
        assert_withdrawable(provider);
        let stake = &mut Stake[provider];
        let amount = stake.unbonding;

        stake.unbonding = 0;
        stake.unlocks_at = 0;
        stake.vault.pay(stake.owner, amount);

        event::emit(
            StakeWithdrawn {
                provider,
                amount,
                staked: stake.staked,
                unbonding: 0,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// Takes a part of everything here, unbonding or not, first from what is staked. Returns what it took and how
    /// much of that the reporter got. Takes nothing while the asset's issuer keeps the vault from paying: a proven
    /// fault must give the buyer its money all the same.
    public(package) fun slash(
        provider: address,
        slash_bps: u64,
        reporter: address,
        reward_bps: u64,
        treasury: address
    ): (u64, u64) acquires Stake {
        let stake = &mut Stake[provider];
        let amount = share(stake.vault.balance(), slash_bps);
        if (!stake.vault.can_pay(amount)) amount = 0;
        let reward = share(amount, reward_bps);

        let from_staked =
            if (amount < stake.staked) amount
            else stake.staked;
        stake.staked = stake.staked - from_staked;
        stake.unbonding = stake.unbonding - (amount - from_staked);
        if (stake.unbonding == 0) stake.unlocks_at = 0;
        stake.vault.pay(reporter, reward);
        stake.vault.pay(treasury, amount - reward);

        event::emit(
            StakeSlashed {
                provider,
                reporter,
                amount,
                reward,
                staked: stake.staked,
                unbonding: stake.unbonding,
                timestamp: timestamp::now_seconds()
            }
        );
        (amount, reward)
    }

    public(package) fun staked(provider: address): u64 acquires Stake {
        Stake[provider].staked
    }

    /// What can be slashed: staked and unbonding.
    public(package) fun total(provider: address): u64 acquires Stake {
        Stake[provider].vault.balance()
    }

    public(package) fun unbonding(provider: address): u64 acquires Stake {
        Stake[provider].unbonding
    }

    public(package) fun unlocks_at(provider: address): u64 acquires Stake {
        Stake[provider].unlocks_at
    }

    public(package) fun asset(provider: address): Object<Metadata> acquires Stake {
        Stake[provider].vault.asset()
    }

    // === Private ===

    /// The product of two u64 doesn't fit one.
    fun share(amount: u64, bps: u64): u64 {
        (((amount as u128) * (bps as u128) / MAX_BPS) as u64)
    }
}
