/// Objects: addresses that own resources and are owned in turn.
module aptos_framework::object {
    friend aptos_framework::aptos_coin;
    friend aptos_framework::fungible_asset;
    friend aptos_framework::primary_fungible_store;
    use std::bcs;
    use std::error;
    use std::hash;
    use std::signer;
    use std::vector;
    use aptos_framework::account;
    use aptos_framework::event;
    use aptos_framework::transaction_context;

    /// There is an object at this address already.
    const EOBJECT_EXISTS: u64 = 1;
    /// There is no object at this address.
    const EOBJECT_DOES_NOT_EXIST: u64 = 2;
    /// The object does not allow its owner to transfer it.
    const ENO_UNGATED_TRANSFERS: u64 = 3;
    /// The account does not own the object.
    const ENOT_OBJECT_OWNER: u64 = 4;
    /// The object was made never to be deleted.
    const ECANNOT_DELETE: u64 = 5;
    /// The chain of owners is too long.
    const EMAXIMUM_NESTING: u64 = 6;
    /// The object holds no resource of this type.
    const ERESOURCE_DOES_NOT_EXIST: u64 = 7;
    /// The object can never be transferred.
    const EOBJECT_NOT_TRANSFERRABLE: u64 = 9;

    const MAXIMUM_OBJECT_NESTING: u8 = 8;
    const INIT_GUID_CREATION_NUM: u64 = 0x4000000000000;

    const OBJECT_DERIVED_SCHEME: u8 = 0xFC;
    const OBJECT_FROM_SEED_ADDRESS_SCHEME: u8 = 0xFE;

    /// Resources of one object; on Aptos they share a storage slot, here each has its own.
    struct ObjectGroup {}

    struct ObjectCore has key {
        guid_creation_num: u64,
        owner: address,
        allow_ungated_transfer: bool
    }

    /// Marks an object that nobody may transfer.
    struct Untransferable has key {}

    struct Object<phantom T> has copy, drop, store {
        inner: address
    }

    /// Given out once, when the object is made.
    struct ConstructorRef has drop {
        self: address,
        can_delete: bool
    }

    struct DeleteRef has drop, store {
        self: address
    }

    struct ExtendRef has drop, store {
        self: address
    }

    struct TransferRef has drop, store {
        self: address
    }

    /// One transfer, by whoever holds it, while the object has the same owner.
    struct LinearTransferRef has drop {
        self: address,
        owner: address
    }

    struct DeriveRef has drop, store {
        self: address
    }

    #[event]
    struct Transfer has drop, store {
        object: address,
        from: address,
        to: address
    }

    // Addresses

    public fun create_object_address(source: &address, seed: vector<u8>): address {
        let preimage = bcs::to_bytes(source);
        vector::append(&mut preimage, seed);
        vector::push_back(&mut preimage, OBJECT_FROM_SEED_ADDRESS_SCHEME);
        account::create_address(hash::sha3_256(preimage))
    }

    /// Serialised it is the two addresses and the scheme in a row, at the price of one call.
    struct DerivedPreimage has drop {
        source: address,
        derive_from: address,
        scheme: u8
    }

    public fun create_user_derived_object_address(source: address, derive_from: address): address {
        let preimage = DerivedPreimage { source, derive_from, scheme: OBJECT_DERIVED_SCHEME };
        account::create_address(hash::sha3_256(bcs::to_bytes(&preimage)))
    }

    // Creation

    public fun create_named_object(creator: &signer, seed: vector<u8>): ConstructorRef {
        let creator_address = signer::address_of(creator);
        let self = create_object_address(&creator_address, seed);
        create_object_internal(creator_address, self, false)
    }

    public fun create_object(owner_address: address): ConstructorRef {
        create_object_internal(owner_address, transaction_context::generate_auid_address(), true)
    }

    public fun create_sticky_object(owner_address: address): ConstructorRef {
        create_object_internal(owner_address, transaction_context::generate_auid_address(), false)
    }

    public(friend) fun create_sticky_object_at_address(
        owner_address: address, object_address: address
    ): ConstructorRef {
        create_object_internal(owner_address, object_address, false)
    }

    public(friend) fun create_user_derived_object(
        creator_address: address, derive_ref: &DeriveRef, can_delete: bool
    ): ConstructorRef {
        let self = create_user_derived_object_address(creator_address, derive_ref.self);
        create_object_internal(creator_address, self, can_delete)
    }

    fun create_object_internal(creator_address: address, self: address, can_delete: bool): ConstructorRef {
        assert!(!exists<ObjectCore>(self), error::already_exists(EOBJECT_EXISTS));
        move_to(
            &account::create_signer(self),
            ObjectCore {
                guid_creation_num: INIT_GUID_CREATION_NUM,
                owner: creator_address,
                allow_ungated_transfer: true
            }
        );
        ConstructorRef { self, can_delete }
    }

    // Typed handles

    public fun address_to_object<T: key>(object: address): Object<T> {
        assert!(exists<ObjectCore>(object), error::not_found(EOBJECT_DOES_NOT_EXIST));
        assert!(exists_at<T>(object), error::not_found(ERESOURCE_DOES_NOT_EXIST));
        Object { inner: object }
    }

    #[view]
    public fun is_object(object: address): bool {
        exists<ObjectCore>(object)
    }

    #[view]
    public fun object_exists<T: key>(object: address): bool {
        exists<ObjectCore>(object) && exists_at<T>(object)
    }

    public fun object_address<T: key>(self: &Object<T>): address {
        self.inner
    }

    public fun convert<X: key, Y: key>(self: Object<X>): Object<Y> {
        address_to_object<Y>(self.inner)
    }

    public fun object_from_constructor_ref<T: key>(self: &ConstructorRef): Object<T> {
        address_to_object<T>(self.self)
    }

    public fun address_from_constructor_ref(self: &ConstructorRef): address {
        self.self
    }

    public fun can_generate_delete_ref(self: &ConstructorRef): bool {
        self.can_delete
    }

    native fun exists_at<T: key>(object: address): bool;

    // References

    public fun generate_delete_ref(self: &ConstructorRef): DeleteRef {
        assert!(self.can_delete, error::permission_denied(ECANNOT_DELETE));
        DeleteRef { self: self.self }
    }

    public fun generate_extend_ref(self: &ConstructorRef): ExtendRef {
        ExtendRef { self: self.self }
    }

    public fun generate_transfer_ref(self: &ConstructorRef): TransferRef {
        assert!(!exists<Untransferable>(self.self), error::permission_denied(EOBJECT_NOT_TRANSFERRABLE));
        TransferRef { self: self.self }
    }

    public fun generate_derive_ref(self: &ConstructorRef): DeriveRef {
        DeriveRef { self: self.self }
    }

    public fun generate_signer(self: &ConstructorRef): signer {
        account::create_signer(self.self)
    }

    public fun generate_signer_for_extending(self: &ExtendRef): signer {
        account::create_signer(self.self)
    }

    public fun address_from_extend_ref(self: &ExtendRef): address {
        self.self
    }

    public fun address_from_delete_ref(self: &DeleteRef): address {
        self.self
    }

    public fun object_from_delete_ref<T: key>(self: &DeleteRef): Object<T> {
        address_to_object<T>(self.self)
    }

    public fun delete(self: DeleteRef) acquires ObjectCore, Untransferable {
        let ObjectCore { guid_creation_num: _, owner: _, allow_ungated_transfer: _ } =
            move_from<ObjectCore>(self.self);
        if (exists<Untransferable>(self.self)) {
            let Untransferable {} = move_from<Untransferable>(self.self);
        }
    }

    // Transfer

    public fun disable_ungated_transfer(self: &TransferRef) acquires ObjectCore {
        borrow_global_mut<ObjectCore>(self.self).allow_ungated_transfer = false;
    }

    public fun enable_ungated_transfer(self: &TransferRef) acquires ObjectCore {
        assert!(!exists<Untransferable>(self.self), error::permission_denied(EOBJECT_NOT_TRANSFERRABLE));
        borrow_global_mut<ObjectCore>(self.self).allow_ungated_transfer = true;
    }

    public fun set_untransferable(self: &ConstructorRef) acquires ObjectCore {
        borrow_global_mut<ObjectCore>(self.self).allow_ungated_transfer = false;
        move_to(&account::create_signer(self.self), Untransferable {});
    }

    public fun generate_linear_transfer_ref(self: &TransferRef): LinearTransferRef acquires ObjectCore {
        assert!(!exists<Untransferable>(self.self), error::permission_denied(EOBJECT_NOT_TRANSFERRABLE));
        LinearTransferRef { self: self.self, owner: owner_of(self.self) }
    }

    public fun transfer_with_ref(self: LinearTransferRef, to: address) acquires ObjectCore {
        assert!(!exists<Untransferable>(self.self), error::permission_denied(EOBJECT_NOT_TRANSFERRABLE));
        let core = borrow_global_mut<ObjectCore>(self.self);
        assert!(core.owner == self.owner, error::permission_denied(ENOT_OBJECT_OWNER));
        event::emit(Transfer { object: self.self, from: core.owner, to });
        core.owner = to;
    }

    public entry fun transfer_call(owner: &signer, object: address, to: address) acquires ObjectCore {
        transfer_raw(owner, object, to)
    }

    public entry fun transfer<T: key>(owner: &signer, object: Object<T>, to: address) acquires ObjectCore {
        transfer_raw(owner, object.inner, to)
    }

    public entry fun transfer_to_object<O: key, T: key>(
        owner: &signer, object: Object<O>, to: Object<T>
    ) acquires ObjectCore {
        transfer_raw(owner, object.inner, to.inner)
    }

    public fun transfer_raw(owner: &signer, object: address, to: address) acquires ObjectCore {
        assert_transferable_by(signer::address_of(owner), object);
        let core = borrow_global_mut<ObjectCore>(object);
        if (core.owner != to) {
            event::emit(Transfer { object, from: core.owner, to });
            core.owner = to;
        }
    }

    /// Every object from this one up to `owner` must allow its transfer.
    fun assert_transferable_by(owner: address, object: address) acquires ObjectCore {
        let steps = 0;
        let current = object;
        loop {
            assert!(exists<ObjectCore>(current), error::permission_denied(ENOT_OBJECT_OWNER));
            assert!(steps < MAXIMUM_OBJECT_NESTING, error::out_of_range(EMAXIMUM_NESTING));
            let core = borrow_global<ObjectCore>(current);
            assert!(core.allow_ungated_transfer, error::permission_denied(ENO_UNGATED_TRANSFERS));
            if (core.owner == owner) return;
            current = core.owner;
            steps = steps + 1;
        }
    }

    // Ownership

    fun owner_of(object: address): address acquires ObjectCore {
        assert!(exists<ObjectCore>(object), error::not_found(EOBJECT_DOES_NOT_EXIST));
        borrow_global<ObjectCore>(object).owner
    }

    #[view]
    public fun owner<T: key>(self: Object<T>): address acquires ObjectCore {
        owner_of(self.inner)
    }

    #[view]
    public fun is_owner<T: key>(self: Object<T>, owner: address): bool acquires ObjectCore {
        owner_of(self.inner) == owner
    }

    #[view]
    /// Directly, or through objects that it owns.
    public fun owns<T: key>(self: Object<T>, owner: address): bool acquires ObjectCore {
        let current = self.inner;
        if (current == owner) return true;
        let steps = 0;
        while (exists<ObjectCore>(current)) {
            current = borrow_global<ObjectCore>(current).owner;
            if (current == owner) return true;
            steps = steps + 1;
            assert!(steps < MAXIMUM_OBJECT_NESTING, error::out_of_range(EMAXIMUM_NESTING));
        };
        false
    }

    /// The address, and whether `owner` owns it: one call where two would be needed.
    public(friend) fun address_and_owns<T: key>(self: &Object<T>, owner: address): (address, bool) acquires ObjectCore {
        (self.inner, owns(*self, owner))
    }

    /// Unchecked: for an address that is known to hold a `T`.
    public(friend) fun object_at<T: key>(object: address): Object<T> {
        Object { inner: object }
    }

    #[view]
    public fun root_owner<T: key>(self: Object<T>): address acquires ObjectCore {
        let current = self.inner;
        while (exists<ObjectCore>(current)) {
            current = borrow_global<ObjectCore>(current).owner;
        };
        current
    }

    #[view]
    public fun ungated_transfer_allowed<T: key>(self: Object<T>): bool acquires ObjectCore {
        assert!(exists<ObjectCore>(self.inner), error::not_found(EOBJECT_DOES_NOT_EXIST));
        borrow_global<ObjectCore>(self.inner).allow_ungated_transfer
    }

    #[view]
    public fun is_untransferable<T: key>(self: Object<T>): bool {
        exists<Untransferable>(self.inner)
    }
}
