/// The running transaction.
module aptos_framework::transaction_context {
    use std::bcs;
    use std::hash;
    use std::vector;
    use aptos_framework::account;

    /// How many unique addresses this transaction has made. On the devnet the chain answers zero at the
    /// start of every call and forgets what is written, so the count is the transaction's own.
    struct UniqueAddressCount has key {
        count: u64
    }

    /// A unique address.
    struct AUID has drop, store {
        unique_address: address
    }

    const DERIVE_AUID_SCHEME: u8 = 251;

    /// `sha3_256(transaction hash, count as u64, 0xFB)`, where the first count is 1.
    public fun generate_auid_address(): address acquires UniqueAddressCount {
        if (!exists<UniqueAddressCount>(@aptos_framework)) {
            move_to(&account::create_signer(@aptos_framework), UniqueAddressCount { count: 0 });
        };
        let counter = borrow_global_mut<UniqueAddressCount>(@aptos_framework);
        counter.count = counter.count + 1;
        let preimage = get_transaction_hash();
        vector::append(&mut preimage, bcs::to_bytes(&counter.count));
        vector::push_back(&mut preimage, DERIVE_AUID_SCHEME);
        account::create_address(hash::sha3_256(preimage))
    }

    public fun generate_auid(): AUID acquires UniqueAddressCount {
        AUID { unique_address: generate_auid_address() }
    }

    public fun auid_address(auid: &AUID): address {
        auid.unique_address
    }

    native public fun get_transaction_hash(): vector<u8>;
}
