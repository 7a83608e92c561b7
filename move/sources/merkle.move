/// Whether a chunk of bytes is the one at its place below a Merkle root.
/// It doesn't know whose bytes they are, and stores nothing.
///
/// The tree is RFC 6962's with SHA-256, 0x00 before a leaf, 0x01 before a node, split at the largest power of two. Its
/// entries are chunks of 16,384 bytes in BCS, that is, after their length: so the VM puts a leaf's bytes together by
/// itself, where joining two vectors would cost a loop over every byte. A proof lists the siblings from the leaf up, as
/// in RFC 9162 section 2.1.3.2. A chunk has exactly one length, so one root and size admit exactly one chunk at each
/// index.
module computestream::merkle {
    use std::bcs;
    use std::hash;

    // === Constants ===

    const CHUNK_BYTES: u64 = 16_384;
    const LEAF: u8 = 0;
    const NODE: u8 = 1;

    // === Structs ===

    /// What is hashed of a chunk, in BCS.
    struct Leaf has drop {
        prefix: u8,
        chunk: vector<u8>
    }

    // === Package ===

    /// How many chunks `size_bytes` bytes make: the last may be short, and no bytes make none.
    public(package) fun chunk_count(size_bytes: u64): u64 {
        let full = size_bytes / CHUNK_BYTES;
        if (size_bytes % CHUNK_BYTES == 0) full else full + 1
    }

    /// The only length chunk `index` may have; `index < chunk_count(size_bytes)`.
    public(package) fun chunk_length(size_bytes: u64, index: u64): u64 {
        let rest = size_bytes - index * CHUNK_BYTES;
        if (rest < CHUNK_BYTES) rest else CHUNK_BYTES
    }

    /// True if `chunk` is chunk `index` of the `size_bytes` bytes whose root is `root`. Never aborts.
    public(package) fun verify_chunk(
        root: &vector<u8>,
        size_bytes: u64,
        index: u64,
        chunk: &vector<u8>,
        proof: &vector<vector<u8>>
    ): bool {
        let count = chunk_count(size_bytes);
        if (index >= count || chunk.length() != chunk_length(size_bytes, index)) return false;
        let last = count - 1;
        let hash = leaf_hash(chunk);
        let i = 0;
        while (i < proof.length()) {
            // Above the root there is nothing: the proof is too long.
            if (last == 0) return false;
            let sibling = &proof[i];
            if (index % 2 == 1 || index == last) {
                hash = node_hash(sibling, &hash);
                // The last node of a level without a right sibling stands in for its parent, until it has a left one.
                while (index % 2 == 0 && index != 0) {
                    index = index / 2;
                    last = last / 2;
                };
            } else {
                hash = node_hash(&hash, sibling);
            };
            index = index / 2;
            last = last / 2;
            i = i + 1;
        };
        last == 0 && &hash == root
    }

    // === Private ===

    fun leaf_hash(chunk: &vector<u8>): vector<u8> {
        hash::sha2_256(bcs::to_bytes(&Leaf { prefix: LEAF, chunk: *chunk }))
    }

    fun node_hash(left: &vector<u8>, right: &vector<u8>): vector<u8> {
        let bytes = vector[NODE];
        bytes.append(*left);
        bytes.append(*right);
        hash::sha2_256(bytes)
    }
}
