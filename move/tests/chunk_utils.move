#[test_only]
/// Chunks of an output for the tests: bytes made by BCS, because a loop over 16,384 of them takes most of a test.
/// It doesn't know trees.
///
/// Chunk `i` is BCS of 511 u256 and four smaller integers, all of the value i + 1: 2 + 511 * 32 + 16 + 8 + 4 + 2 bytes.
module computestream::chunk_utils {
    use std::bcs;

    struct Full has drop {
        words: vector<u256>,
        a: u128,
        b: u64,
        c: u32,
        d: u16
    }

    struct OneLess has drop {
        words: vector<u256>,
        a: u128,
        b: u64,
        c: u32,
        d: u8
    }

    public fun full(index: u64): vector<u8> {
        let value = index + 1;
        bcs::to_bytes(
            &Full {
                words: words(value),
                a: (value as u128),
                b: value,
                c: (value as u32),
                d: (value as u16)
            }
        )
    }

    /// 16,383 bytes.
    public fun one_less(index: u64): vector<u8> {
        let value = index + 1;
        bcs::to_bytes(
            &OneLess {
                words: words(value),
                a: (value as u128),
                b: value,
                c: (value as u32),
                d: (value as u8)
            }
        )
    }

    /// `length` bytes of the value i + 1.
    public fun short(index: u64, length: u64): vector<u8> {
        let bytes = vector[];
        while (bytes.length() < length) {
            bytes.push_back((index as u8) + 1);
        };
        bytes
    }

    fun words(value: u64): vector<u256> {
        let words = vector[];
        while (words.length() < 511) {
            words.push_back((value as u256));
        };
        words
    }
}
