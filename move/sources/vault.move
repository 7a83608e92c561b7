/// A vault is a fungible store, on an object of its own, from which only this package can draw.
/// It doesn't know whose money it holds, nor why it moves.
///
///     open --> deposit* / take* / pay* --> empty --close--> gone, and its object with it
///
/// Custody. `fungible_asset::withdraw` obeys whoever owns the store's object, however indirectly, and the object's
/// own signer. So the object belongs to `NOBODY`, an address whose key would be a preimage of 32 bytes of 0xff;
/// no TransferRef or ConstructorRef outlives its creation; and the only ExtendRef and DeleteRef lie inside the
/// `Vault` value, whose fields no other module can read. What remains is the asset's issuer, who may freeze or
/// claw back any store (hence the market's list of assets), and an upgrade of this package.
///
/// `balance` counts what came in through `deposit`. Whatever strangers send to the store is nobody's and stays until
/// the vault is closed.
module computestream::vault {
    use std::signer;
    use aptos_framework::fungible_asset::{Self, FungibleAsset, FungibleStore, Metadata};
    use aptos_framework::object::{Self, ConstructorRef, DeleteRef, ExtendRef, Object};
    use aptos_framework::primary_fungible_store;

    // === Errors ===

    /// Your balance of this asset doesn't cover the amount: fund your account, then send the transaction again.
    const E_INSUFFICIENT_BALANCE: u64 = 1;
    /// The vault still holds money that belongs to someone: settle what it is held for first.
    const E_VAULT_NOT_EMPTY: u64 = 2;

    // === Constants ===

    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;
    const NOBODY: address = @0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff;

    // === Structs ===

    struct Vault has store {
        extend_ref: ExtendRef,
        delete_ref: DeleteRef,
        store: Object<FungibleStore>,
        asset: Object<Metadata>,
        balance: u64
    }

    // === Package ===

    /// An object that nobody can ever sign for or transfer; only closing its vault deletes it.
    public(package) fun create_object(): ConstructorRef {
        object::create_object(NOBODY)
    }

    /// Opens the empty vault of an object made by `create_object`.
    public(package) fun open(constructor_ref: &ConstructorRef, asset: Object<Metadata>): Vault {
        Vault {
            extend_ref: object::generate_extend_ref(constructor_ref),
            delete_ref: object::generate_delete_ref(constructor_ref),
            store: fungible_asset::create_store(constructor_ref, asset),
            asset,
            balance: 0
        }
    }

    /// The signer of the vault's object, to put resources on it. Never hand it to code outside the package.
    public(package) fun object_signer(self: &Vault): signer {
        object::generate_signer_for_extending(&self.extend_ref)
    }

    public(package) fun balance(self: &Vault): u64 {
        self.balance
    }

    public(package) fun asset(self: &Vault): Object<Metadata> {
        self.asset
    }

    /// False while the asset's issuer has frozen the store or taken from it: taking `amount` would abort.
    public(package) fun can_pay(self: &Vault, amount: u64): bool {
        amount == 0
            || (!fungible_asset::is_frozen(self.store)
                && fungible_asset::is_balance_at_least(self.store, amount))
    }

    public(package) fun deposit(self: &mut Vault, payer: &signer, amount: u64) {
        if (amount == 0) return;
        assert!(
            primary_fungible_store::is_balance_at_least(
                signer::address_of(payer), self.asset, amount
            ),
            E_INSUFFICIENT_BALANCE
        );
        self.balance = self.balance + amount;
        fungible_asset::deposit(
            self.store, primary_fungible_store::withdraw(payer, self.asset, amount)
        );
    }

    /// What is taken must end in `pay_out`, or in another vault.
    public(package) fun take(self: &mut Vault, amount: u64): FungibleAsset {
        self.balance = self.balance - amount;
        fungible_asset::withdraw(&self.object_signer(), self.store, amount)
    }

    public(package) fun pay(self: &mut Vault, to: address, amount: u64) {
        if (amount == 0) return;
        pay_out(to, self.take(amount));
    }

    /// Pays into `to`'s primary store. If its issuer has frozen that one, or it is too full to take the amount, into
    /// a new store that `to` owns, so that the state of one side's account never blocks what the other side is owed
    /// in the same transaction.
    public(package) fun pay_out(to: address, funds: FungibleAsset) {
        let amount = fungible_asset::amount(&funds);
        if (amount == 0) {
            fungible_asset::destroy_zero(funds);
            return
        };
        let asset = fungible_asset::asset_metadata(&funds);
        let store_address = primary_fungible_store::primary_store_address(to, asset);
        if (!fungible_asset::store_exists(store_address)) {
            primary_fungible_store::deposit(to, funds);
            return
        };
        let store = object::address_to_object<FungibleStore>(store_address);
        let is_closed =
            fungible_asset::is_frozen(store)
                || fungible_asset::is_balance_at_least(store, MAX_U64 - amount + 1);
        if (is_closed) {
            store = fungible_asset::create_store(&object::create_object(to), asset);
        };
        fungible_asset::deposit(store, funds);
    }

    /// Removes the store and deletes the object. What strangers sent goes to `dust_to`. Every other resource must
    /// have left the object before: nobody could reach it any more.
    public(package) fun close(self: Vault, dust_to: address) {
        assert!(self.balance == 0, E_VAULT_NOT_EMPTY);
        let dust = fungible_asset::balance(self.store);
        if (dust > 0) {
            pay_out(
                dust_to,
                fungible_asset::withdraw(&self.object_signer(), self.store, dust)
            );
        };
        let Vault { extend_ref: _, delete_ref, store: _, asset: _, balance: _ } = self;
        fungible_asset::remove_store(&delete_ref);
        object::delete(delete_ref);
    }

    /// Aborts unless `asset` can go into a vault, be counted there and go out again: `fungible_asset` refuses to move
    /// an asset with a deposit or withdrawal hook, and to count one with a balance hook.
    public(package) fun assert_storable(asset: Object<Metadata>) {
        let vault = open(&create_object(), asset);
        fungible_asset::deposit(vault.store, vault.take(0));
        fungible_asset::balance(vault.store);
        vault.close(NOBODY);
    }
}
