/// What the chain does around a transaction. It calls these as 0x1.
module aptos_framework::transaction_validation {
    use aptos_framework::account;
    use aptos_framework::aptos_coin;
    use aptos_framework::system_addresses;

    /// Makes the account where there is none.
    entry fun create_account(framework: &signer, addr: address) {
        system_addresses::assert_aptos_framework(framework);
        account::create_account_if_does_not_exist(addr)
    }

    /// After a transaction, whether it succeeded or aborted: burns the fee of `fee_payer`, and counts the
    /// sender's sequence number up unless the transaction was replay-protected by a nonce.
    entry fun epilogue(
        framework: &signer, sender: address, fee_payer: address, fee: u64, counts_sequence_number: bool
    ) {
        system_addresses::assert_aptos_framework(framework);
        if (fee > 0) aptos_coin::burn_fee(fee_payer, fee);
        if (counts_sequence_number) {
            account::create_account_if_does_not_exist(sender);
            account::increment_sequence_number(sender);
        }
    }

    /// For the faucet: the account where there is none, and MOVE minted to it.
    entry fun fund(framework: &signer, addr: address, amount: u64) {
        system_addresses::assert_aptos_framework(framework);
        account::create_account_if_does_not_exist(addr);
        aptos_coin::mint(framework, addr, amount)
    }
}
