/// Publishing a package at an object's address.
module aptos_framework::object_code_deployment {
    use std::bcs;
    use std::error;
    use std::signer;
    use std::vector;
    use aptos_framework::account;
    use aptos_framework::code;
    use aptos_framework::event;
    use aptos_framework::object::{Self, ExtendRef, Object};

    /// The account does not own the code object.
    const ENOT_CODE_OBJECT_OWNER: u64 = 1;
    /// There is no code object at this address.
    const ECODE_OBJECT_DOES_NOT_EXIST: u64 = 2;

    const OBJECT_CODE_DEPLOYMENT_DOMAIN_SEPARATOR: vector<u8> = b"aptos_framework::object_code_deployment";

    struct ManagingRefs has key {
        extend_ref: ExtendRef
    }

    #[event]
    struct Publish has drop, store {
        object_address: address
    }

    #[event]
    struct Upgrade has drop, store {
        object_address: address
    }

    /// The object's address follows from the publisher and its next sequence number.
    public entry fun publish(publisher: &signer, metadata_serialized: vector<u8>, code: vector<vector<u8>>) {
        let publisher_address = signer::address_of(publisher);
        let seed = bcs::to_bytes(&OBJECT_CODE_DEPLOYMENT_DOMAIN_SEPARATOR);
        vector::append(&mut seed, bcs::to_bytes(&(account::get_sequence_number(publisher_address) + 1)));
        let constructor_ref = &object::create_named_object(publisher, seed);
        let code_signer = &object::generate_signer(constructor_ref);
        code::publish_package_txn(code_signer, metadata_serialized, code);
        event::emit(Publish { object_address: signer::address_of(code_signer) });
        move_to(code_signer, ManagingRefs { extend_ref: object::generate_extend_ref(constructor_ref) });
    }

    public entry fun upgrade(
        publisher: &signer,
        metadata_serialized: vector<u8>,
        code: vector<vector<u8>>,
        code_object: Object<code::PackageRegistry>
    ) acquires ManagingRefs {
        let addr = object::object_address(&code_object);
        assert!(
            object::is_owner(code_object, signer::address_of(publisher)),
            error::permission_denied(ENOT_CODE_OBJECT_OWNER)
        );
        assert!(exists<ManagingRefs>(addr), error::not_found(ECODE_OBJECT_DOES_NOT_EXIST));
        let code_signer = object::generate_signer_for_extending(&borrow_global<ManagingRefs>(addr).extend_ref);
        code::publish_package_txn(&code_signer, metadata_serialized, code);
        event::emit(Upgrade { object_address: addr })
    }
}
