/// Fungible assets: metadata objects, the stores that hold balances, and the references that mint and burn.
module aptos_framework::fungible_asset {
    friend aptos_framework::aptos_coin;
    friend aptos_framework::primary_fungible_store;
    use std::error;
    use std::option::{Self, Option};
    use std::signer;
    use std::string::{Self, String};
    use aptos_framework::event;
    use aptos_framework::object::{Self, ConstructorRef, DeleteRef, Object};

    /// The amount must be above zero.
    const EAMOUNT_CANNOT_BE_ZERO: u64 = 1;
    /// The transfer reference is of another asset.
    const ETRANSFER_REF_AND_FUNGIBLE_ASSET_MISMATCH: u64 = 2;
    /// The store is frozen.
    const ESTORE_IS_FROZEN: u64 = 3;
    /// The balance does not cover the amount.
    const EINSUFFICIENT_BALANCE: u64 = 4;
    /// Minting this would exceed the maximum supply.
    const EMAX_SUPPLY_EXCEEDED: u64 = 5;
    /// The two are of different assets.
    const EFUNGIBLE_ASSET_MISMATCH: u64 = 6;
    /// The mint reference is of another asset than the store.
    const EMINT_REF_AND_STORE_MISMATCH: u64 = 7;
    /// The account does not own the store.
    const ENOT_STORE_OWNER: u64 = 8;
    /// The transfer reference is of another asset than the store.
    const ETRANSFER_REF_AND_STORE_MISMATCH: u64 = 9;
    /// The burn reference is of another asset than the store.
    const EBURN_REF_AND_STORE_MISMATCH: u64 = 10;
    /// The store is of another asset.
    const EFUNGIBLE_ASSET_AND_STORE_MISMATCH: u64 = 11;
    /// Only an amount of zero can be destroyed.
    const EAMOUNT_IS_NOT_ZERO: u64 = 12;
    /// The burn reference is of another asset.
    const EBURN_REF_AND_FUNGIBLE_ASSET_MISMATCH: u64 = 13;
    /// A store must be empty to be removed.
    const EBALANCE_IS_NOT_ZERO: u64 = 14;
    /// The asset's name is too long.
    const ENAME_TOO_LONG: u64 = 15;
    /// The asset's symbol is too long.
    const ESYMBOL_TOO_LONG: u64 = 16;
    /// The asset has more than 32 decimals.
    const EDECIMALS_TOO_LARGE: u64 = 17;
    /// An asset's object must not be deletable.
    const EOBJECT_IS_DELETABLE: u64 = 18;
    /// The URI is too long.
    const EURI_TOO_LONG: u64 = 19;
    /// More is burnt than was ever minted.
    const ESUPPLY_UNDERFLOW: u64 = 20;
    /// The asset keeps no supply.
    const ESUPPLY_NOT_FOUND: u64 = 21;
    /// There is no fungible store at this object.
    const EFUNGIBLE_STORE_EXISTENCE: u64 = 23;
    /// There is no fungible asset at this object.
    const EFUNGIBLE_METADATA_EXISTENCE: u64 = 30;

    const MAX_NAME_LENGTH: u64 = 32;
    const MAX_SYMBOL_LENGTH: u64 = 32;
    const MAX_DECIMALS: u8 = 32;
    const MAX_URI_LENGTH: u64 = 512;

    struct Supply has key {
        current: u128,
        maximum: Option<u128>
    }

    struct Metadata has key, copy, drop {
        name: String,
        symbol: String,
        decimals: u8,
        icon_uri: String,
        project_uri: String
    }

    /// Stores of this asset cannot change hands.
    struct Untransferable has key {}

    struct FungibleStore has key {
        metadata: Object<Metadata>,
        balance: u64,
        frozen: bool
    }

    /// An amount on its way from one store to another.
    struct FungibleAsset {
        metadata: Object<Metadata>,
        amount: u64
    }

    struct MintRef has drop, store {
        metadata: Object<Metadata>
    }

    struct TransferRef has drop, store {
        metadata: Object<Metadata>
    }

    struct BurnRef has drop, store {
        metadata: Object<Metadata>
    }

    struct MutateMetadataRef has drop, store {
        metadata: Object<Metadata>
    }

    #[event]
    struct Deposit has drop, store {
        store: address,
        amount: u64
    }

    #[event]
    struct Withdraw has drop, store {
        store: address,
        amount: u64
    }

    #[event]
    struct Frozen has drop, store {
        store: address,
        frozen: bool
    }

    // Making an asset

    public fun add_fungibility(
        constructor_ref: &ConstructorRef,
        maximum_supply: Option<u128>,
        name: String,
        symbol: String,
        decimals: u8,
        icon_uri: String,
        project_uri: String
    ): Object<Metadata> {
        assert!(
            !object::can_generate_delete_ref(constructor_ref),
            error::invalid_argument(EOBJECT_IS_DELETABLE)
        );
        assert!(string::length(&name) <= MAX_NAME_LENGTH, error::out_of_range(ENAME_TOO_LONG));
        assert!(string::length(&symbol) <= MAX_SYMBOL_LENGTH, error::out_of_range(ESYMBOL_TOO_LONG));
        assert!(decimals <= MAX_DECIMALS, error::out_of_range(EDECIMALS_TOO_LARGE));
        assert!(string::length(&icon_uri) <= MAX_URI_LENGTH, error::out_of_range(EURI_TOO_LONG));
        assert!(string::length(&project_uri) <= MAX_URI_LENGTH, error::out_of_range(EURI_TOO_LONG));
        let object_signer = &object::generate_signer(constructor_ref);
        move_to(object_signer, Metadata { name, symbol, decimals, icon_uri, project_uri });
        move_to(object_signer, Supply { current: 0, maximum: maximum_supply });
        object::object_from_constructor_ref<Metadata>(constructor_ref)
    }

    public fun set_untransferable(constructor_ref: &ConstructorRef) {
        move_to(&object::generate_signer(constructor_ref), Untransferable {})
    }

    public fun generate_mint_ref(constructor_ref: &ConstructorRef): MintRef {
        MintRef { metadata: object::object_from_constructor_ref<Metadata>(constructor_ref) }
    }

    public fun generate_burn_ref(constructor_ref: &ConstructorRef): BurnRef {
        BurnRef { metadata: object::object_from_constructor_ref<Metadata>(constructor_ref) }
    }

    public fun generate_transfer_ref(constructor_ref: &ConstructorRef): TransferRef {
        TransferRef { metadata: object::object_from_constructor_ref<Metadata>(constructor_ref) }
    }

    public fun generate_mutate_metadata_ref(constructor_ref: &ConstructorRef): MutateMetadataRef {
        MutateMetadataRef { metadata: object::object_from_constructor_ref<Metadata>(constructor_ref) }
    }

    public fun mint_ref_metadata(ref: &MintRef): Object<Metadata> {
        ref.metadata
    }

    public fun burn_ref_metadata(ref: &BurnRef): Object<Metadata> {
        ref.metadata
    }

    public fun transfer_ref_metadata(ref: &TransferRef): Object<Metadata> {
        ref.metadata
    }

    public fun object_from_metadata_ref(ref: &MutateMetadataRef): Object<Metadata> {
        ref.metadata
    }

    public fun mutate_metadata(
        metadata_ref: &MutateMetadataRef,
        name: Option<String>,
        symbol: Option<String>,
        decimals: Option<u8>,
        icon_uri: Option<String>,
        project_uri: Option<String>
    ) acquires Metadata {
        let metadata = borrow_global_mut<Metadata>(object::object_address(&metadata_ref.metadata));
        if (option::is_some(&name)) metadata.name = option::destroy_some(name);
        if (option::is_some(&symbol)) metadata.symbol = option::destroy_some(symbol);
        if (option::is_some(&decimals)) metadata.decimals = option::destroy_some(decimals);
        if (option::is_some(&icon_uri)) metadata.icon_uri = option::destroy_some(icon_uri);
        if (option::is_some(&project_uri)) metadata.project_uri = option::destroy_some(project_uri);
    }

    // What an asset is

    #[view]
    public fun supply<T: key>(metadata: Object<T>): Option<u128> acquires Supply {
        let addr = object::object_address(&metadata);
        if (exists<Supply>(addr)) option::some(borrow_global<Supply>(addr).current) else option::none()
    }

    #[view]
    public fun maximum<T: key>(metadata: Object<T>): Option<u128> acquires Supply {
        let addr = object::object_address(&metadata);
        if (exists<Supply>(addr)) borrow_global<Supply>(addr).maximum else option::none()
    }

    #[view]
    public fun name<T: key>(metadata: Object<T>): String acquires Metadata {
        metadata_of(object::object_address(&metadata)).name
    }

    #[view]
    public fun symbol<T: key>(metadata: Object<T>): String acquires Metadata {
        metadata_of(object::object_address(&metadata)).symbol
    }

    #[view]
    public fun decimals<T: key>(metadata: Object<T>): u8 acquires Metadata {
        metadata_of(object::object_address(&metadata)).decimals
    }

    #[view]
    public fun icon_uri<T: key>(metadata: Object<T>): String acquires Metadata {
        metadata_of(object::object_address(&metadata)).icon_uri
    }

    #[view]
    public fun project_uri<T: key>(metadata: Object<T>): String acquires Metadata {
        metadata_of(object::object_address(&metadata)).project_uri
    }

    #[view]
    public fun metadata<T: key>(metadata: Object<T>): Metadata acquires Metadata {
        *metadata_of(object::object_address(&metadata))
    }

    #[view]
    public fun is_untransferable<T: key>(metadata: Object<T>): bool {
        exists<Untransferable>(object::object_address(&metadata))
    }

    inline fun metadata_of(addr: address): &Metadata {
        assert!(exists<Metadata>(addr), error::not_found(EFUNGIBLE_METADATA_EXISTENCE));
        borrow_global<Metadata>(addr)
    }

    // Stores

    public fun create_store<T: key>(
        constructor_ref: &ConstructorRef, metadata: Object<T>
    ): Object<FungibleStore> {
        let metadata_address = object::object_address(&metadata);
        if (exists<Untransferable>(metadata_address)) object::set_untransferable(constructor_ref);
        move_to(
            &object::generate_signer(constructor_ref),
            FungibleStore { metadata: object::convert(metadata), balance: 0, frozen: false }
        );
        object::object_from_constructor_ref<FungibleStore>(constructor_ref)
    }

    public fun remove_store(delete_ref: &DeleteRef) acquires FungibleStore {
        let addr = object::address_from_delete_ref(delete_ref);
        assert!(exists<FungibleStore>(addr), error::not_found(EFUNGIBLE_STORE_EXISTENCE));
        let FungibleStore { metadata: _, balance, frozen: _ } = move_from<FungibleStore>(addr);
        assert!(balance == 0, error::permission_denied(EBALANCE_IS_NOT_ZERO));
    }

    #[view]
    public fun store_exists(store: address): bool {
        exists<FungibleStore>(store)
    }

    #[view]
    public fun store_metadata<T: key>(store: Object<T>): Object<Metadata> acquires FungibleStore {
        store_of(object::object_address(&store)).metadata
    }

    #[view]
    /// Zero where there is no store.
    public fun balance<T: key>(store: Object<T>): u64 acquires FungibleStore {
        balance_at(object::object_address(&store))
    }

    #[view]
    public fun is_balance_at_least<T: key>(store: Object<T>, amount: u64): bool acquires FungibleStore {
        balance(store) >= amount
    }

    #[view]
    public fun is_frozen<T: key>(store: Object<T>): bool acquires FungibleStore {
        is_frozen_at(object::object_address(&store))
    }

    #[view]
    public fun is_store_dispatchable<T: key>(_store: Object<T>): bool {
        false
    }

    inline fun store_of(addr: address): &FungibleStore {
        assert!(exists<FungibleStore>(addr), error::not_found(EFUNGIBLE_STORE_EXISTENCE));
        borrow_global<FungibleStore>(addr)
    }

    inline fun store_of_mut(addr: address): &mut FungibleStore {
        assert!(exists<FungibleStore>(addr), error::not_found(EFUNGIBLE_STORE_EXISTENCE));
        borrow_global_mut<FungibleStore>(addr)
    }

    // Moving amounts

    public entry fun transfer<T: key>(
        sender: &signer, from: Object<T>, to: Object<T>, amount: u64
    ) acquires FungibleStore {
        let fa = withdraw(sender, from, amount);
        deposit(to, fa)
    }

    public fun withdraw<T: key>(owner: &signer, store: Object<T>, amount: u64): FungibleAsset acquires FungibleStore {
        let (addr, owned) = object::address_and_owns(&store, signer::address_of(owner));
        assert!(owned, error::permission_denied(ENOT_STORE_OWNER));
        withdraw_unfrozen(addr, amount)
    }

    public fun deposit<T: key>(store: Object<T>, fa: FungibleAsset) acquires FungibleStore {
        deposit_unfrozen(object::object_address(&store), fa)
    }

    public(friend) fun withdraw_unfrozen(store: address, amount: u64): FungibleAsset acquires FungibleStore {
        assert!(!store_of(store).frozen, error::permission_denied(ESTORE_IS_FROZEN));
        withdraw_internal(store, amount)
    }

    public(friend) fun deposit_unfrozen(store: address, fa: FungibleAsset) acquires FungibleStore {
        assert!(!store_of(store).frozen, error::permission_denied(ESTORE_IS_FROZEN));
        deposit_internal(store, fa)
    }

    public(friend) fun withdraw_internal(store: address, amount: u64): FungibleAsset acquires FungibleStore {
        let resource = store_of_mut(store);
        let metadata = resource.metadata;
        if (amount != 0) {
            assert!(resource.balance >= amount, error::invalid_argument(EINSUFFICIENT_BALANCE));
            resource.balance = resource.balance - amount;
            event::emit(Withdraw { store, amount });
        };
        FungibleAsset { metadata, amount }
    }

    public(friend) fun deposit_internal(store: address, fa: FungibleAsset) acquires FungibleStore {
        let FungibleAsset { metadata, amount } = fa;
        let resource = store_of_mut(store);
        assert!(resource.metadata == metadata, error::invalid_argument(EFUNGIBLE_ASSET_AND_STORE_MISMATCH));
        if (amount != 0) {
            resource.balance = resource.balance + amount;
            event::emit(Deposit { store, amount });
        }
    }

    public(friend) fun balance_at(store: address): u64 acquires FungibleStore {
        if (exists<FungibleStore>(store)) borrow_global<FungibleStore>(store).balance else 0
    }

    public(friend) fun is_frozen_at(store: address): bool acquires FungibleStore {
        exists<FungibleStore>(store) && borrow_global<FungibleStore>(store).frozen
    }

    public fun zero<T: key>(metadata: Object<T>): FungibleAsset {
        FungibleAsset { metadata: object::convert(metadata), amount: 0 }
    }

    public fun extract(fungible_asset: &mut FungibleAsset, amount: u64): FungibleAsset {
        assert!(fungible_asset.amount >= amount, error::invalid_argument(EINSUFFICIENT_BALANCE));
        fungible_asset.amount = fungible_asset.amount - amount;
        FungibleAsset { metadata: fungible_asset.metadata, amount }
    }

    public fun merge(dst_fungible_asset: &mut FungibleAsset, src_fungible_asset: FungibleAsset) {
        let FungibleAsset { metadata, amount } = src_fungible_asset;
        assert!(metadata == dst_fungible_asset.metadata, error::invalid_argument(EFUNGIBLE_ASSET_MISMATCH));
        dst_fungible_asset.amount = dst_fungible_asset.amount + amount;
    }

    public fun destroy_zero(fungible_asset: FungibleAsset) {
        let FungibleAsset { metadata: _, amount } = fungible_asset;
        assert!(amount == 0, error::invalid_argument(EAMOUNT_IS_NOT_ZERO));
    }

    public fun amount(fa: &FungibleAsset): u64 {
        fa.amount
    }

    public fun asset_metadata(fa: &FungibleAsset): Object<Metadata> {
        fa.metadata
    }

    public fun metadata_from_asset(fa: &FungibleAsset): Object<Metadata> {
        fa.metadata
    }

    // With references

    public fun mint(ref: &MintRef, amount: u64): FungibleAsset acquires Supply {
        let metadata = ref.metadata;
        increase_supply(object::object_address(&metadata), amount);
        FungibleAsset { metadata, amount }
    }

    public fun mint_to<T: key>(ref: &MintRef, store: Object<T>, amount: u64) acquires FungibleStore, Supply {
        let addr = object::object_address(&store);
        let resource = store_of(addr);
        assert!(!resource.frozen, error::permission_denied(ESTORE_IS_FROZEN));
        assert!(resource.metadata == ref.metadata, error::invalid_argument(EMINT_REF_AND_STORE_MISMATCH));
        deposit_internal(addr, mint(ref, amount))
    }

    public fun burn(ref: &BurnRef, fa: FungibleAsset) acquires Supply {
        let FungibleAsset { metadata, amount } = fa;
        assert!(ref.metadata == metadata, error::invalid_argument(EBURN_REF_AND_FUNGIBLE_ASSET_MISMATCH));
        decrease_supply(object::object_address(&metadata), amount)
    }

    public fun burn_from<T: key>(ref: &BurnRef, store: Object<T>, amount: u64) acquires FungibleStore, Supply {
        let addr = object::object_address(&store);
        assert!(
            store_of(addr).metadata == ref.metadata, error::invalid_argument(EBURN_REF_AND_STORE_MISMATCH)
        );
        burn(ref, withdraw_internal(addr, amount))
    }

    /// Takes a transaction fee without an event.
    public(friend) fun burn_for_gas(ref: &BurnRef, store: address, amount: u64) acquires FungibleStore, Supply {
        let resource = store_of_mut(store);
        assert!(resource.metadata == ref.metadata, error::invalid_argument(EBURN_REF_AND_STORE_MISMATCH));
        assert!(resource.balance >= amount, error::invalid_argument(EINSUFFICIENT_BALANCE));
        resource.balance = resource.balance - amount;
        decrease_supply(object::object_address(&ref.metadata), amount)
    }

    public fun set_frozen_flag<T: key>(ref: &TransferRef, store: Object<T>, frozen: bool) acquires FungibleStore {
        let addr = object::object_address(&store);
        let resource = store_of_mut(addr);
        assert!(ref.metadata == resource.metadata, error::invalid_argument(ETRANSFER_REF_AND_STORE_MISMATCH));
        resource.frozen = frozen;
        event::emit(Frozen { store: addr, frozen })
    }

    public fun withdraw_with_ref<T: key>(
        ref: &TransferRef, store: Object<T>, amount: u64
    ): FungibleAsset acquires FungibleStore {
        let addr = object::object_address(&store);
        assert!(
            ref.metadata == store_of(addr).metadata, error::invalid_argument(ETRANSFER_REF_AND_STORE_MISMATCH)
        );
        withdraw_internal(addr, amount)
    }

    public fun deposit_with_ref<T: key>(
        ref: &TransferRef, store: Object<T>, fa: FungibleAsset
    ) acquires FungibleStore {
        assert!(
            ref.metadata == fa.metadata, error::invalid_argument(ETRANSFER_REF_AND_FUNGIBLE_ASSET_MISMATCH)
        );
        deposit_internal(object::object_address(&store), fa)
    }

    public fun transfer_with_ref<T: key>(
        transfer_ref: &TransferRef, from: Object<T>, to: Object<T>, amount: u64
    ) acquires FungibleStore {
        let fa = withdraw_with_ref(transfer_ref, from, amount);
        deposit_with_ref(transfer_ref, to, fa)
    }

    fun increase_supply(metadata: address, amount: u64) acquires Supply {
        if (amount == 0) return;
        assert!(exists<Supply>(metadata), error::not_found(ESUPPLY_NOT_FOUND));
        let supply = borrow_global_mut<Supply>(metadata);
        if (option::is_some(&supply.maximum)) {
            assert!(
                *option::borrow(&supply.maximum) - supply.current >= (amount as u128),
                error::out_of_range(EMAX_SUPPLY_EXCEEDED)
            );
        };
        supply.current = supply.current + (amount as u128);
    }

    fun decrease_supply(metadata: address, amount: u64) acquires Supply {
        if (amount == 0) return;
        assert!(exists<Supply>(metadata), error::not_found(ESUPPLY_NOT_FOUND));
        let supply = borrow_global_mut<Supply>(metadata);
        assert!(supply.current >= (amount as u128), error::invalid_state(ESUPPLY_UNDERFLOW));
        supply.current = supply.current - (amount as u128);
    }
}
