/// Two assets that the fuzzer mints and whose stores it freezes and empties.
/// It doesn't know the protocol.
module fuzz_coin::fuzz_coin {
    use std::option;
    use std::signer;
    use std::string::utf8;
    use aptos_framework::fungible_asset::{Self, BurnRef, FungibleStore, Metadata, MintRef, TransferRef};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;

    struct Refs has key {
        mint: MintRef,
        burn: BurnRef,
        transfer: TransferRef
    }

    fun init_module(publisher: &signer) {
        make(publisher, b"A");
        make(publisher, b"B");
    }

    fun make(publisher: &signer, name: vector<u8>) {
        let constructor = &object::create_named_object(publisher, name);
        primary_fungible_store::create_primary_store_enabled_fungible_asset(
            constructor, option::none(), utf8(name), utf8(name), 6, utf8(b""), utf8(b"")
        );
        move_to(
            &object::generate_signer(constructor),
            Refs {
                mint: fungible_asset::generate_mint_ref(constructor),
                burn: fungible_asset::generate_burn_ref(constructor),
                transfer: fungible_asset::generate_transfer_ref(constructor)
            }
        );
    }

    #[view]
    public fun assets(): vector<address> {
        vector[
            object::create_object_address(&@fuzz_coin, b"A"),
            object::create_object_address(&@fuzz_coin, b"B")
        ]
    }

    public entry fun mint(asset: Object<Metadata>, to: address, amount: u64) acquires Refs {
        let refs = borrow_global<Refs>(object::object_address(&asset));
        primary_fungible_store::mint(&refs.mint, to, amount);
    }

    /// Sends to a store that isn't the sender's to use, as anybody can.
    public entry fun donate(sender: &signer, store: Object<FungibleStore>, amount: u64) {
        let asset = fungible_asset::store_metadata(store);
        fungible_asset::deposit(store, primary_fungible_store::withdraw(sender, asset, amount));
    }

    /// Pays to an account's or object's address, as wallets do.
    public entry fun send(sender: &signer, asset: Object<Metadata>, to: address, amount: u64) {
        primary_fungible_store::transfer(sender, asset, to, amount);
    }

    /// Takes from any store, as whoever owns it can, or what owns it, and what owns that.
    public entry fun draw(sender: &signer, store: Object<FungibleStore>, amount: u64) {
        let funds = fungible_asset::withdraw(sender, store, amount);
        primary_fungible_store::deposit(signer::address_of(sender), funds);
    }

    public entry fun set_frozen(store: Object<FungibleStore>, frozen: bool) acquires Refs {
        let asset = fungible_asset::store_metadata(store);
        let refs = borrow_global<Refs>(object::object_address(&asset));
        fungible_asset::set_frozen_flag(&refs.transfer, store, frozen);
    }

    /// Takes from a store, frozen or not.
    public entry fun seize(store: Object<FungibleStore>, amount: u64) acquires Refs {
        let asset = fungible_asset::store_metadata(store);
        let refs = borrow_global<Refs>(object::object_address(&asset));
        fungible_asset::burn_from(&refs.burn, store, amount);
    }

    /// Gives back, frozen or not.
    public entry fun restore(store: Object<FungibleStore>, amount: u64) acquires Refs {
        let asset = fungible_asset::store_metadata(store);
        let refs = borrow_global<Refs>(object::object_address(&asset));
        fungible_asset::deposit_with_ref(&refs.transfer, store, fungible_asset::mint(&refs.mint, amount));
    }
}
