/// Accounts: what signs transactions, and in which order.
module aptos_framework::account {
    friend aptos_framework::aptos_account;
    friend aptos_framework::create_signer;
    friend aptos_framework::object;
    friend aptos_framework::transaction_context;
    friend aptos_framework::transaction_validation;
    use std::bcs;
    use std::error;
    use std::hash;
    use std::option::{Self, Option};
    use std::signer;
    use std::vector;

    struct Account has key, store {
        authentication_key: vector<u8>,
        sequence_number: u64,
        guid_creation_num: u64,
        signer_capability_offered: Option<address>
    }

    /// Lets a module sign for a resource account.
    struct SignerCapability has drop, store {
        account: address
    }

    const MAX_U64: u128 = 18446744073709551615;
    const DERIVE_RESOURCE_ACCOUNT_SCHEME: u8 = 255;
    const GUID_START: u64 = 0;

    /// The account exists already.
    const EACCOUNT_ALREADY_EXISTS: u64 = 1;
    /// There is no account at this address.
    const EACCOUNT_DOES_NOT_EXIST: u64 = 2;
    /// The account has used up its sequence numbers.
    const ESEQUENCE_NUMBER_TOO_BIG: u64 = 3;
    /// An authentication key has 32 bytes.
    const EMALFORMED_AUTHENTICATION_KEY: u64 = 4;
    /// Reserved addresses cannot become accounts.
    const ECANNOT_RESERVED_ADDRESS: u64 = 5;
    /// The resource account has been claimed already.
    const ERESOURCE_ACCCOUNT_EXISTS: u64 = 15;
    /// The account has signed transactions, so it cannot become a resource account.
    const EACCOUNT_ALREADY_USED: u64 = 16;

    public fun create_account_if_does_not_exist(account_address: address) {
        if (!exists<Account>(account_address)) {
            assert!(
                account_address != @vm_reserved && account_address != @aptos_framework,
                error::invalid_argument(ECANNOT_RESERVED_ADDRESS)
            );
            create_account_unchecked(account_address);
        }
    }

    public(friend) fun create_account(new_address: address): signer {
        assert!(!exists<Account>(new_address), error::already_exists(EACCOUNT_ALREADY_EXISTS));
        assert!(
            new_address != @vm_reserved && new_address != @aptos_framework,
            error::invalid_argument(ECANNOT_RESERVED_ADDRESS)
        );
        create_account_unchecked(new_address)
    }

    public(friend) fun create_account_unchecked(new_address: address): signer {
        let new_account = create_signer(new_address);
        move_to(
            &new_account,
            Account {
                authentication_key: bcs::to_bytes(&new_address),
                sequence_number: 0,
                guid_creation_num: GUID_START,
                signer_capability_offered: option::none()
            }
        );
        new_account
    }

    #[view]
    public fun exists_at(addr: address): bool {
        exists<Account>(addr)
    }

    #[view]
    public fun get_guid_next_creation_num(addr: address): u64 acquires Account {
        if (exists<Account>(addr)) borrow_global<Account>(addr).guid_creation_num else GUID_START
    }

    #[view]
    /// Zero for an address that has no account yet.
    public fun get_sequence_number(addr: address): u64 acquires Account {
        if (exists<Account>(addr)) borrow_global<Account>(addr).sequence_number else 0
    }

    #[view]
    public fun get_authentication_key(addr: address): vector<u8> acquires Account {
        if (exists<Account>(addr)) borrow_global<Account>(addr).authentication_key else bcs::to_bytes(&addr)
    }

    public(friend) fun increment_sequence_number(addr: address) acquires Account {
        let account = borrow_global_mut<Account>(addr);
        assert!((account.sequence_number as u128) < MAX_U64, error::out_of_range(ESEQUENCE_NUMBER_TOO_BIG));
        account.sequence_number = account.sequence_number + 1;
    }

    public(friend) fun rotate_authentication_key_internal(account: &signer, new_auth_key: vector<u8>) acquires Account {
        let addr = signer::address_of(account);
        assert!(exists<Account>(addr), error::not_found(EACCOUNT_DOES_NOT_EXIST));
        assert!(vector::length(&new_auth_key) == 32, error::invalid_argument(EMALFORMED_AUTHENTICATION_KEY));
        borrow_global_mut<Account>(addr).authentication_key = new_auth_key;
    }

    /// Changes the key without proof of possession, as Aptos' function of this name does.
    entry fun rotate_authentication_key_call(account: &signer, new_auth_key: vector<u8>) acquires Account {
        rotate_authentication_key_internal(account, new_auth_key)
    }

    public fun create_resource_address(source: &address, seed: vector<u8>): address {
        let preimage = bcs::to_bytes(source);
        vector::append(&mut preimage, seed);
        vector::push_back(&mut preimage, DERIVE_RESOURCE_ACCOUNT_SCHEME);
        create_address(hash::sha3_256(preimage))
    }

    /// An account that no key signs for.
    public fun create_resource_account(
        source: &signer, seed: vector<u8>
    ): (signer, SignerCapability) acquires Account {
        let addr = create_resource_address(&signer::address_of(source), seed);
        let resource = if (exists<Account>(addr)) {
            let account = borrow_global<Account>(addr);
            assert!(
                option::is_none(&account.signer_capability_offered),
                error::already_exists(ERESOURCE_ACCCOUNT_EXISTS)
            );
            assert!(account.sequence_number == 0, error::invalid_state(EACCOUNT_ALREADY_USED));
            create_signer(addr)
        } else create_account_unchecked(addr);
        let account = borrow_global_mut<Account>(addr);
        account.authentication_key = x"0000000000000000000000000000000000000000000000000000000000000000";
        account.signer_capability_offered = option::some(addr);
        (resource, SignerCapability { account: addr })
    }

    public fun create_signer_with_capability(capability: &SignerCapability): signer {
        create_signer(capability.account)
    }

    public fun get_signer_capability_address(capability: &SignerCapability): address {
        capability.account
    }

    native public(friend) fun create_signer(addr: address): signer;
    native public(friend) fun create_address(bytes: vector<u8>): address;

    #[test_only]
    public fun create_account_for_test(new_address: address): signer {
        if (exists<Account>(new_address)) create_signer(new_address)
        else create_account_unchecked(new_address)
    }

    #[test_only]
    public fun create_signer_for_test(addr: address): signer {
        create_signer(addr)
    }

    #[test_only]
    public fun increment_sequence_number_for_test(addr: address) acquires Account {
        increment_sequence_number(addr)
    }
}
