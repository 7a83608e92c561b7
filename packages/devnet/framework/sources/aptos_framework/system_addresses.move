/// Which addresses are the framework's own.
module aptos_framework::system_addresses {
    use std::error;
    use std::signer;

    /// Only the core resource account may do this.
    const ENOT_CORE_RESOURCE_ADDRESS: u64 = 1;
    /// Only the VM may do this.
    const EVM: u64 = 2;
    /// Only the framework's account may do this.
    const ENOT_APTOS_FRAMEWORK_ADDRESS: u64 = 3;
    /// Only a framework-reserved account may do this.
    const ENOT_FRAMEWORK_RESERVED_ADDRESS: u64 = 4;

    public fun assert_aptos_framework(account: &signer) {
        assert!(
            is_aptos_framework_address(signer::address_of(account)),
            error::permission_denied(ENOT_APTOS_FRAMEWORK_ADDRESS)
        )
    }

    public fun assert_framework_reserved(addr: address) {
        assert!(is_framework_reserved_address(addr), error::permission_denied(ENOT_FRAMEWORK_RESERVED_ADDRESS))
    }

    public fun assert_vm(account: &signer) {
        assert!(is_vm_address(signer::address_of(account)), error::permission_denied(EVM))
    }

    public fun is_aptos_framework_address(addr: address): bool {
        addr == @aptos_framework
    }

    public fun is_framework_reserved_address(addr: address): bool {
        addr == @0x1 || addr == @0x2 || addr == @0x3 || addr == @0x4 || addr == @0x5
            || addr == @0x6 || addr == @0x7 || addr == @0x8 || addr == @0x9 || addr == @0xa
    }

    public fun is_vm_address(addr: address): bool {
        addr == @vm_reserved
    }
}
