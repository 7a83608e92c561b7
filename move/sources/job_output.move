/// What a job left behind: how it ended in the container, and the commitments to its packed output.
/// It doesn't know where the bytes are, nor whether they are any good.
module computestream::job_output {
    use std::string::{Self, String};

    // === Errors ===

    /// At most 8 output addresses of at most 512 bytes each are stored.
    const E_OUTPUT_URIS: u64 = 1;
    /// An output hash must be empty or 32 bytes.
    const E_OUTPUT_HASH_LENGTH: u64 = 2;
    /// The reason must be at most 1024 bytes long.
    const E_REASON_LENGTH: u64 = 3;

    // === Constants ===

    const MAX_OUTPUT_URIS: u64 = 8;
    const MAX_OUTPUT_URI_LENGTH: u64 = 512;
    const MAX_REASON_LENGTH: u64 = 1_024;
    const HASH_LENGTH: u64 = 32;

    // === Structs ===

    struct Output has copy, drop, store {
        exit_code: u64,
        /// Empty for a completed job.
        reason: String,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        /// Root of the tree of `output_size` bytes in chunks; empty without an output.
        output_root: vector<u8>,
        output_size: u64
    }

    // === Package ===

    public(package) fun new(
        exit_code: u64,
        reason: String,
        output_uris: vector<String>,
        output_sha256: vector<u8>,
        output_root: vector<u8>,
        output_size: u64
    ): Output {
        assert!(reason.length() <= MAX_REASON_LENGTH, E_REASON_LENGTH);
        assert!(
            output_uris.length() <= MAX_OUTPUT_URIS
                && output_uris.all(|uri| uri.length() <= MAX_OUTPUT_URI_LENGTH),
            E_OUTPUT_URIS
        );
        assert_hash(&output_sha256);
        assert_hash(&output_root);
        Output { exit_code, reason, output_uris, output_sha256, output_root, output_size }
    }

    public(package) fun none(): Output {
        new(0, string::utf8(b""), vector[], vector[], vector[], 0)
    }

    public(package) fun set_reason(self: &mut Output, reason: vector<u8>) {
        self.reason = string::utf8(reason);
    }

    public(package) fun root(self: &Output): vector<u8> {
        self.output_root
    }

    public(package) fun size(self: &Output): u64 {
        self.output_size
    }

    // === Private ===

    fun assert_hash(hash: &vector<u8>) {
        assert!(hash.is_empty() || hash.length() == HASH_LENGTH, E_OUTPUT_HASH_LENGTH);
    }
}
