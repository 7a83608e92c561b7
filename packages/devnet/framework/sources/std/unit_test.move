/// Signers for unit tests.
module std::unit_test {
    #[test_only]
    native public fun create_signers_for_testing(num_signers: u64): vector<signer>;
}
