/// Unchecked decoding, for the framework only.
module aptos_framework::util {
    friend aptos_framework::code;
    use aptos_std::from_bcs;

    public(friend) fun from_bytes<T>(bytes: vector<u8>): T {
        from_bcs::from_bytes<T>(bytes)
    }

    public fun address_from_bytes(bytes: vector<u8>): address {
        from_bcs::to_address(bytes)
    }
}
