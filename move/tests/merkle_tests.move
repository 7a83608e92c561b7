#[test_only]
/// Which chunks a root admits, with trees worked out apart from the module.
/// It doesn't know where roots come from.
///
/// Chunk i of every tree is `chunk_utils`' or, shorter, the byte i + 1. A letter is the hash of a full chunk (A = chunk 0), a letter
/// with a number that of a shorter last one, joined letters the hash of the node above them: all computed with
/// Python's hashlib by RFC 6962's recursion over the chunks after their ULEB128 lengths.
module computestream::merkle_tests {
    use std::hash;
    use computestream::chunk_utils;
    use computestream::merkle;

    const CHUNK: u64 = 16_384;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    const A: vector<u8> = x"89efaad9991e15014029974ae10f2009c5a1379157de1528cb7145ae8228099c";
    const B: vector<u8> = x"c4d2007dc11c5339455674138d26b843fd860c0e616efd2e91e535a2eb071e01";
    const C: vector<u8> = x"e3aeff4e8a4857af5ef4f26cc8b5acb1fefd11ac70031e0eb70acc5930806bbd";
    const D: vector<u8> = x"eb2f0a716279f55f97585957ce3552255adabd7a8d7a493f12cac17389435c78";
    const E: vector<u8> = x"601afe51d916a66b1635df1a1cbcac4b08a490b177555ab7c761267cdfd192e3";
    const F: vector<u8> = x"7e0df4b0c26a3e9c68677c2df9dd0155e456e29e54c3a8baf29c09488252955e";
    const G: vector<u8> = x"7d6da1e1da67d40d5c663582616041740c93c65884197c6eb4067952491e86ae";
    const A_5: vector<u8> = x"d3b3b33c7c802d1a69afccdd98da214edbd35389b3596cb4404db7f3480a9b4b";
    const B_1: vector<u8> = x"ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc";
    const C_100: vector<u8> = x"a8c79128511cd9309702f2fcf0ebbcd907ef276dab35ed9a93f97b59665f1b47";
    const G_1: vector<u8> = x"cbf21413513743688ab04352762e4321ef9a79a8521961ef574ae117e60240fd";
    const H_16383: vector<u8> = x"bfa60af814b3f2d16a0c6e8a7a0b50963ec51b3c281d2afd56ef9e1a328f5855";
    const AB: vector<u8> = x"36ae154d96f63c8b64a14d9a0fa2625d4bf66efdf85a2385f7f0f034fcb337d1";
    const CD: vector<u8> = x"05ab3823a63e725301f75f99014d36c449947c66f10c4499435de3f835fa4c42";
    const EF: vector<u8> = x"b46dd881a40d9045f97dfa00e23844331a1723575b27c5c354bfd30fd55fd22a";
    const GH: vector<u8> = x"10edad47b8dbf8fb3aaf1fcf228df1ee004fe36396916c8fbb8da741f2ed8be4";
    const ABCD: vector<u8> = x"c52b5581ab20033a9cae56df12d35b6dcbb4e1cd56ee6648824e6815ac469153";
    const EFG: vector<u8> = x"8810ddb408f5fcd6efdf139207d98b805ea094a111eec8bb6d7f62c8340ecf5d";
    const EFGH: vector<u8> = x"e49cf5cb9e9501fcd9e6e21e86a9356cd31c140a10b370d54b3f3cdd3a1e22b4";
    const ROOT_2: vector<u8> = x"3ae5ade844f39a9ab91ff26d7ac48e30fc8f3ceaba000d2379d12accbbd25c54";
    const ROOT_3: vector<u8> = x"6679a29029a97f7977b8119abd163bc2583c0112906456794f177caa86ac3082";
    const ROOT_5: vector<u8> = x"259d3a1b1dd01246510a8be8e019790a185c2e359dc84f9d6c9613f9cc26687d";
    const ROOT_7: vector<u8> = x"a0cf808b13267a7d8b1ce5dd1823125b9325d9429beaa7bcfc3002d9c2aca402";
    const ROOT_8: vector<u8> = x"e0ca7a39504ff6918cc784b65d99b0a0caba4ec56641939f004890af0a96acb7";

    struct Tree has copy, drop {
        root: vector<u8>,
        size: u64,
        proofs: vector<vector<vector<u8>>>
    }

    fun trees(): vector<Tree> {
        vector[
            Tree { root: A_5, size: 5, proofs: vector[vector[]] },
            Tree { root: A, size: 16_384, proofs: vector[vector[]] },
            Tree { root: ROOT_2, size: 16_385, proofs: vector[vector[B_1], vector[A]] },
            tree_of_3(),
            tree_of_5(),
            tree_of_7(),
            tree_of_8()
        ]
    }

    fun tree_of_3(): Tree {
        Tree {
            root: ROOT_3,
            size: 2 * 16_384 + 100,
            proofs: vector[vector[B, C_100], vector[A, C_100], vector[AB]]
        }
    }

    fun tree_of_5(): Tree {
        Tree {
            root: ROOT_5,
            size: 5 * 16_384,
            proofs: vector[
                vector[B, CD, E],
                vector[A, CD, E],
                vector[D, AB, E],
                vector[C, AB, E],
                vector[ABCD]
            ]
        }
    }

    fun tree_of_7(): Tree {
        Tree {
            root: ROOT_7,
            size: 6 * 16_384 + 1,
            proofs: vector[
                vector[B, CD, EFG],
                vector[A, CD, EFG],
                vector[D, AB, EFG],
                vector[C, AB, EFG],
                vector[F, G_1, ABCD],
                vector[E, G_1, ABCD],
                vector[EF, ABCD]
            ]
        }
    }

    fun tree_of_8(): Tree {
        Tree {
            root: ROOT_8,
            size: 7 * 16_384 + 16_383,
            proofs: vector[
                vector[B, CD, EFGH],
                vector[A, CD, EFGH],
                vector[D, AB, EFGH],
                vector[C, AB, EFGH],
                vector[F, GH, ABCD],
                vector[E, GH, ABCD],
                vector[H_16383, EF, ABCD],
                vector[G, EF, ABCD]
            ]
        }
    }

    fun bytes(index: u64, length: u64): vector<u8> {
        if (length == CHUNK) chunk_utils::full(index)
        else if (length == CHUNK - 1) chunk_utils::one_less(index)
        else chunk_utils::short(index, length)
    }

    fun chunk(self: &Tree, index: u64): vector<u8> {
        let rest = self.size - index * CHUNK;
        bytes(index, if (rest < CHUNK) rest else CHUNK)
    }

    fun verifies(self: &Tree, index: u64, chunk: &vector<u8>, proof: &vector<vector<u8>>): bool {
        merkle::verify_chunk(&self.root, self.size, index, chunk, proof)
    }

    /// Calls `f` with every tree, index, chunk and true proof.
    inline fun for_each_chunk(f: |&Tree, u64, vector<u8>, vector<vector<u8>>|) {
        trees().for_each_ref(|tree: &Tree| {
            let count = tree.proofs.length();
            for (i in 0..count) {
                f(tree, i, tree.chunk(i), tree.proofs[i]);
            };
        });
    }

    #[test]
    fun every_chunk_of_every_tree_is_admitted() {
        let seen = 0;
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            assert!(tree.verifies(i, &chunk, &proof), i);
            seen = seen + 1;
        });
        assert!(seen == 1 + 1 + 2 + 3 + 5 + 7 + 8, 100);
    }

    #[test]
    fun a_chunk_is_at_no_other_index() {
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            // Two beyond the last as well.
            for (j in 0..(tree.proofs.length() + 2)) {
                assert!((i == j) == tree.verifies(j, &chunk, &proof), j);
            };
        });
    }

    #[test]
    fun a_changed_byte_is_refused() {
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            let last = chunk.length() - 1;
            let changed = chunk;
            changed[last] = 255;
            assert!(!tree.verifies(i, &changed, &proof), i);
            let changed = chunk;
            changed[0] = 0;
            assert!(!tree.verifies(i, &changed, &proof), i);
        });
    }

    #[test]
    fun a_chunk_of_another_length_is_refused() {
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            let longer = chunk;
            longer.push_back((i as u8) + 1);
            assert!(!tree.verifies(i, &longer, &proof), i);
            let shorter = chunk;
            shorter.pop_back();
            assert!(!tree.verifies(i, &shorter, &proof), i);
            assert!(!tree.verifies(i, &vector[], &proof), i);
        });
    }

    #[test]
    fun a_shortened_proof_is_refused() {
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            if (!proof.is_empty()) {
                let without_first = proof;
                without_first.remove(0);
                assert!(!tree.verifies(i, &chunk, &without_first), i);
                let without_last = proof;
                without_last.pop_back();
                assert!(!tree.verifies(i, &chunk, &without_last), i);
                assert!(!tree.verifies(i, &chunk, &vector[]), i);
            };
        });
    }

    #[test]
    fun a_lengthened_proof_is_refused() {
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            let longer = proof;
            longer.push_back(A);
            assert!(!tree.verifies(i, &chunk, &longer), i);
            let longer = proof;
            longer.insert(0, A);
            assert!(!tree.verifies(i, &chunk, &longer), i);
        });
    }

    #[test]
    /// The tree is a true subtree on either side of a node, but the size says that there is nothing above it.
    fun a_proof_that_goes_on_above_the_root_is_refused() {
        let tree = tree_of_3();
        let left = x"01";
        left.append(ROOT_3);
        left.append(A);
        let right = x"01";
        right.append(A);
        right.append(ROOT_3);
        let proof = vector[B, C_100, A];
        vector[left, right].for_each(|above: vector<u8>| {
            let root = hash::sha2_256(above);
            assert!(
                !merkle::verify_chunk(&root, tree.size, 0, &tree.chunk(0), &proof),
                1
            );
        });
    }

    #[test]
    fun swapped_siblings_are_refused() {
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            if (proof.length() > 1) {
                proof.swap(0, 1);
                assert!(!tree.verifies(i, &chunk, &proof), i);
            };
        });
    }

    #[test]
    fun a_sibling_of_another_length_is_refused() {
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            if (!proof.is_empty()) {
                let longer = proof;
                (&mut longer[0]).push_back(0);
                assert!(!tree.verifies(i, &chunk, &longer), i);
                let shorter = proof;
                (&mut shorter[0]).pop_back();
                assert!(!tree.verifies(i, &chunk, &shorter), i);
            };
        });
    }

    #[test]
    fun another_tree_s_root_admits_nothing() {
        for_each_chunk(|tree: &Tree, i: u64, chunk: vector<u8>, proof: vector<vector<u8>>| {
            assert!(!merkle::verify_chunk(&EF, tree.size, i, &chunk, &proof), i);
            assert!(!merkle::verify_chunk(&vector[], tree.size, i, &chunk, &proof), i);
        });
    }

    #[test]
    fun a_size_that_moves_the_end_is_refused() {
        let tree = tree_of_3();
        let last = tree.chunk(2);
        // One byte more or less in the last chunk, a chunk more, a chunk less.
        let sizes = vector[tree.size + 1, tree.size - 1, tree.size + CHUNK, tree.size - CHUNK];
        sizes.for_each(|size| {
            assert!(!merkle::verify_chunk(&ROOT_3, size, 2, &last, &vector[AB]), size);
        });
        // Four levels instead of three above the first of nine chunks.
        let tree = tree_of_8();
        assert!(
            !merkle::verify_chunk(
                &ROOT_8,
                8 * CHUNK + 1,
                0,
                &tree.chunk(0),
                &tree.proofs[0]
            ),
            1
        );
    }

    #[test]
    /// The node's bytes are 65 long and begin with 1: as a chunk they'd be hashed behind a 0.
    fun a_node_is_no_chunk() {
        let node = x"01";
        node.append(A);
        node.append(B_1);
        assert!(hash::sha2_256(node) == ROOT_2, 1);
        assert!(!merkle::verify_chunk(&ROOT_2, 65, 0, &node, &vector[]), 2);
        node.remove(0);
        assert!(!merkle::verify_chunk(&ROOT_2, 64, 0, &node, &vector[]), 3);
    }

    #[test]
    fun an_empty_output_has_no_chunk() {
        let root = hash::sha2_256(vector[]);
        assert!(!merkle::verify_chunk(&root, 0, 0, &vector[], &vector[]), 1);
        assert!(!merkle::verify_chunk(&root, 0, MAX_U64, &vector[], &vector[]), 2);
    }

    #[test]
    fun the_largest_sizes_and_indexes_are_refused_without_an_abort() {
        let proof = vector[];
        for (i in 0..64) {
            proof.push_back(A);
        };
        let chunk = bytes(0, CHUNK);
        assert!(!merkle::verify_chunk(&A, MAX_U64, 0, &chunk, &proof), 1);
        assert!(!merkle::verify_chunk(&A, MAX_U64, MAX_U64, &chunk, &proof), 2);
        assert!(!merkle::verify_chunk(&A, 5, MAX_U64, &chunk, &proof), 3);
        // 2^64 - 1 bytes are 2^50 chunks, the last a byte short.
        chunk.pop_back();
        assert!(!merkle::verify_chunk(&A, MAX_U64, (1 << 50) - 1, &chunk, &proof), 4);
    }

    #[test]
    fun chunks_are_counted_and_measured() {
        assert!(merkle::chunk_count(0) == 0, 1);
        assert!(merkle::chunk_count(1) == 1, 2);
        assert!(merkle::chunk_count(16_384) == 1, 3);
        assert!(merkle::chunk_count(16_385) == 2, 4);
        assert!(merkle::chunk_count(MAX_U64) == 1_125_899_906_842_624, 5);
        assert!(merkle::chunk_length(1, 0) == 1, 6);
        assert!(merkle::chunk_length(16_384, 0) == 16_384, 7);
        assert!(merkle::chunk_length(16_385, 0) == 16_384, 8);
        assert!(merkle::chunk_length(16_385, 1) == 1, 9);
        assert!(merkle::chunk_length(MAX_U64, 1_125_899_906_842_623) == 16_383, 10);
    }
}
