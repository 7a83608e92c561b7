/// The block that a transaction runs in.
module aptos_framework::block {
    #[view]
    public fun get_current_block_height(): u64 {
        let (height, _) = get_block_info();
        height
    }

    native fun get_block_info(): (u64, u64);
}
