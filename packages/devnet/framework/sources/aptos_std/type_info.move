/// Types as values.
module aptos_std::type_info {
    use std::bcs;
    use std::string::String;
    use std::vector;

    struct TypeInfo has copy, drop, store {
        account_address: address,
        module_name: vector<u8>,
        struct_name: vector<u8>
    }

    public fun account_address(self: &TypeInfo): address {
        self.account_address
    }

    public fun module_name(self: &TypeInfo): vector<u8> {
        self.module_name
    }

    public fun struct_name(self: &TypeInfo): vector<u8> {
        self.struct_name
    }

    public fun size_of_val<T>(val: &T): u64 {
        vector::length(&bcs::to_bytes(val))
    }

    native public fun type_of<T>(): TypeInfo;
    native public fun type_name<T>(): String;
}
