#[test_only]
/// Which chunks a root admits, with trees worked out apart from the module.
/// It doesn't know where roots come from.
///
/// Chunk i of every tree is filled with the byte i + 1. A letter is the hash of a full chunk (A = chunk 0), a letter
/// with a number that of a shorter last one, joined letters the hash of the node above them: all computed with
/// Python's hashlib by RFC 6962's recursion over the chunks after their ULEB128 lengths.
module computestream::merkle_tests {
    use std::hash;
    use computestream::merkle;

    const CHUNK: u64 = 16_384;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    const A: vector<u8> = x"d59a9110093f4ec1ebe3bc8141c4bd9dc7c37566793628da11b3d2289ac2a993";
    const B: vector<u8> = x"68249c5092fb8a5386fb839bc55852c54f807a3ece8562e0853dac8bd9b6451c";
    const C: vector<u8> = x"ac63dec52d37750eb8b483b242b7e62ac924ae6a0b19c4bd32e26b3285d5150d";
    const D: vector<u8> = x"13544e9622c1e33977f7c50d46002416631308f6b9ef803577f4bbe3ba86be8a";
    const E: vector<u8> = x"f7c49ae0ef1a6c9b2c6948200b3a7fcb6d57e5e99e8d695ae0a221aabd1cc187";
    const F: vector<u8> = x"bef70df83987a5909bd93af7cacb366419669426224b10b2a0fd64f5464c3ced";
    const G: vector<u8> = x"b12a634cdc7ff315a9431b399334bb354fef81401cc68cbc97d7020adedbe2df";
    const A_5: vector<u8> = x"d3b3b33c7c802d1a69afccdd98da214edbd35389b3596cb4404db7f3480a9b4b";
    const B_1: vector<u8> = x"ae4b3280e56e2faf83f414a6e3dabe9d5fbe18976544c05fed121accb85b53fc";
    const C_100: vector<u8> = x"a8c79128511cd9309702f2fcf0ebbcd907ef276dab35ed9a93f97b59665f1b47";
    const G_1: vector<u8> = x"cbf21413513743688ab04352762e4321ef9a79a8521961ef574ae117e60240fd";
    const H_16383: vector<u8> = x"0d623b9d51e85a6ac18e6bd7d7b3d9a941fce3efd46fbce421b260df08ee4faa";
    const AB: vector<u8> = x"240e992249e72eb742c32fecb500873beb24f3325c97ec4c08e9753065e1aa48";
    const CD: vector<u8> = x"08d243d51550756fbb64d1d00033991097539ba84420c395c87e3a0e088ee3f5";
    const EF: vector<u8> = x"28743edbbc1818fade40eb9c80e24b8fd62d8f18ac236f2bdd996f20175d099f";
    const GH: vector<u8> = x"24715c361237064ef2d0d1742295387fb7547f33f87389dfc68c66de7bbfead1";
    const ABCD: vector<u8> = x"c1f14335c49085f2a491efaff2e783b28bd8b91e101350818ef7ce52b6d4903c";
    const EFG: vector<u8> = x"ed7056e3b814379f77911fa2c4b7ebf917c6f871283988e3c68a9c86b45839ed";
    const EFGH: vector<u8> = x"289c5740d7ea577d2c2cfda2a71cb15f09e807a7cb6138ed0dae7dd01904b85d";
    const ROOT_2: vector<u8> = x"853c620629961434d8655d1be1c7cec4b0872a7dc8f40786fca8a90f593f4536";
    const ROOT_3: vector<u8> = x"786f583697ecb3ab2282a9448ade9a3d874893559cef5f86d63f5ede915df5f0";
    const ROOT_5: vector<u8> = x"09b569f883b691a42aa79d62475b20cae934b9b9d4c7a89dd9e84814bfc820fd";
    const ROOT_7: vector<u8> = x"45b15afb50a99e4d6a982572507609305e0562e8d0dce6c2a8858421bf3bcb13";
    const ROOT_8: vector<u8> = x"bbc39236baae3351449284c8c63009edc207abb90f606768fc7d57fc2e35f0a6";

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

    fun bytes(value: u8, length: u64): vector<u8> {
        let all = vector[value];
        while (all.length() < length) {
            let half = all;
            all.append(half);
        };
        all.trim(length);
        all
    }

    fun chunk(self: &Tree, index: u64): vector<u8> {
        let rest = self.size - index * CHUNK;
        bytes((index as u8) + 1, if (rest < CHUNK) rest else CHUNK)
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
            changed[last] = 0;
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
    /// Under the node above the root the tree itself is a true subtree, but the size says that there is none.
    fun a_proof_that_goes_on_above_the_root_is_refused() {
        let tree = tree_of_3();
        let above = x"01";
        above.append(ROOT_3);
        above.append(A);
        let root = hash::sha2_256(above);
        let proof = vector[B, C_100, A];
        assert!(
            !merkle::verify_chunk(&root, tree.size, 0, &tree.chunk(0), &proof),
            1
        );
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
        let chunk = bytes(1, CHUNK);
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
