/// The addresses of every provider there is, in the order of registration.
/// It doesn't know what a provider is.
module computestream::provider_directory {
    use aptos_std::table_with_length::{Self, TableWithLength};

    // === Structs ===

    struct Directory has key {
        providers: TableWithLength<u64, address>
    }

    // === Package ===

    fun init_module(publisher: &signer) {
        move_to(publisher, Directory { providers: table_with_length::new() });
    }

    public(package) fun add(provider: address) acquires Directory {
        let providers = &mut Directory[@computestream].providers;
        let index = providers.length();
        providers.add(index, provider);
    }

    public(package) fun count(): u64 acquires Directory {
        Directory[@computestream].providers.length()
    }

    /// Up to `limit` addresses from the `offset`-th on.
    public(package) fun page(offset: u64, limit: u64): vector<address> acquires Directory {
        let providers = &Directory[@computestream].providers;
        let count = providers.length();
        let page = vector[];
        while (page.length() < limit && offset < count) {
            page.push_back(*providers.borrow(offset));
            offset += 1;
        };
        page
    }

    // === Test only ===

    #[test_only]
    public fun init_for_test(publisher: &signer) {
        init_module(publisher);
    }
}
