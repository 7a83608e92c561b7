/// Ed25519 signatures under Aptos' names, checked by the VM.
///
/// The VM here accepts the cofactored (ZIP 215) rule where Aptos accepts the strict one. They differ
/// only for keys and nonces of small order, so small-order keys are refused when a key is validated.
module aptos_std::ed25519 {
    use std::bcs;
    use std::error;
    use std::hash;
    use std::option::{Self, Option};
    use std::vector;
    use aptos_std::type_info::{Self, TypeInfo};

    /// A public key has 32 bytes.
    const E_WRONG_PUBKEY_SIZE: u64 = 1;
    /// A signature has 64 bytes.
    const E_WRONG_SIGNATURE_SIZE: u64 = 2;

    const PUBLIC_KEY_NUM_BYTES: u64 = 32;
    const SIGNATURE_NUM_BYTES: u64 = 64;
    const SIGNATURE_SCHEME_ID: u8 = 0;

    /// A typed message, so that one struct's signature is never another's.
    struct SignedMessage<MessageType> has drop {
        type_info: TypeInfo,
        inner: MessageType
    }

    /// Bytes of the right length that may not be a key.
    struct UnvalidatedPublicKey has copy, drop, store {
        bytes: vector<u8>
    }

    /// A key checked not to be of small order.
    struct ValidatedPublicKey has copy, drop, store {
        bytes: vector<u8>
    }

    struct Signature has copy, drop, store {
        bytes: vector<u8>
    }

    public fun new_signed_message<T: drop>(data: T): SignedMessage<T> {
        SignedMessage { type_info: type_info::type_of<T>(), inner: data }
    }

    public fun new_unvalidated_public_key_from_bytes(bytes: vector<u8>): UnvalidatedPublicKey {
        assert!(vector::length(&bytes) == PUBLIC_KEY_NUM_BYTES, error::invalid_argument(E_WRONG_PUBKEY_SIZE));
        UnvalidatedPublicKey { bytes }
    }

    public fun new_validated_public_key_from_bytes(bytes: vector<u8>): Option<ValidatedPublicKey> {
        if (is_acceptable_key(&bytes)) option::some(ValidatedPublicKey { bytes }) else option::none()
    }

    public fun new_signature_from_bytes(bytes: vector<u8>): Signature {
        assert!(vector::length(&bytes) == SIGNATURE_NUM_BYTES, error::invalid_argument(E_WRONG_SIGNATURE_SIZE));
        Signature { bytes }
    }

    public fun public_key_to_unvalidated(pk: &ValidatedPublicKey): UnvalidatedPublicKey {
        UnvalidatedPublicKey { bytes: pk.bytes }
    }

    public fun public_key_into_unvalidated(pk: ValidatedPublicKey): UnvalidatedPublicKey {
        UnvalidatedPublicKey { bytes: pk.bytes }
    }

    public fun unvalidated_public_key_to_bytes(pk: &UnvalidatedPublicKey): vector<u8> {
        pk.bytes
    }

    public fun validated_public_key_to_bytes(pk: &ValidatedPublicKey): vector<u8> {
        pk.bytes
    }

    public fun signature_to_bytes(sig: &Signature): vector<u8> {
        sig.bytes
    }

    public fun public_key_validate(pk: &UnvalidatedPublicKey): Option<ValidatedPublicKey> {
        new_validated_public_key_from_bytes(pk.bytes)
    }

    public fun signature_verify_strict(
        signature: &Signature, public_key: &UnvalidatedPublicKey, message: vector<u8>
    ): bool {
        verify_internal(message, public_key.bytes, signature.bytes)
    }

    public fun signature_verify_strict_t<T: drop>(
        signature: &Signature, public_key: &UnvalidatedPublicKey, data: T
    ): bool {
        let message = new_signed_message(data);
        verify_internal(bcs::to_bytes(&message), public_key.bytes, signature.bytes)
    }

    public fun unvalidated_public_key_to_authentication_key(pk: &UnvalidatedPublicKey): vector<u8> {
        authentication_key(pk.bytes)
    }

    public fun validated_public_key_to_authentication_key(pk: &ValidatedPublicKey): vector<u8> {
        authentication_key(pk.bytes)
    }

    fun authentication_key(preimage: vector<u8>): vector<u8> {
        vector::push_back(&mut preimage, SIGNATURE_SCHEME_ID);
        hash::sha3_256(preimage)
    }

    /// The y coordinates of the eight points of small order, with the sign bit cleared, and the
    /// non-canonical spellings of 0 and 1.
    fun is_acceptable_key(bytes: &vector<u8>): bool {
        if (vector::length(bytes) != PUBLIC_KEY_NUM_BYTES) return false;
        let y = *bytes;
        let top = vector::borrow_mut(&mut y, 31);
        *top = *top & 0x7f;
        !(
            y == x"0000000000000000000000000000000000000000000000000000000000000000"
                || y == x"0100000000000000000000000000000000000000000000000000000000000000"
                || y == x"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
                || y == x"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"
                || y == x"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"
                || y == x"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
                || y == x"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"
        )
    }

    native fun verify_internal(message: vector<u8>, public_key: vector<u8>, signature: vector<u8>): bool;

    #[test_only]
    struct SecretKey has drop {
        bytes: vector<u8>
    }

    #[test_only]
    struct TestKeyCount has key {
        used: u64
    }

    #[test_only]
    /// The next of sixteen fixed pairs: the runner's own generator returns bare bytes under this very
    /// name, so it can't be declared beside the function that Aptos has.
    public fun generate_keys(): (SecretKey, ValidatedPublicKey) acquires TestKeyCount {
        if (!exists<TestKeyCount>(@aptos_std)) {
            move_to(&aptos_framework::account::create_signer_for_test(@aptos_std), TestKeyCount { used: 0 });
        };
        let count = borrow_global_mut<TestKeyCount>(@aptos_std);
        let seeds = test_seeds();
        let keys = test_public_keys();
        let at = count.used % vector::length(&seeds);
        count.used = count.used + 1;
        (
            SecretKey { bytes: *vector::borrow(&seeds, at) },
            ValidatedPublicKey { bytes: *vector::borrow(&keys, at) }
        )
    }

    #[test_only]
    public fun sign_arbitrary_bytes(sk: &SecretKey, msg: vector<u8>): Signature {
        Signature { bytes: sign(msg, sk.bytes) }
    }

    #[test_only]
    public fun sign_struct<T: drop>(sk: &SecretKey, data: T): Signature {
        sign_arbitrary_bytes(sk, bcs::to_bytes(&new_signed_message(data)))
    }

    #[test_only]
    native fun sign(message: vector<u8>, secret_key: vector<u8>): vector<u8>;

    #[test_only]
    fun test_seeds(): vector<vector<u8>> {
        vector[
            x"8d6cffeb7db743273e8ccda81f5921291c4dc6a6b9b6df13df975d51e85e6a95",
            x"052b7590af0a1f4772c27099830d8a1e8de77bfc266314e05daa014360ccfa9f",
            x"a7b4b4ecd673481374f44ace7c96296a8f66a05d28396b4a09c7dd15666e6afc",
            x"81765dc249aa7d04470fb31f978c30f961046e07e74237cbff817da6b5a2ff57",
            x"3abca067084095528af2a685bdb8c5384531d4f5715aad33a371f4ebd21214b1",
            x"607dea4023c392463a230c01287fc237fa01c58dc0389618010c69e2c4f04c58",
            x"fcbe3232c28b058720cd158783d2a57410f1c287693ae8714d89787c46d4e406",
            x"10b3d064ead03c8045ddbb7973a734e8e7035eae2a72f6507c3501809dcda25c",
            x"161d4038ea3e75521a132dc2fc01562df5807e78e27f9cb11c6880065d1c18c0",
            x"8e7fc7bc45f89f9797d3d14148014d4ad54459f9a9ea3c6e3f4d006f883948dc",
            x"4bad2cd6a36bcfc17cb54e49f6b6912f00e1cb06fe2152f6f545944c31e7c98b",
            x"abc32f07fcc5db02e842c4036bc1b7137b2fdebceb9d453c77a5edf743b8b667",
            x"b9c6182e7415fa55fba2ca21acacab8388ee906ceca76a37e9958c6db4cb24fc",
            x"84f26f4581d453939e173778c64e16eed6f6a846403bea3ca3cd50235ad73d4f",
            x"be55cb8d09919d266d3deac7037068a211ac89ce8dde04915698e443ea8f986d",
            x"9854f9fe21638da554f8c322015138300e567a54311e8368fdc3a39f89d92fe6"
        ]
    }

    #[test_only]
    fun test_public_keys(): vector<vector<u8>> {
        vector[
            x"ce4c230b3a2951cfba90bb869f6084005360f4e294d8cdb435ca1b762e00030e",
            x"3544526bab06b95379fb80abf9aa35d87d0962d0ae19f57dd641ab735a7ac4f6",
            x"6cbccafa8a1a6134d0ec939cd835fd7fee97fb8abbfe2206d11a5bb0391a5a5e",
            x"11541a0213b24bc86d91c46e66d671e3f0cbeec68fd99a8039af019f5dfe5c6e",
            x"3d72d3d1d56b4fca89f667e0736de2beec710538a063c07c9d109999cd4d8813",
            x"42ac89a5e36fffa1fe9b13efbaef40e9c6a6bec15c171dfbf8cb3da9c343dade",
            x"0abe72bf5eabfd8f13cc0e8d06b88b6b9e1fb35dcb606f7a92e2a2ca8c74a9a5",
            x"a68f9c0c3a31f98a66a6edf4cb937d3b2e9d307172465ad6cd4179aa91db3dc5",
            x"ac883d2352e087147e1c68b99ef9f2354a2dc48e8a65102e17edcd924278e351",
            x"288f83fea82773894523869912eae56f1f6615d8c2ef89cbfd4326d4527fa6f9",
            x"a44a4817f4cfcff9902621eb50e698ad2fcd050f2e4d00c29b349d08c29e5f0a",
            x"31c85c3864c97eecf7eba3f102022a937fcd7f7bbd00b2299236a4d7a6c22dbf",
            x"58418dbe3382a3c491bb08efa6b352f7ea94522e15ad9223a6c41fa02e3acb60",
            x"2364fce60ccc678b71a5f2c308e23e143fc3ed62154953dd27df543065c7f353",
            x"70d0bae8fba2f4cf3d3e1605bd26e50a827d47749c2cfd92b53a89bb6f35136f",
            x"aefddbb9f42d769add8610f7e84f7316962388ec12a6a485ebe55d159793cd6e"
        ]
    }

    #[test]
    fun a_signature_holds_for_its_message_only() acquires TestKeyCount {
        let (sk, pk) = generate_keys();
        let pk = public_key_into_unvalidated(pk);
        let sig = sign_arbitrary_bytes(&sk, b"one");
        assert!(signature_verify_strict(&sig, &pk, b"one"), 1);
        assert!(!signature_verify_strict(&sig, &pk, b"two"), 2);
        let (_, other) = generate_keys();
        assert!(!signature_verify_strict(&sig, &public_key_into_unvalidated(other), b"one"), 3);
    }

    #[test]
    fun small_order_keys_are_refused() {
        let identity = x"0100000000000000000000000000000000000000000000000000000000000000";
        assert!(option::is_none(&new_validated_public_key_from_bytes(identity)), 1);
        assert!(option::is_none(&new_validated_public_key_from_bytes(b"short")), 2);
    }
}
