#[test_only]
/// Which chunks a root admits, with trees worked out apart from the module.
/// It doesn't know where roots come from.
///
/// Chunk i of every tree is filled with the byte i + 1. A letter is the hash of a full chunk (A = chunk 0), a letter
/// with a number that of a shorter last one, joined letters the hash of the node above them: all computed with
/// Python's hashlib by RFC 6962's recursion.
module computestream::merkle_tests {
    use std::hash;
    use computestream::merkle;

    const CHUNK: u64 = 16_384;
    const MAX_U64: u64 = 0xffff_ffff_ffff_ffff;

    const A: vector<u8> = x"bc86afedad60ca7f5661a20abc8a6448ca04d307307a676468985e0a914a935a";
    const B: vector<u8> = x"edbdbcf4a75a17a970ed64b210aa2c23b596a02450624bd39dba7e5b536bee88";
    const C: vector<u8> = x"112c4e725508e80402d2063e0ed5f8acc2798d88fedf16f40ce019cc8917c37c";
    const D: vector<u8> = x"850ca8f25355067869d8b61fa6283cbf603c366cabc0658d67ecc872d9af676f";
    const E: vector<u8> = x"24e934f4de2eeacd99b7452b8c9ef3e8cfcaf762e0dfcdb92f63f3a615cbabe2";
    const F: vector<u8> = x"e2c2fd0805afb14472b1c00dff37f6a36c3a5024623bab2f871c453927c0de5c";
    const G: vector<u8> = x"ea7cb6cf8361f05117c41dba4196f403bf10a55d1c323aed50567fac2c739a1f";
    const A_5: vector<u8> = x"52217da89de802703cfc92d35e40ecdd5be45a1af977ef5d4be33892562749a1";
    const B_1: vector<u8> = x"fcf0a6c700dd13e274b6fba8deea8dd9b26e4eedde3495717cac8408c9c5177f";
    const C_100: vector<u8> = x"b64a319ae5ae85f3c8c6dc39c9ca5cff6f4d35c222e6f86f449bcd2b0837d989";
    const G_1: vector<u8> = x"2ecd8a6b7d2845546659ad4cf443533cf921b19dc81fa83934e83821b4dfdcb7";
    const H_16383: vector<u8> = x"e7ad40a3b7f1eed9e1b71fe56f4cd12df3c4e79b0ad2cc7c41630b0434f277a5";
    const AB: vector<u8> = x"8b0509f291613e24f67c9bd60fb907f97d59c6a94bbf39eaf85167d70145fcce";
    const CD: vector<u8> = x"95581c546e65e8e82571514335a8541625b9f621380f3c911bc49e52459e3413";
    const EF: vector<u8> = x"479cd68f8d20bbff489184299553b8be1ebefec45395ae2d10f91769603c2efc";
    const GH: vector<u8> = x"ef7eadb571b959c8502e97508ebdb6b94be52c008d476491023fc55ad2066609";
    const ABCD: vector<u8> = x"be6c7efada36a8d91acaa394015ace9f6f141158b9c22fa36ae4f41843880be5";
    const EFG: vector<u8> = x"59f60e7c76cd62d6422935ec1513ef487df03fbc0947180da4c85cad21feda98";
    const EFGH: vector<u8> = x"4445c90a6ef8ac12611a634f5085778c1493550d616239a0a0e2c4b888865705";
    const ROOT_2: vector<u8> = x"14ea92a6c39ad84f8f7fb8accf04cf392ac25268f3e1a73ca5c998190ddb9067";
    const ROOT_3: vector<u8> = x"860e83b9e2bdaa19f1cf628407bd682de9b5852839c58acda2f258ec482b0247";
    const ROOT_5: vector<u8> = x"9497d2f16da4eb7d0cde8b6d3045acb4b7ca4f780d95637516534bc6f348fd91";
    const ROOT_7: vector<u8> = x"7170364228ed59c60a5e5a4c400df833758c92a03a2e2a4ad68396efd7eb4235";
    const ROOT_8: vector<u8> = x"497aa842483aee494c96b92b84a229668f57b417aed03bc2145d3153385956bd";

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
