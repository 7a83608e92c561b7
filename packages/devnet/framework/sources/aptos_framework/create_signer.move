/// The signer of any address, for the framework only.
module aptos_framework::create_signer {
    use aptos_framework::account;

    public(friend) fun create_signer(addr: address): signer {
        account::create_signer(addr)
    }
}
