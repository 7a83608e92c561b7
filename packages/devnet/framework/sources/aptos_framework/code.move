/// Publishing packages.
module aptos_framework::code {
    use std::error;
    use std::option::Option;
    use std::signer;
    use std::string::String;
    use std::vector;
    use aptos_std::copyable_any::Any;
    use aptos_framework::event;
    use aptos_framework::util;

    struct PackageRegistry has key, store, drop {
        packages: vector<PackageMetadata>
    }

    struct PackageMetadata has copy, drop, store {
        name: String,
        upgrade_policy: UpgradePolicy,
        upgrade_number: u64,
        source_digest: String,
        manifest: vector<u8>,
        modules: vector<ModuleMetadata>,
        deps: vector<PackageDep>,
        extension: Option<Any>
    }

    struct PackageDep has copy, drop, store {
        account: address,
        package_name: String
    }

    struct ModuleMetadata has copy, drop, store {
        name: String,
        source: vector<u8>,
        source_map: vector<u8>,
        extension: Option<Any>
    }

    struct UpgradePolicy has copy, drop, store {
        policy: u8
    }

    #[event]
    struct PublishPackage has drop, store {
        code_address: address,
        is_upgrade: bool
    }

    /// Another package at this address has a module of this name.
    const EMODULE_NAME_CLASH: u64 = 0x1;
    /// The package was published as immutable.
    const EUPGRADE_IMMUTABLE: u64 = 0x2;
    /// An upgrade cannot weaken the package's policy.
    const EUPGRADE_WEAKER_POLICY: u64 = 0x3;
    /// An upgrade cannot drop a module.
    const EMODULE_MISSING: u64 = 0x4;
    /// The number of modules and of bytecodes differ.
    const ECODE_COUNT_MISMATCH: u64 = 0x20;

    const POLICY_ARBITRARY: u8 = 0;
    const POLICY_COMPATIBLE: u8 = 1;
    const POLICY_IMMUTABLE: u8 = 2;

    public fun upgrade_policy_arbitrary(): UpgradePolicy {
        UpgradePolicy { policy: POLICY_ARBITRARY }
    }

    public fun upgrade_policy_compat(): UpgradePolicy {
        UpgradePolicy { policy: POLICY_COMPATIBLE }
    }

    public fun upgrade_policy_immutable(): UpgradePolicy {
        UpgradePolicy { policy: POLICY_IMMUTABLE }
    }

    public fun can_change_upgrade_policy_to(from: UpgradePolicy, to: UpgradePolicy): bool {
        from.policy <= to.policy
    }

    public entry fun publish_package_txn(
        owner: &signer, metadata_serialized: vector<u8>, code: vector<vector<u8>>
    ) acquires PackageRegistry {
        publish_package(owner, util::from_bytes<PackageMetadata>(metadata_serialized), code)
    }

    public fun publish_package(
        owner: &signer, pack: PackageMetadata, code: vector<vector<u8>>
    ) acquires PackageRegistry {
        assert!(
            vector::length(&pack.modules) == vector::length(&code), error::invalid_argument(ECODE_COUNT_MISMATCH)
        );
        let addr = signer::address_of(owner);
        if (!exists<PackageRegistry>(addr)) move_to(owner, PackageRegistry { packages: vector[] });

        let packages = &mut borrow_global_mut<PackageRegistry>(addr).packages;
        let upgraded = vector::length(packages);
        let i = 0;
        while (i < vector::length(packages)) {
            let old = vector::borrow(packages, i);
            if (old.name == pack.name) {
                check_upgradability(old, &pack);
                pack.upgrade_number = old.upgrade_number + 1;
                upgraded = i;
            } else check_coexistence(old, &pack);
            i = i + 1;
        };
        let policy = pack.upgrade_policy.policy;
        let is_upgrade = upgraded < vector::length(packages);
        if (is_upgrade) {
            *vector::borrow_mut(packages, upgraded) = pack;
        } else vector::push_back(packages, pack);

        event::emit(PublishPackage { code_address: addr, is_upgrade });
        // The VM knows no policy below compatible and always checks compatibility.
        request_publish(addr, code, if (policy == POLICY_ARBITRARY) POLICY_COMPATIBLE else policy)
    }

    fun check_upgradability(old: &PackageMetadata, new: &PackageMetadata) {
        assert!(old.upgrade_policy.policy < POLICY_IMMUTABLE, error::invalid_argument(EUPGRADE_IMMUTABLE));
        assert!(
            can_change_upgrade_policy_to(old.upgrade_policy, new.upgrade_policy),
            error::invalid_argument(EUPGRADE_WEAKER_POLICY)
        );
        vector::for_each_ref(&old.modules, |m| {
            assert!(has_module(new, &m.name), error::invalid_argument(EMODULE_MISSING));
        });
    }

    fun check_coexistence(old: &PackageMetadata, new: &PackageMetadata) {
        vector::for_each_ref(&old.modules, |m| {
            assert!(!has_module(new, &m.name), error::already_exists(EMODULE_NAME_CLASH));
        });
    }

    fun has_module(pack: &PackageMetadata, name: &String): bool {
        vector::any(&pack.modules, |m| &m.name == name)
    }

    /// The VM calls this once, when it publishes the framework.
    fun init_genesis(_framework: &signer, _module_ids: vector<String>, _allowed_publishers: vector<address>) {}

    /// The VM calls this at every publication; `publish_package` has checked the policy by then.
    fun verify_publish_request(
        _publisher: &signer,
        _module_ids: vector<String>,
        _dependency_addresses: vector<vector<address>>,
        _dependency_module_ids: vector<vector<String>>,
        _policy: u8
    ) {}

    native fun request_publish(owner: address, code: vector<vector<u8>>, policy: u8);
}
