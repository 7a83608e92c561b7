/// MOVE: the fungible asset at 0xa that pays for gas, and who may mint and burn it.
module aptos_framework::aptos_coin {
    friend aptos_framework::transaction_validation;
    use std::error;
    use std::option;
    use std::string;
    use aptos_framework::fungible_asset::{Self, BurnRef, Metadata, MintRef};
    use aptos_framework::object::{Self, Object};
    use aptos_framework::primary_fungible_store;
    use aptos_framework::system_addresses;

    /// Names MOVE as a type argument; MOVE itself is only ever a fungible asset.
    struct AptosCoin has key {}

    struct MoveCapabilities has key {
        mint_ref: MintRef,
        burn_ref: BurnRef
    }

    /// The account may not mint.
    const ENO_CAPABILITIES: u64 = 1;

    fun init_module(framework: &signer) {
        create_move(framework)
    }

    fun create_move(framework: &signer) {
        let constructor_ref = &object::create_sticky_object_at_address(@aptos_framework, @aptos_fungible_asset);
        primary_fungible_store::create_primary_store_enabled_fungible_asset(
            constructor_ref,
            option::none(),
            string::utf8(b"Move Coin"),
            string::utf8(b"MOVE"),
            8,
            string::utf8(b""),
            string::utf8(b"")
        );
        move_to(
            framework,
            MoveCapabilities {
                mint_ref: fungible_asset::generate_mint_ref(constructor_ref),
                burn_ref: fungible_asset::generate_burn_ref(constructor_ref)
            }
        )
    }

    public fun metadata(): Object<Metadata> {
        object::address_to_object<Metadata>(@aptos_fungible_asset)
    }

    /// For the chain's faucet, which signs as 0x1.
    public entry fun mint(account: &signer, dst_addr: address, amount: u64) acquires MoveCapabilities {
        assert!(
            system_addresses::is_aptos_framework_address(std::signer::address_of(account)),
            error::not_found(ENO_CAPABILITIES)
        );
        primary_fungible_store::mint(&borrow_global<MoveCapabilities>(@aptos_framework).mint_ref, dst_addr, amount)
    }

    public(friend) fun burn_fee(payer: address, amount: u64) acquires MoveCapabilities {
        let store = primary_fungible_store::primary_store_address(payer, metadata());
        fungible_asset::burn_for_gas(
            &borrow_global<MoveCapabilities>(@aptos_framework).burn_ref, store, amount
        )
    }

    #[test_only]
    /// Makes MOVE in a unit test, where no genesis ran.
    public fun initialize_for_test(framework: &signer) {
        if (!exists<MoveCapabilities>(@aptos_framework)) create_move(framework)
    }

    #[test_only]
    public fun mint_for_test(dst_addr: address, amount: u64) acquires MoveCapabilities {
        let framework = aptos_framework::account::create_signer_for_test(@aptos_framework);
        initialize_for_test(&framework);
        mint(&framework, dst_addr, amount)
    }
}
