/// The coin functions that wallets and libraries still call, answered from MOVE's fungible asset.
/// `AptosCoin` is the only coin here.
module aptos_framework::coin {
    use std::error;
    use std::option::{Self, Option};
    use std::string::String;
    use aptos_std::type_info;
    use aptos_framework::aptos_coin::{Self, AptosCoin};
    use aptos_framework::fungible_asset::{Self, Metadata};
    use aptos_framework::object::Object;
    use aptos_framework::primary_fungible_store;

    /// There is no such coin.
    const ECOIN_INFO_NOT_PUBLISHED: u64 = 3;

    fun is_move<CoinType>(): bool {
        type_info::type_name<CoinType>() == type_info::type_name<AptosCoin>()
    }

    fun assert_move<CoinType>() {
        assert!(is_move<CoinType>(), error::not_found(ECOIN_INFO_NOT_PUBLISHED))
    }

    #[view]
    public fun paired_metadata<CoinType>(): Option<Object<Metadata>> {
        if (is_move<CoinType>()) option::some(aptos_coin::metadata()) else option::none()
    }

    #[view]
    public fun balance<CoinType>(owner: address): u64 {
        assert_move<CoinType>();
        primary_fungible_store::balance(owner, aptos_coin::metadata())
    }

    #[view]
    public fun is_balance_at_least<CoinType>(owner: address, amount: u64): bool {
        balance<CoinType>(owner) >= amount
    }

    #[view]
    public fun is_coin_initialized<CoinType>(): bool {
        is_move<CoinType>()
    }

    #[view]
    public fun is_account_registered<CoinType>(_account_addr: address): bool {
        is_move<CoinType>()
    }

    #[view]
    public fun name<CoinType>(): String {
        assert_move<CoinType>();
        fungible_asset::name(aptos_coin::metadata())
    }

    #[view]
    public fun symbol<CoinType>(): String {
        assert_move<CoinType>();
        fungible_asset::symbol(aptos_coin::metadata())
    }

    #[view]
    public fun decimals<CoinType>(): u8 {
        assert_move<CoinType>();
        fungible_asset::decimals(aptos_coin::metadata())
    }

    #[view]
    public fun supply<CoinType>(): Option<u128> {
        assert_move<CoinType>();
        fungible_asset::supply(aptos_coin::metadata())
    }

    public entry fun transfer<CoinType>(from: &signer, to: address, amount: u64) {
        assert_move<CoinType>();
        primary_fungible_store::transfer(from, aptos_coin::metadata(), to, amount)
    }
}
