#[test_only]
/// The list of providers, whatever they are.
module computestream::provider_directory_tests {
    use computestream::market_test_utils as m;
    use computestream::provider_directory;

    #[test]
    fun it_begins_empty() {
        provider_directory::init_for_test(&m::admin());
        assert!(provider_directory::count() == 0, 1);
        assert!(provider_directory::page(0, 10).is_empty(), 2);
    }

    #[test]
    fun pages_keep_the_order_of_adding() {
        provider_directory::init_for_test(&m::admin());
        vector[@0x3, @0x1, @0x2, @0x5].for_each(|provider| provider_directory::add(provider));
        assert!(provider_directory::count() == 4, 1);
        assert!(provider_directory::page(0, 100) == vector[@0x3, @0x1, @0x2, @0x5], 2);
        assert!(provider_directory::page(1, 2) == vector[@0x1, @0x2], 3);
        // The last ones, none, and from beyond the end.
        assert!(provider_directory::page(3, 2) == vector[@0x5], 4);
        assert!(provider_directory::page(2, 0).is_empty(), 5);
        assert!(provider_directory::page(4, 1).is_empty(), 6);
        assert!(provider_directory::page(0xffff_ffff_ffff_ffff, 1).is_empty(), 7);
    }
}
