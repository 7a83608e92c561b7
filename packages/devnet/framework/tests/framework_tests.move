#[test_only]
/// The framework's promises to packages written for Aptos, in the unit-test runner.
module aptos_framework::framework_tests {
    use std::option;
    use std::signer;
    use std::string;
    use std::vector;
    use aptos_std::math128;
    use aptos_std::math64;
    use aptos_std::simple_map;
    use aptos_std::table;
    use aptos_framework::account;
    use aptos_framework::aptos_account;
    use aptos_framework::aptos_coin;
    use aptos_framework::chain_id;
    use aptos_framework::coin;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::{Self, FungibleStore};
    use aptos_framework::object;
    use aptos_framework::primary_fungible_store;
    use aptos_framework::timestamp;

    #[event]
    struct Ping has drop, store, copy {
        n: u64
    }

    struct TableHolder has key {
        t: table::Table<u64, u64>
    }

    struct Marker has key {}

    #[test(framework = @aptos_framework)]
    fun time_moves_by_the_test(framework: signer) {
        timestamp::set_time_has_started_for_testing(&framework);
        assert!(timestamp::now_seconds() == 0, 1);
        timestamp::update_global_time_for_test_secs(1_700_000_000);
        timestamp::fast_forward_seconds(5);
        assert!(timestamp::now_microseconds() == 1_700_000_005_000_000, 2);
    }

    #[test(framework = @aptos_framework)]
    #[expected_failure(abort_code = 0x10002, location = aptos_framework::timestamp)]
    fun time_cannot_go_back(framework: signer) {
        timestamp::set_time_has_started_for_testing(&framework);
        timestamp::update_global_time_for_test_secs(2);
        timestamp::update_global_time_for_test_secs(1);
    }

    #[test(framework = @aptos_framework)]
    fun the_chain_id_is_the_tests(framework: signer) {
        chain_id::initialize_for_test(&framework, 4);
        assert!(chain_id::get() == 4, 1);
    }

    #[test]
    fun events_can_be_read_back() {
        event::emit(Ping { n: 7 });
        event::emit(Ping { n: 8 });
        assert!(event::emitted_events<Ping>() == vector[Ping { n: 7 }, Ping { n: 8 }], 1);
        assert!(!event::was_event_emitted(&Ping { n: 9 }), 2);
    }

    #[test]
    /// sha3_256(0x..0a || "seed" || 0xFE), worked out with another implementation.
    fun named_objects_are_where_aptos_puts_them() {
        let at = object::create_object_address(&@0xa, b"seed");
        assert!(at == @0x9c4c2ef40fe614a162946d84dad7a4503e8dabf0e737badb69574dbd8f816f45, 1);
        let derived = object::create_user_derived_object_address(@0xb0b, @0xa);
        assert!(derived == @0xd448ff899c14915207a07424af4c846543b471b4cd83cc9cb54b6b79b89639f1, 2);
        assert!(account::create_resource_address(&@0xb0b, b"seed") == @0xa1fbabdd83b7aa998d733976e414b2d5d44918dddf9d6ba5cc2deee2c536dfa1, 3);
    }

    #[test]
    /// The runner's transaction hash is 32 zero bytes.
    fun unnamed_objects_count_within_the_transaction() {
        let one = object::address_from_constructor_ref(&object::create_object(@0xb0b));
        let two = object::address_from_constructor_ref(&object::create_sticky_object(@0xb0b));
        assert!(one == @0x777e34c52ecee7cd877e439f7cbf8f5a2394c369855c7bb8a140fced68b3aed6, 1);
        assert!(two == @0xbcb96f501346922783f9a9133102e01521a7738800aac68c0d7cc6a5120d6cc3, 2);
    }

    #[test(alice = @0xa11ce, bob = @0xb0b)]
    fun objects_change_hands_and_own_each_other(alice: signer, bob: signer) {
        let outer_ref = object::create_object(@0xa11ce);
        let outer_signer = object::generate_signer(&outer_ref);
        move_to(&outer_signer, Marker {});
        let outer = object::object_from_constructor_ref<Marker>(&outer_ref);
        let inner_ref = object::create_object(signer::address_of(&outer_signer));
        move_to(&object::generate_signer(&inner_ref), Marker {});
        let inner = object::object_from_constructor_ref<Marker>(&inner_ref);
        assert!(object::owns(inner, @0xa11ce) && !object::is_owner(inner, @0xa11ce), 1);

        object::transfer(&alice, outer, @0xb0b);
        assert!(object::owner(outer) == @0xb0b && object::root_owner(inner) == @0xb0b, 2);
        object::transfer(&bob, inner, @0xb0b);
        assert!(object::is_owner(inner, @0xb0b), 3);
    }

    #[test(alice = @0xa11ce)]
    #[expected_failure(abort_code = 0x50003, location = aptos_framework::object)]
    fun a_gated_object_stays(alice: signer) acquires Marker {
        let ref = object::create_object(@0xa11ce);
        move_to(&object::generate_signer(&ref), Marker {});
        object::disable_ungated_transfer(&object::generate_transfer_ref(&ref));
        let Marker {} = move_from<Marker>(object::address_from_constructor_ref(&ref));
        move_to(&object::generate_signer(&ref), Marker {});
        object::transfer(&alice, object::object_from_constructor_ref<Marker>(&ref), @0xb0b);
    }

    #[test]
    #[expected_failure(abort_code = 0x60002, location = aptos_framework::object)]
    fun a_missing_object_has_no_handle() {
        object::address_to_object<Marker>(@0x1234);
    }

    #[test]
    fun a_deleted_object_is_gone() {
        let ref = object::create_object(@0xa11ce);
        object::delete(object::generate_delete_ref(&ref));
        assert!(!object::is_object(object::address_from_constructor_ref(&ref)), 1);
    }

    #[test]
    #[expected_failure(abort_code = 0x50005, location = aptos_framework::object)]
    fun a_sticky_object_cannot_be_deleted() {
        object::generate_delete_ref(&object::create_sticky_object(@0xa11ce));
    }

    #[test(framework = @aptos_framework, alice = @0xa11ce)]
    fun move_flows_between_accounts(framework: signer, alice: signer) {
        aptos_coin::initialize_for_test(&framework);
        aptos_coin::mint_for_test(@0xa11ce, 100);
        aptos_account::transfer(&alice, @0xb0b, 40);
        assert!(account::exists_at(@0xb0b), 1);
        let move_asset = aptos_coin::metadata();
        assert!(primary_fungible_store::balance(@0xa11ce, move_asset) == 60, 2);
        assert!(coin::balance<aptos_coin::AptosCoin>(@0xb0b) == 40, 3);
        assert!(fungible_asset::supply(move_asset) == option::some(100), 4);
        assert!(fungible_asset::symbol(move_asset) == string::utf8(b"MOVE"), 5);
        assert!(
            object::owner(primary_fungible_store::primary_store(@0xb0b, move_asset)) == @0xb0b, 6
        );
        aptos_account::batch_transfer(&alice, vector[@0xb0b, @0xcafe], vector[10, 20]);
        assert!(primary_fungible_store::balance(@0xa11ce, move_asset) == 30, 7);
    }

    #[test(framework = @aptos_framework, alice = @0xa11ce)]
    #[expected_failure(abort_code = 0x10004, location = aptos_framework::fungible_asset)]
    fun nobody_spends_what_they_lack(framework: signer, alice: signer) {
        aptos_coin::initialize_for_test(&framework);
        aptos_coin::mint_for_test(@0xa11ce, 1);
        aptos_account::transfer(&alice, @0xb0b, 2);
    }

    #[test(framework = @aptos_framework, alice = @0xa11ce, bob = @0xb0b)]
    #[expected_failure(abort_code = 0x50008, location = aptos_framework::fungible_asset)]
    fun only_the_owner_withdraws(framework: signer, alice: signer, bob: signer) {
        aptos_coin::initialize_for_test(&framework);
        aptos_coin::mint_for_test(signer::address_of(&alice), 5);
        let store = primary_fungible_store::primary_store(@0xa11ce, aptos_coin::metadata());
        let fa = fungible_asset::withdraw(&bob, store, 1);
        primary_fungible_store::deposit(@0xb0b, fa);
    }

    #[test(framework = @aptos_framework, alice = @0xa11ce)]
    fun a_store_lives_on_any_object_until_it_is_removed(framework: signer, alice: signer) {
        aptos_coin::initialize_for_test(&framework);
        aptos_coin::mint_for_test(@0xa11ce, 10);
        let ref = object::create_object(@0xa11ce);
        let delete_ref = object::generate_delete_ref(&ref);
        let store = fungible_asset::create_store(&ref, aptos_coin::metadata());
        let fa = primary_fungible_store::withdraw(&alice, aptos_coin::metadata(), 10);
        let part = fungible_asset::extract(&mut fa, 4);
        assert!(fungible_asset::amount(&fa) == 6 && fungible_asset::amount(&part) == 4, 1);
        fungible_asset::merge(&mut fa, part);
        fungible_asset::deposit(store, fa);
        assert!(fungible_asset::balance(store) == 10, 2);
        fungible_asset::transfer(
            &alice, store, object::convert<FungibleStore, FungibleStore>(
                primary_fungible_store::primary_store(@0xa11ce, aptos_coin::metadata())
            ), 10
        );
        fungible_asset::remove_store(&delete_ref);
        object::delete(delete_ref);
        fungible_asset::destroy_zero(fungible_asset::zero(aptos_coin::metadata()));
    }

    #[test(framework = @aptos_framework)]
    fun only_another_asset_has_a_ceiling(framework: signer) {
        let ref = object::create_named_object(&framework, b"USDC");
        primary_fungible_store::create_primary_store_enabled_fungible_asset(
            &ref, option::some(5), string::utf8(b"USD"), string::utf8(b"USDC"), 6, string::utf8(b""), string::utf8(b"")
        );
        let mint_ref = fungible_asset::generate_mint_ref(&ref);
        let burn_ref = fungible_asset::generate_burn_ref(&ref);
        let transfer_ref = fungible_asset::generate_transfer_ref(&ref);
        primary_fungible_store::mint(&mint_ref, @0xb0b, 5);
        primary_fungible_store::set_frozen_flag(&transfer_ref, @0xb0b, true);
        let asset = fungible_asset::mint_ref_metadata(&mint_ref);
        assert!(primary_fungible_store::is_frozen(@0xb0b, asset), 1);
        primary_fungible_store::burn(&burn_ref, @0xb0b, 2);
        assert!(fungible_asset::supply(asset) == option::some(3), 2);
        assert!(fungible_asset::decimals(asset) == 6, 3);
    }

    #[test(framework = @aptos_framework)]
    #[expected_failure(abort_code = 0x20005, location = aptos_framework::fungible_asset)]
    fun the_ceiling_holds(framework: signer) {
        let ref = object::create_named_object(&framework, b"USDC");
        primary_fungible_store::create_primary_store_enabled_fungible_asset(
            &ref, option::some(5), string::utf8(b"USD"), string::utf8(b"USDC"), 6, string::utf8(b""), string::utf8(b"")
        );
        primary_fungible_store::mint(&fungible_asset::generate_mint_ref(&ref), @0xb0b, 6);
    }

    #[test(alice = @0xa11ce)]
    fun resource_accounts_sign_by_capability(alice: signer) {
        let (resource, capability) = account::create_resource_account(&alice, b"x");
        let again = account::create_signer_with_capability(&capability);
        assert!(signer::address_of(&resource) == signer::address_of(&again), 1);
    }

    #[test]
    fun vectors_do_what_their_names_say() {
        let v = vector[1, 2, 3, 4, 5];
        vector::reverse(&mut v);
        assert!(v == vector[5, 4, 3, 2, 1], 1);
        vector::reverse_slice(&mut v, 1, 4);
        assert!(v == vector[5, 2, 3, 4, 1], 2);
        assert!(vector::remove(&mut v, 1) == 2 && v == vector[5, 3, 4, 1], 3);
        assert!(vector::swap_remove(&mut v, 0) == 5 && v == vector[1, 3, 4], 4);
        vector::insert(&mut v, 1, 9);
        assert!(v == vector[1, 9, 3, 4], 5);
        assert!(vector::trim(&mut v, 2) == vector[3, 4] && v == vector[1, 9], 6);
        vector::append(&mut v, vector[7, 8]);
        assert!(v == vector[1, 9, 7, 8], 7);
        assert!(vector::slice(&v, 1, 3) == vector[9, 7], 8);
        let (found, at) = vector::index_of(&v, &7);
        assert!(found && at == 2, 9);
        let sum = 0;
        vector::for_each(v, |e| sum = sum + e);
        assert!(sum == 25, 10);
        assert!(vector::map(vector[1, 2], |e| e * 2) == vector[2, 4], 11);
        assert!(vector::filter(vector[1, 2, 3], |e| *e != 2) == vector[1, 3], 12);
        assert!(vector::fold(vector[1, 2, 3], 10, |a, e| a + e) == 16, 13);
        assert!(vector::range_with_step(0, 5, 2) == vector[0, 2, 4], 14);
        assert!(v.length() == 4 && v.contains(&8), 15);
    }

    #[test]
    fun arithmetic_is_exact() {
        assert!(math64::mul_div(18446744073709551615, 18446744073709551615, 18446744073709551615) == 18446744073709551615, 1);
        assert!(math64::sqrt(99) == 9 && math64::sqrt(100) == 10 && math64::sqrt(18446744073709551615) == 4294967295, 2);
        assert!(math64::pow(3, 5) == 243 && math64::pow(7, 0) == 1, 3);
        assert!(math64::ceil_div(7, 2) == 4 && math64::ceil_div(0, 2) == 0, 4);
        assert!(math64::floor_log2(1) == 0 && math64::floor_log2(255) == 7 && math64::floor_log2(256) == 8, 5);
        assert!(math128::sqrt(340282366920938463463374607431768211455) == 18446744073709551615, 6);
        assert!(math128::mul_div(1 << 127, 6, 8) == (1 << 126) + (1 << 125), 7);
        assert!(math64::gcd(12, 18) == 6 && math64::average(3, 6) == 4, 8);
    }

    #[test(framework = @aptos_framework)]
    fun maps_and_tables_keep_entries(framework: signer) {
        let map = simple_map::new<u64, u64>();
        simple_map::add(&mut map, 1, 10);
        simple_map::upsert(&mut map, 1, 11);
        simple_map::upsert(&mut map, 2, 20);
        assert!(*simple_map::borrow(&map, &1) == 11 && simple_map::length(&map) == 2, 1);
        let (_, removed) = simple_map::remove(&mut map, &1);
        assert!(removed == 11 && !simple_map::contains_key(&map, &1), 2);

        let t = table::new<u64, u64>();
        table::add(&mut t, 1, 10);
        *table::borrow_mut(&mut t, 1) = 12;
        table::upsert(&mut t, 2, 5);
        assert!(*table::borrow(&t, 1) == 12 && table::remove(&mut t, 2) == 5, 3);
        assert!(!table::contains(&t, 2), 4);
        move_to(&framework, TableHolder { t });
    }

    #[test]
    #[expected_failure(abort_code = 0x10002, location = aptos_std::simple_map)]
    fun a_missing_key_aborts() {
        simple_map::borrow(&simple_map::new<u64, u64>(), &1);
    }
}
