#[test_only]
/// What a provider's own signatures prove against it, and what they don't.
/// It doesn't know devices (dispute_overlap_tests), nor what a fault costs (dispute_fault_tests).
module computestream::dispute_evidence_tests {
    use aptos_std::ed25519;
    use aptos_framework::object;
    use computestream::attestation;
    use computestream::dispute::{Self, FaultProven};
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job_orders;
    use computestream::job_registry;
    use computestream::market_test_utils as m;
    use computestream::value_test_utils::{Self as v, a, b, n};
    use computestream::world_test_utils as t;

    // === Contradictions ===

    #[test]
    fun one_number_with_two_times_is_a_fault() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        d::report(&w, job, 4, 10, 10, 4, 10, 11);
        d::assert_fault(&w, job, 1, 50_000_000, 5_000_000);
    }

    #[test]
    fun one_number_with_two_logs_is_a_fault() {
        let w = d::setup();
        let (secret, verifying) = ed25519::generate_keys();
        let provider =
            m::register(
                w.asset(),
                ed25519::validated_public_key_to_bytes(&verifying),
                1,
                m::rate(),
                m::stake()
            );
        let jobs =
            job_orders::create(
                &m::buyer(),
                provider,
                v::text(b"busybox"),
                vector[v::text(b"{}")],
                0,
                100,
                m::rate(),
                100_000,
                0,
                5,
                vector[]
            );
        let job = jobs[0];
        job_registry::accept(&m::operator(), provider, job, 0);
        job_registry::start(&m::operator(), job);
        m::wait(10);
        let signatures = vector[];
        for (i in 1..3) {
            let message =
                attestation::usage_message(
                    m::chain(),
                    @computestream,
                    object::object_address(&job),
                    t::terms_hash(object::object_address(&job)),
                    1,
                    10,
                    m::start_time() + 10,
                    v::hash(i as u8)
                );
            signatures.push_back(
                ed25519::signature_to_bytes(&ed25519::sign_arbitrary_bytes(&secret, message))
            );
        };
        dispute::report_contradiction(
            &m::stranger(),
            job,
            1,
            10,
            m::start_time() + 10,
            v::hash(1),
            signatures[0],
            1,
            10,
            m::start_time() + 10,
            v::hash(2),
            signatures[1]
        );
        v::assert_all<FaultProven>(
            vector[v::join(
                vector[
                    a(object::object_address(&job)),
                    a(object::object_address(&provider)),
                    b(1),
                    a(@0xbad),
                    n(50_000_000),
                    n(5_000_000),
                    at(10)
                ]
            )]
        );
    }

    #[test]
    fun attestations_ahead_of_time_are_evidence_too() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        // No settlement would take either of them for hours.
        d::report(&w, job, 4, 10, 10_000, 4, 11, 10_000);
        d::assert_fault(&w, job, 1, 50_000_000, 5_000_000);
    }

    #[test]
    fun fewer_seconds_under_a_higher_number_are_a_fault() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        d::report(&w, job, 4, 10, 10, 7, 9, 20);
        d::assert_fault(&w, job, 2, 50_000_000, 5_000_000);
    }

    #[test]
    fun the_order_of_the_two_doesn_t_matter() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        d::report(&w, job, 7, 9, 20, 4, 10, 10);
        d::assert_fault(&w, job, 2, 50_000_000, 5_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CONTRADICTION)]
    fun an_attestation_doesn_t_contradict_itself() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        d::report(&w, job, 4, 10, 10, 4, 10, 10);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CONTRADICTION)]
    fun more_seconds_under_a_higher_number_are_honest() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        d::report(&w, job, 4, 10, 10, 5, 11, 11);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CONTRADICTION)]
    fun the_same_seconds_under_a_higher_number_are_honest() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        m::wait(20);
        d::report(&w, job, 4, 10, 10, 5, 10, 11);
    }

    // === Impossible times ===

    #[test]
    fun more_seconds_than_had_passed_are_a_fault() {
        let w = t::setup();
        m::wait(100);
        let job = w.running(100, 100_000);
        m::wait(1);
        d::report_time(&w, job, 21, 120);
        d::assert_fault(&w, job, 3, 50_000_000, 5_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_POSSIBLE_TIME)]
    fun as_many_seconds_as_had_passed_are_honest() {
        let w = t::setup();
        m::wait(100);
        let job = w.running(100, 100_000);
        m::wait(1);
        d::report_time(&w, job, 20, 120);
    }

    #[test]
    fun seconds_before_the_start_are_a_fault() {
        let w = t::setup();
        m::wait(100);
        let job = w.running(100, 100_000);
        d::report_time(&w, job, 1, 99);
        d::assert_fault(&w, job, 3, 50_000_000, 5_000_000);
    }

    #[test]
    fun a_second_at_the_very_start_is_a_fault() {
        let w = t::setup();
        m::wait(100);
        let job = w.running(100, 100_000);
        d::report_time(&w, job, 1, 100);
        d::assert_fault(&w, job, 3, 50_000_000, 5_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_POSSIBLE_TIME)]
    fun a_slow_clock_that_claims_nothing_is_honest() {
        let w = t::setup();
        m::wait(100);
        let job = w.running(100, 100_000);
        d::report_time(&w, job, 0, 99);
    }

    #[test]
    fun the_largest_numbers_don_t_break_the_proof() {
        let w = t::setup();
        let job = w.running(100, 100_000);
        d::report_time(&w, job, 0xffff_ffff_ffff_ffff, 0xffff_ffff_ffff_ffff - m::start_time());
        d::assert_fault(&w, job, 3, 50_000_000, 5_000_000);
    }
}
