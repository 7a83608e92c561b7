/// Values out of canonical bytes. Only types without invariants of their own are public.
module aptos_std::from_bcs {
    friend aptos_framework::util;
    friend aptos_std::any;
    friend aptos_std::copyable_any;
    use std::string::{Self, String};

    /// The bytes are not valid UTF-8.
    const EINVALID_UTF8: u64 = 0x1;

    public fun to_bool(v: vector<u8>): bool {
        from_bytes(v)
    }

    public fun to_u8(v: vector<u8>): u8 {
        from_bytes(v)
    }

    public fun to_u16(v: vector<u8>): u16 {
        from_bytes(v)
    }

    public fun to_u32(v: vector<u8>): u32 {
        from_bytes(v)
    }

    public fun to_u64(v: vector<u8>): u64 {
        from_bytes(v)
    }

    public fun to_u128(v: vector<u8>): u128 {
        from_bytes(v)
    }

    public fun to_u256(v: vector<u8>): u256 {
        from_bytes(v)
    }

    public fun to_address(v: vector<u8>): address {
        from_bytes(v)
    }

    public fun to_bytes(v: vector<u8>): vector<u8> {
        from_bytes(v)
    }

    public fun to_string(v: vector<u8>): String {
        let s = from_bytes<String>(v);
        assert!(string::internal_check_utf8(string::bytes(&s)), EINVALID_UTF8);
        s
    }

    native public(friend) fun from_bytes<T>(bytes: vector<u8>): T;
}
