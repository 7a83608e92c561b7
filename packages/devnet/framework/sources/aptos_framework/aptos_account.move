/// Transfers that make the recipient's account where there is none.
module aptos_framework::aptos_account {
    use std::error;
    use std::vector;
    use aptos_framework::account;
    use aptos_framework::aptos_coin;
    use aptos_framework::coin;
    use aptos_framework::fungible_asset::Metadata;
    use aptos_framework::object::Object;
    use aptos_framework::primary_fungible_store;

    /// There is no account at this address.
    const EACCOUNT_NOT_FOUND: u64 = 1;
    /// There are more recipients than amounts, or fewer.
    const EMISMATCHING_RECIPIENTS_AND_AMOUNTS_LENGTH: u64 = 5;

    public entry fun create_account(auth_key: address) {
        account::create_account(auth_key);
    }

    public entry fun transfer(source: &signer, to: address, amount: u64) {
        account::create_account_if_does_not_exist(to);
        primary_fungible_store::transfer(source, aptos_coin::metadata(), to, amount)
    }

    public entry fun batch_transfer(source: &signer, recipients: vector<address>, amounts: vector<u64>) {
        assert!(
            vector::length(&recipients) == vector::length(&amounts),
            error::invalid_argument(EMISMATCHING_RECIPIENTS_AND_AMOUNTS_LENGTH)
        );
        vector::zip(recipients, amounts, |to, amount| transfer(source, to, amount))
    }

    public entry fun transfer_coins<CoinType>(from: &signer, to: address, amount: u64) {
        account::create_account_if_does_not_exist(to);
        coin::transfer<CoinType>(from, to, amount)
    }

    public entry fun transfer_fungible_assets(
        from: &signer, metadata: Object<Metadata>, to: address, amount: u64
    ) {
        account::create_account_if_does_not_exist(to);
        primary_fungible_store::transfer(from, metadata, to, amount)
    }

    public entry fun fungible_transfer_only(source: &signer, to: address, amount: u64) {
        primary_fungible_store::transfer(source, aptos_coin::metadata(), to, amount)
    }

    public fun assert_account_exists(addr: address) {
        assert!(account::exists_at(addr), error::not_found(EACCOUNT_NOT_FOUND))
    }
}
