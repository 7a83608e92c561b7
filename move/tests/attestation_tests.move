#[test_only]
/// The bytes that are signed, each check on a claim in its order, and what two claims can contradict each other in.
///
/// VECTOR, KEY and SIGNATURE were made by the services' own codec, `packages/protocol/src/attestation.ts`, in Node:
///   const usage = { chainId: 250, packageAddress: "0xc5" padded to 32 bytes, job: "0x" + "11".repeat(32),
///     termsHash: "0x" + "22".repeat(32), seq: 7n, secondsCum: 300n, tLast: 1000300n, logRoot: "0x" + "5a".repeat(32) };
///   encodeUsage(usage); signUsage(usage, new Uint8Array(32).fill(9)).signature
module computestream::attestation_tests {
    use computestream::attestation::{Self, Claim};
    use computestream::market_test_utils as m;
    use computestream::value_test_utils as v;

    const VECTOR: vector<u8> = x"17636f6d7075746573747265616d3a3a75736167652e7631fa00000000000000000000000000000000000000000000000000000000000000c5111111111111111111111111111111111111111111111111111111111111111120222222222222222222222222222222222222222222222222222222222222222207000000000000002c010000000000006c430f0000000000205a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a";
    const KEY: vector<u8> = x"fd1724385aa0c75b64fb78cd602fa1d991fdebf76b13c58ed702eac835e9f618";
    const SIGNATURE: vector<u8> = x"0d1e548c51862ddf41340c5fbf7649c28cbb7cc69b3061333d19e9dfb17ceba3f21cb317e7a7a0f0f222c783878b9ebe578608383f865e034fdc14b3f4c02d0e";
    const JOB: address = @0x1111111111111111111111111111111111111111111111111111111111111111;

    const STARTED_AT: u64 = 1_000_000;
    /// The claim is of this time.
    const NOW: u64 = 1_000_300;

    fun claim(): Claim {
        attestation::new_claim(7, 300, 1_000_300, v::log_root(), SIGNATURE)
    }

    /// The code for the vector's claim, against this start and watermark.
    fun check(started_at: u64, last_seq: u64, last_seconds: u64): u64 {
        check_at(started_at, last_seq, last_seconds, NOW)
    }

    fun check_at(
        started_at: u64, last_seq: u64, last_seconds: u64, now: u64
    ): u64 {
        attestation::check(
            &claim(), KEY, JOB, v::hash(0x22), started_at, last_seq, last_seconds, now
        )
    }

    /// The code for any claim in the vector's place, against a watermark it doesn't pass.
    fun check_claim(claim: &Claim, key: vector<u8>, job: address, terms: u8): u64 {
        attestation::check(claim, key, job, v::hash(terms), STARTED_AT, 9, 0, NOW)
    }

    #[test]
    fun the_message_is_what_the_services_sign() {
        assert!(
            attestation::usage_message(
                250, @0xc5, JOB, v::hash(0x22), 7, 300, 1_000_300, v::log_root()
            ) == VECTOR,
            1
        );
    }

    #[test]
    fun a_signature_of_the_services_passes() {
        m::start_market();
        // 300 s at 300 s after the start is the most that may be claimed.
        assert!(check(STARTED_AT, 0, 0) == 0, 1);
        assert!(check(STARTED_AT, 6, 299) == 0, 2);
        assert!(check(STARTED_AT, 6, 300) == 0, 3);
    }

    #[test]
    fun a_repeat_passes() {
        m::start_market();
        assert!(check(STARTED_AT, 7, 300) == 0, 1);
    }

    #[test]
    fun each_bound_field_breaks_the_signature() {
        m::start_market();
        let bad = 103;
        let other_claims =
            vector[
                attestation::new_claim(8, 300, 1_000_300, v::log_root(), SIGNATURE),
                attestation::new_claim(7, 299, 1_000_300, v::log_root(), SIGNATURE),
                attestation::new_claim(7, 300, 1_000_301, v::log_root(), SIGNATURE),
                attestation::new_claim(7, 300, 1_000_300, v::hash(0), SIGNATURE)
            ];
        other_claims.for_each_ref(|other| {
            assert!(check_claim(other, KEY, JOB, 0x22) == bad, 1);
        });
        assert!(check_claim(&claim(), KEY, @0x11, 0x22) == bad, 2);
        assert!(check_claim(&claim(), KEY, JOB, 0x23) == bad, 3);
        assert!(check_claim(&claim(), v::hash(9), JOB, 0x22) == bad, 4);
    }

    #[test]
    fun garbage_never_aborts() {
        m::start_market();
        let keys = vector[v::hash(0x33), v::hash(0xff), KEY];
        let signatures = vector[v::bytes_of(64, 0), v::bytes_of(64, 0xff), v::bytes_of(64, 7)];
        keys.for_each(|key| {
            signatures.for_each_ref(|signature| {
                let claim =
                    attestation::new_claim(7, 300, 1_000_300, v::log_root(), *signature);
                assert!(check_claim(&claim, key, JOB, 0x22) == 103, 1);
            });
        });
    }

    #[test]
    fun lengths_come_first() {
        m::start_market();
        let short_root = attestation::new_claim(7, 300, 0, v::bytes_of(31, 0), vector[]);
        assert!(check_claim(&short_root, KEY, JOB, 0x22) == 101, 1);
        let short_signature =
            attestation::new_claim(7, 300, 0, v::log_root(), v::bytes_of(63, 0));
        assert!(check_claim(&short_signature, KEY, JOB, 0x22) == 102, 2);
        let long_signature =
            attestation::new_claim(7, 300, 0, v::log_root(), v::bytes_of(65, 0));
        assert!(check_claim(&long_signature, KEY, JOB, 0x22) == 102, 3);
    }

    #[test]
    fun then_the_watermark_then_time() {
        m::start_market();
        // The claim is seq 7, 300 s, at second 1,000,300; every later check that can would fail too.
        assert!(check_at(2_000_000, 8, 400, 0) == 104, 1);
        assert!(check_at(2_000_000, 7, 400, 0) == 105, 2);
        assert!(check_at(2_000_000, 7, 299, 0) == 105, 3);
        assert!(check_at(2_000_000, 6, 301, 0) == 106, 4);
        assert!(check_at(1_000_301, 6, 300, 0) == 107, 5);
        // 300 s claimed, 299 passed.
        assert!(check_at(1_000_001, 6, 300, 0) == 108, 6);
        assert!(check_at(1_000_000, 6, 300, 0) == 110, 7);
    }

    #[test]
    fun a_clock_may_be_thirty_seconds_ahead() {
        m::start_market();
        assert!(check_at(STARTED_AT, 0, 0, 1_000_270) == 0, 1);
        assert!(check_at(STARTED_AT, 0, 0, 1_000_269) == 110, 2);
        // Not even a repeat passes from further ahead, and an old claim always does.
        assert!(check_at(STARTED_AT, 7, 300, 1_000_269) == 110, 3);
        assert!(check_at(STARTED_AT, 0, 0, 1_000_000_000) == 0, 4);
        // A report has no clock.
        assert!(attestation::check_signature(&claim(), KEY, JOB, v::hash(0x22)) == 0, 5);
    }

    #[test]
    fun a_claim_gives_back_what_it_was_made_of() {
        let c = claim();
        let (seq, seconds_cum) = c.watermark();
        assert!(seq == 7 && seconds_cum == 300 && c.t_last() == 1_000_300, 1);
        assert!(c.log_root() == v::log_root() && !c.is_empty(), 2);
        assert!(attestation::new_claim(7, 300, 0, v::log_root(), vector[]).is_empty(), 3);
        assert!(attestation::nothing_new().is_empty(), 4);
    }

    #[test]
    fun a_genuine_signature_passes_whatever_it_claims() {
        m::start_market();
        let terms = v::hash(0x22);
        // No watermark and no clock: the check of a report, not of a payment.
        assert!(attestation::check_signature(&claim(), KEY, JOB, terms) == 0, 1);
        assert!(attestation::check_signature(&claim(), KEY, @0x11, terms) == 103, 2);
        let short_root = attestation::new_claim(7, 300, 0, v::bytes_of(33, 0), vector[]);
        assert!(attestation::check_signature(&short_root, KEY, JOB, terms) == 101, 3);
        let unsigned = attestation::new_claim(7, 300, 0, v::log_root(), vector[]);
        assert!(attestation::check_signature(&unsigned, KEY, JOB, terms) == 102, 4);
    }

    fun is_countersigned(by: &vector<u8>, key: vector<u8>, job: address, terms: u8): bool {
        attestation::is_countersigned(&claim(), by, key, job, v::hash(terms))
    }

    #[test]
    fun a_countersignature_is_the_buyer_keys_over_the_same_bytes() {
        m::start_market();
        assert!(is_countersigned(&SIGNATURE, KEY, JOB, 0x22), 1);
        assert!(!is_countersigned(&SIGNATURE, v::hash(9), JOB, 0x22), 2);
        assert!(!is_countersigned(&SIGNATURE, KEY, @0x11, 0x22), 3);
        assert!(!is_countersigned(&SIGNATURE, KEY, JOB, 0x23), 4);
        let other = attestation::new_claim(7, 301, 1_000_301, v::log_root(), SIGNATURE);
        assert!(
            !attestation::is_countersigned(&other, &SIGNATURE, KEY, JOB, v::hash(0x22)), 5
        );
    }

    #[test]
    fun a_countersignature_of_the_wrong_length_never_aborts() {
        m::start_market();
        assert!(!is_countersigned(&vector[], KEY, JOB, 0x22), 1);
        assert!(!is_countersigned(&v::bytes_of(63, 1), KEY, JOB, 0x22), 2);
        assert!(!is_countersigned(&v::bytes_of(65, 1), KEY, JOB, 0x22), 3);
        // Nobody can countersign without a buyer key.
        assert!(!is_countersigned(&SIGNATURE, vector[], JOB, 0x22), 4);
        assert!(!is_countersigned(&SIGNATURE, v::bytes_of(33, 1), JOB, 0x22), 5);
    }

    fun contradicts(a: &Claim, b: &Claim, expected: u8): bool {
        attestation::contradicts(a, b) == expected
            && attestation::contradicts(b, a) == expected
    }

    #[test]
    fun one_number_stands_for_one_truth() {
        let one = claim();
        let forged = attestation::new_claim(7, 300, 1_000_300, v::log_root(), vector[]);
        // The signature isn't part of what is said.
        assert!(contradicts(&one, &one, 0) && contradicts(&one, &forged, 0), 1);
        let seconds = attestation::new_claim(7, 299, 1_000_300, v::log_root(), SIGNATURE);
        let time = attestation::new_claim(7, 300, 1_000_301, v::log_root(), SIGNATURE);
        let root = attestation::new_claim(7, 300, 1_000_300, v::hash(1), SIGNATURE);
        assert!(contradicts(&one, &seconds, 1), 2);
        assert!(contradicts(&one, &time, 1), 3);
        assert!(contradicts(&one, &root, 1), 4);
    }

    #[test]
    fun seconds_never_go_down_as_numbers_go_up() {
        let one = claim();
        let fewer = attestation::new_claim(8, 299, 1_000_301, v::log_root(), SIGNATURE);
        let equal = attestation::new_claim(8, 300, 1_000_000, v::hash(1), SIGNATURE);
        let more = attestation::new_claim(9, 301, 1_000_301, v::log_root(), SIGNATURE);
        assert!(contradicts(&one, &fewer, 2), 1);
        assert!(contradicts(&one, &equal, 0) && contradicts(&one, &more, 0), 2);
    }

    // Bug class 5 of streams: a field that the signature doesn't bind.
    #[test]
    fun regression_5_every_field_changes_the_signed_bytes() {
        let root = v::log_root();
        let terms = v::hash(0x22);
        let messages =
            vector[
                VECTOR,
                attestation::usage_message(251, @0xc5, JOB, terms, 7, 300, 1_000_300, root),
                attestation::usage_message(250, @0xc6, JOB, terms, 7, 300, 1_000_300, root),
                attestation::usage_message(250, @0xc5, @0x11, terms, 7, 300, 1_000_300, root),
                attestation::usage_message(250, @0xc5, JOB, root, 7, 300, 1_000_300, root),
                attestation::usage_message(250, @0xc5, JOB, terms, 8, 300, 1_000_300, root),
                attestation::usage_message(250, @0xc5, JOB, terms, 7, 301, 1_000_300, root),
                attestation::usage_message(250, @0xc5, JOB, terms, 7, 300, 1_000_301, root),
                attestation::usage_message(250, @0xc5, JOB, terms, 7, 300, 1_000_300, terms)
            ];
        let i = 0;
        while (i < messages.length()) {
            let (found, at) = messages.index_of(&messages[i]);
            assert!(found && at == i, i);
            i = i + 1;
        };
    }

    #[test]
    fun the_code_is_zero_only_for_a_pass() {
        attestation::assert_ok(0);
        assert!(attestation::is_old_news(104) && !attestation::is_old_news(103), 1);
        assert!(attestation::bad_countersignature() == 109, 2);
    }
}
