#[test_only]
/// Nobody can make up a proof against an honest provider: only what its stream's key signed for this very job counts.
/// It doesn't know what a true proof costs: dispute_fault_tests does.
module computestream::dispute_framing_tests {
    use aptos_std::ed25519;
    use computestream::attestation;
    use computestream::dispute;
    use computestream::market_test_utils as m;
    use computestream::value_test_utils as v;
    use computestream::world_test_utils::{Self as t, World};

    /// A stranger reports that number 1 was signed for 1 s and, with these two signatures, for 2 s.
    fun frame(job: address, signature_a: vector<u8>, signature_b: vector<u8>) {
        dispute::report_contradiction(
            &m::stranger(),
            t::handle(job),
            1,
            1,
            m::start_time() + 1,
            v::log_root(),
            signature_a,
            1,
            2,
            m::start_time() + 2,
            v::log_root(),
            signature_b
        );
    }

    /// A stranger reports that 9 s were signed for after 1.
    fun frame_time(job: address, signature: vector<u8>) {
        dispute::report_impossible_time(
            &m::stranger(), t::handle(job), 1, 9, m::start_time() + 1, v::log_root(), signature
        );
    }

    fun running(): (World, address) {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        (w, job)
    }

    /// A signature for this job by a key that isn't the provider's.
    fun forged(job: address, seq: u64, seconds: u64, time: u64): vector<u8> {
        let (secret, _) = ed25519::generate_keys();
        let message =
            attestation::usage_message(
                m::chain(),
                @computestream,
                job,
                t::terms_hash(job),
                seq,
                seconds,
                m::start_time() + time,
                v::log_root()
            );
        ed25519::signature_to_bytes(&ed25519::sign_arbitrary_bytes(&secret, message))
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_the_first_must_be_the_provider_s() {
        let (w, job) = running();
        frame(job, forged(job, 1, 1, 1), w.sign(job, 1, 2, 2));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_the_second_must_be_the_provider_s() {
        let (w, job) = running();
        frame(job, w.sign(job, 1, 1, 1), forged(job, 1, 2, 2));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_an_impossible_time_must_be_the_provider_s() {
        let (_, job) = running();
        frame_time(job, forged(job, 1, 9, 1));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_an_honest_signature_stands_for_its_own_seconds() {
        let (w, job) = running();
        frame(job, w.sign(job, 1, 1, 1), w.sign(job, 1, 1, 1));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_another_job_s_attestation_proves_nothing() {
        let (w, job) = running();
        let other = w.running(100, 100_000);
        frame(job, w.sign(job, 1, 1, 1), w.sign(other, 1, 2, 2));
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_a_later_job_s_time_proves_nothing_about_an_earlier() {
        let (w, job) = running();
        let other = w.running(100, 100_000);
        m::wait(9);
        // Honest for `job`, impossible for `other`, which started 20 s later.
        dispute::report_impossible_time(
            &m::stranger(),
            t::handle(other),
            1,
            29,
            m::start_time() + 29,
            v::log_root(),
            w.sign(job, 1, 29, 29)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_other_terms_prove_nothing() {
        let (w, job) = running();
        frame(
            job,
            w.sign(job, 1, 1, 1),
            w.sign_as(m::chain(), @computestream, job, v::hash(7), 1, 2, 2)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_another_chain_proves_nothing() {
        let (w, job) = running();
        frame(
            job,
            w.sign(job, 1, 1, 1),
            w.sign_as(251, @computestream, job, t::terms_hash(job), 1, 2, 2)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_BAD_SIGNATURE)]
    fun regression_5_another_package_proves_nothing() {
        let (w, job) = running();
        frame(
            job,
            w.sign(job, 1, 1, 1),
            w.sign_as(m::chain(), @0xc6, job, t::terms_hash(job), 1, 2, 2)
        );
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_SIGNATURE_LENGTH)]
    fun an_empty_signature_proves_nothing() {
        let (w, job) = running();
        frame(job, w.sign(job, 1, 1, 1), vector[]);
    }

    #[test]
    #[expected_failure(abort_code = computestream::attestation::E_LOG_ROOT_LENGTH)]
    fun a_log_root_has_32_bytes() {
        let (w, job) = running();
        dispute::report_impossible_time(
            &m::stranger(),
            t::handle(job),
            1,
            9,
            m::start_time() + 1,
            v::bytes_of(31, 0x5a),
            w.sign(job, 1, 9, 1)
        );
    }
}
