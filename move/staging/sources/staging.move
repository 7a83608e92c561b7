/// Publishes a package that is too large for one transaction: its parts are gathered, then published at once.
/// It doesn't know what it publishes; only the account that publishes can gather for itself.
///
///     begin --> stage* --> publish --> gone
///       ^         |
///       +---------+ starts over
module computestream::staging {
    use std::signer;
    use aptos_framework::code;

    // === Errors ===

    /// Nothing is being gathered: begin first.
    const E_NOT_BEGUN: u64 = 1;
    /// Every chunk needs the number of its module: send lists of one length.
    const E_CHUNK_LENGTHS: u64 = 2;

    // === Structs ===

    struct Parts has key {
        metadata: vector<u8>,
        /// Each module's bytes so far.
        code: vector<vector<u8>>
    }

    // === Entry ===

    /// Begins a package of `module_count` modules; what was gathered before is dropped.
    public entry fun begin(
        publisher: &signer, metadata: vector<u8>, module_count: u64
    ) acquires Parts {
        let who = signer::address_of(publisher);
        if (exists<Parts>(who)) {
            let Parts { metadata: _, code: _ } = move_from<Parts>(who);
        };
        let code = vector[];
        let i = 0;
        while (i < module_count) {
            code.push_back(vector[]);
            i = i + 1;
        };
        move_to(publisher, Parts { metadata, code });
    }

    /// Appends each chunk to the module of its number.
    public entry fun stage(
        publisher: &signer, numbers: vector<u64>, chunks: vector<vector<u8>>
    ) acquires Parts {
        let who = signer::address_of(publisher);
        assert!(exists<Parts>(who), E_NOT_BEGUN);
        assert!(numbers.length() == chunks.length(), E_CHUNK_LENGTHS);
        let parts = &mut Parts[who];
        let i = 0;
        while (i < numbers.length()) {
            let module_code = &mut parts.code[numbers[i]];
            module_code.append(chunks[i]);
            i = i + 1;
        };
    }

    /// Publishes what was gathered, exactly as one transaction would have.
    public entry fun publish(publisher: &signer) acquires Parts {
        let who = signer::address_of(publisher);
        assert!(exists<Parts>(who), E_NOT_BEGUN);
        let Parts { metadata, code } = move_from<Parts>(who);
        code::publish_package_txn(publisher, metadata, code);
    }
}
