/// One store a holder and asset at an address that anyone can work out, made when first needed.
module aptos_framework::primary_fungible_store {
    use std::option::Option;
    use std::signer;
    use std::string::String;
    use aptos_framework::fungible_asset::{
        Self, BurnRef, FungibleAsset, FungibleStore, Metadata, MintRef, TransferRef
    };
    use aptos_framework::object::{Self, ConstructorRef, DeriveRef, Object};

    /// What lets stores be made for any holder.
    struct DeriveRefPod has key {
        metadata_derive_ref: DeriveRef
    }

    public fun create_primary_store_enabled_fungible_asset(
        constructor_ref: &ConstructorRef,
        maximum_supply: Option<u128>,
        name: String,
        symbol: String,
        decimals: u8,
        icon_uri: String,
        project_uri: String
    ) {
        fungible_asset::add_fungibility(
            constructor_ref, maximum_supply, name, symbol, decimals, icon_uri, project_uri
        );
        move_to(
            &object::generate_signer(constructor_ref),
            DeriveRefPod { metadata_derive_ref: object::generate_derive_ref(constructor_ref) }
        );
    }

    public fun ensure_primary_store_exists<T: key>(
        owner: address, metadata: Object<T>
    ): Object<FungibleStore> acquires DeriveRefPod {
        object::object_at(ensure_store(owner, metadata))
    }

    fun ensure_store<T: key>(owner: address, metadata: Object<T>): address acquires DeriveRefPod {
        let store = primary_store_address(owner, metadata);
        if (!fungible_asset::store_exists(store)) {
            create_primary_store(owner, metadata);
        };
        store
    }

    public fun create_primary_store<T: key>(
        owner_addr: address, metadata: Object<T>
    ): Object<FungibleStore> acquires DeriveRefPod {
        let metadata_addr = object::object_address(&metadata);
        object::address_to_object<Metadata>(metadata_addr);
        let derive_ref = &borrow_global<DeriveRefPod>(metadata_addr).metadata_derive_ref;
        let constructor_ref = &object::create_user_derived_object(owner_addr, derive_ref, false);
        object::disable_ungated_transfer(&object::generate_transfer_ref(constructor_ref));
        fungible_asset::create_store(constructor_ref, metadata)
    }

    #[view]
    public fun primary_store_address<T: key>(owner: address, metadata: Object<T>): address {
        object::create_user_derived_object_address(owner, object::object_address(&metadata))
    }

    #[view]
    public fun primary_store<T: key>(owner: address, metadata: Object<T>): Object<FungibleStore> {
        object::address_to_object<FungibleStore>(primary_store_address(owner, metadata))
    }

    #[view]
    public fun primary_store_exists<T: key>(account: address, metadata: Object<T>): bool {
        fungible_asset::store_exists(primary_store_address(account, metadata))
    }

    public fun primary_store_address_inlined<T: key>(owner: address, metadata: Object<T>): address {
        primary_store_address(owner, metadata)
    }

    #[view]
    /// Zero where there is no store.
    public fun balance<T: key>(account: address, metadata: Object<T>): u64 {
        fungible_asset::balance_at(primary_store_address(account, metadata))
    }

    #[view]
    public fun is_balance_at_least<T: key>(account: address, metadata: Object<T>, amount: u64): bool {
        balance(account, metadata) >= amount
    }

    #[view]
    public fun is_frozen<T: key>(account: address, metadata: Object<T>): bool {
        fungible_asset::is_frozen_at(primary_store_address(account, metadata))
    }

    // A primary store never changes hands, so whoever it was derived for owns it.

    public fun withdraw<T: key>(
        owner: &signer, metadata: Object<T>, amount: u64
    ): FungibleAsset acquires DeriveRefPod {
        fungible_asset::withdraw_unfrozen(ensure_store(signer::address_of(owner), metadata), amount)
    }

    public fun deposit(owner: address, fa: FungibleAsset) acquires DeriveRefPod {
        fungible_asset::deposit_unfrozen(ensure_store(owner, fungible_asset::asset_metadata(&fa)), fa)
    }

    public entry fun transfer<T: key>(
        sender: &signer, metadata: Object<T>, recipient: address, amount: u64
    ) acquires DeriveRefPod {
        let fa = withdraw(sender, metadata, amount);
        fungible_asset::deposit_unfrozen(ensure_store(recipient, metadata), fa)
    }

    public fun mint(mint_ref: &MintRef, owner: address, amount: u64) acquires DeriveRefPod {
        let store = ensure_primary_store_exists(owner, fungible_asset::mint_ref_metadata(mint_ref));
        fungible_asset::mint_to(mint_ref, store, amount)
    }

    public fun burn(burn_ref: &BurnRef, owner: address, amount: u64) {
        let store = primary_store(owner, fungible_asset::burn_ref_metadata(burn_ref));
        fungible_asset::burn_from(burn_ref, store, amount)
    }

    public fun set_frozen_flag(transfer_ref: &TransferRef, owner: address, frozen: bool) acquires DeriveRefPod {
        let store = ensure_primary_store_exists(owner, fungible_asset::transfer_ref_metadata(transfer_ref));
        fungible_asset::set_frozen_flag(transfer_ref, store, frozen)
    }

    public fun withdraw_with_ref(transfer_ref: &TransferRef, owner: address, amount: u64): FungibleAsset {
        let from = primary_store(owner, fungible_asset::transfer_ref_metadata(transfer_ref));
        fungible_asset::withdraw_with_ref(transfer_ref, from, amount)
    }

    public fun deposit_with_ref(
        transfer_ref: &TransferRef, owner: address, fa: FungibleAsset
    ) acquires DeriveRefPod {
        let to = ensure_primary_store_exists(owner, fungible_asset::transfer_ref_metadata(transfer_ref));
        fungible_asset::deposit_with_ref(transfer_ref, to, fa)
    }

    public fun transfer_with_ref(
        transfer_ref: &TransferRef, from: address, to: address, amount: u64
    ) acquires DeriveRefPod {
        let metadata = fungible_asset::transfer_ref_metadata(transfer_ref);
        let to = ensure_primary_store_exists(to, metadata);
        fungible_asset::transfer_with_ref(transfer_ref, primary_store(from, metadata), to, amount)
    }
}
