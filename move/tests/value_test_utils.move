#[test_only]
/// The bytes that tests compare: small values, their BCS, and the events emitted so far.
/// It doesn't know the protocol.
module computestream::value_test_utils {
    use std::bcs;
    use std::string::{Self, String};
    use std::vector;
    use aptos_framework::event;

    // === BCS ===

    public fun a(value: address): vector<u8> {
        bcs::to_bytes(&value)
    }

    public fun n(value: u64): vector<u8> {
        bcs::to_bytes(&value)
    }

    public fun b(value: u8): vector<u8> {
        vector[value]
    }

    public fun yes(value: bool): vector<u8> {
        bcs::to_bytes(&value)
    }

    public fun s(value: vector<u8>): vector<u8> {
        bcs::to_bytes(&value)
    }

    /// A list of short texts.
    public fun list(values: vector<vector<u8>>): vector<u8> {
        bcs::to_bytes(&values)
    }

    public fun join(parts: vector<vector<u8>>): vector<u8> {
        let all = vector[];
        vector::for_each(parts, |part| vector::append(&mut all, part));
        all
    }

    public fun read_u64(bytes: &vector<u8>, at: u64): u64 {
        let value = 0;
        let i = 8;
        while (i > 0) {
            i = i - 1;
            value = value * 256 + (bytes[at + i] as u64);
        };
        value
    }

    // === Events ===

    public fun count<T: drop + store>(): u64 {
        event::emitted_events<T>().length()
    }

    /// The newest event of a type has exactly these fields, each as BCS, in this order.
    public fun assert_last<T: drop + store>(fields: vector<vector<u8>>) {
        let events = event::emitted_events<T>();
        assert!(!events.is_empty(), 9201);
        let last = &events[events.length() - 1];
        assert!(bcs::to_bytes(last) == join(fields), 9202);
    }

    /// The events of a type, oldest first, are exactly these, each the BCS of one.
    public fun assert_all<T: drop + store>(expected: vector<vector<u8>>) {
        let found = vector[];
        event::emitted_events<T>().for_each_ref(|event| {
            found.push_back(bcs::to_bytes(event));
        });
        assert!(found == expected, 9203);
    }

    // === Small values ===

    public fun text(bytes: vector<u8>): String {
        string::utf8(bytes)
    }

    public fun long_text(length: u64): String {
        string::utf8(bytes_of(length, 120))
    }

    public fun bytes_of(length: u64, byte: u8): vector<u8> {
        let bytes = vector[];
        let i = 0;
        while (i < length) {
            bytes.push_back(byte);
            i = i + 1;
        };
        bytes
    }

    public fun hash(byte: u8): vector<u8> {
        bytes_of(32, byte)
    }

    /// A valid public key that no test signs with.
    public fun key(): vector<u8> {
        x"fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618"
    }

    public fun log_root(): vector<u8> {
        bytes_of(32, 0x5a)
    }
}
