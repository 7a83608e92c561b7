/// The calls that Aptos routes through an asset's own hooks. No asset on the devnet has hooks.
module aptos_framework::dispatchable_fungible_asset {
    use aptos_framework::fungible_asset::{Self, FungibleAsset};
    use aptos_framework::object::Object;

    public fun withdraw<T: key>(owner: &signer, store: Object<T>, amount: u64): FungibleAsset {
        fungible_asset::withdraw(owner, store, amount)
    }

    public fun deposit<T: key>(store: Object<T>, fa: FungibleAsset) {
        fungible_asset::deposit(store, fa)
    }

    public entry fun transfer<T: key>(sender: &signer, from: Object<T>, to: Object<T>, amount: u64) {
        fungible_asset::transfer(sender, from, to, amount)
    }

    #[view]
    public fun derived_balance<T: key>(store: Object<T>): u64 {
        fungible_asset::balance(store)
    }
}
