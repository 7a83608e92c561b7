#[test_only]
/// One GPU sold twice: when two jobs of one owner used the same device in the same second.
/// It doesn't know signatures: commitments and times on chain prove this fault.
module computestream::dispute_overlap_tests {
    use std::bcs;
    use aptos_std::from_bcs;
    use aptos_framework::account;
    use aptos_framework::object::{Self, Object};
    use computestream::dispute::{Self, FaultProven};
    use computestream::dispute_test_utils::at;
    use computestream::job_orders;
    use computestream::job_registry;
    use computestream::market_test_utils as m;
    use computestream::provider_registry::{Self, Provider};
    use computestream::stake;
    use computestream::value_test_utils::{Self as v, a, b, n};
    use computestream::world_test_utils::{Self as t, World};

    const OTHER_OWNER: address = @0xa12;

    /// A machine of `owner`'s with these commitments and 2 slots, at 1,000 a second.
    fun machine_of(
        w: &World, owner: address, gpu_count: u64, devices: vector<vector<u8>>
    ): Object<Provider> {
        provider_registry::register_provider(
            &account::create_signer_for_test(owner),
            m::of(&m::operator()),
            v::key(),
            v::text(b"m"),
            v::text(b""),
            gpu_count,
            24,
            16,
            64,
            500,
            v::text(b""),
            v::text(b""),
            devices,
            2,
            m::rate(),
            0,
            w.asset(),
            m::stake()
        )
    }

    /// OWNER's machine with the GPUs of these numbers.
    fun machine(w: &World, gpus: vector<u8>): Object<Provider> {
        machine_of(w, m::of(&m::owner()), gpus.length(), gpus.map(|gpu| v::hash(gpu)))
    }

    fun accepted(provider: Object<Provider>, gpu_mask: u64, gpus: u64): address {
        let jobs =
            job_orders::create(
                &m::buyer(),
                provider,
                v::text(b"busybox"),
                vector[v::text(b"{}")],
                gpus,
                100,
                m::rate(),
                100_000,
                0,
                5,
                vector[]
            );
        job_registry::accept(&m::operator(), provider, jobs[0], gpu_mask);
        object::object_address(&jobs[0])
    }

    fun start(job: address) {
        job_registry::start(&m::operator(), t::handle(job));
    }

    /// A job that runs on the machine's first GPU.
    fun running(provider: Object<Provider>): address {
        let job = accepted(provider, 1, 1);
        start(job);
        job
    }

    /// Two accepted jobs for one device of two machines, the lower address first.
    fun rivals(w: &World): (address, address) {
        let one = accepted(machine(w, vector[1]), 1, 1);
        let two = accepted(machine(w, vector[1]), 1, 1);
        if (number_of(one) < number_of(two)) (one, two) else (two, one)
    }

    /// An address is a number whose first byte is the highest.
    fun number_of(job: address): u256 {
        let bytes = bcs::to_bytes(&job);
        bytes.reverse();
        from_bcs::to_u256(bytes)
    }

    fun report(job: address, other_job: address) {
        dispute::report_device_overlap(
            &m::stranger(), t::handle(job), t::handle(other_job)
        );
    }

    fun assert_slashed(provider: Object<Provider>, staked: u64) {
        assert!(stake::staked(object::object_address(&provider)) == staked, 1);
    }

    /// The first is slashed for and closed, the second isn't and goes on.
    fun assert_at_fault(job: address, other_job: address) {
        assert!(stake::staked(job_registry::provider(job)) == 50_000_000, 2);
        assert!(stake::staked(job_registry::provider(other_job)) == 100_000_000, 3);
        t::assert_state(job, 8, 4);
        t::assert_state(other_job, 2, 0);
    }

    #[test]
    fun the_later_of_two_running_jobs_is_at_fault() {
        let w = t::setup();
        let first = machine(&w, vector[1]);
        let second = machine(&w, vector[1]);
        let earlier = running(first);
        m::wait(10);
        let later = running(second);
        m::wait(1);
        report(later, earlier);

        v::assert_all<FaultProven>(
            vector[v::join(
                vector[
                    a(later),
                    a(object::object_address(&second)),
                    b(4),
                    a(@0xbad),
                    n(50_000_000),
                    n(5_000_000),
                    at(11)
                ]
            )]
        );
        assert_slashed(first, 100_000_000);
        assert_slashed(second, 50_000_000);
        // The later job ends with its whole deposit back, the earlier goes on.
        t::assert_state(later, 8, 4);
        t::assert_state(earlier, 2, 0);
        assert!(w.balance(@0xb0b) == 999_900_000, 2);
    }

    #[test]
    fun of_two_that_started_in_one_second_the_higher_address_is_at_fault() {
        let w = t::setup();
        let (low, high) = rivals(&w);
        start(low);
        start(high);
        m::wait(1);
        report(high, low);
        assert_at_fault(high, low);
    }

    #[test]
    fun which_of_them_was_started_first_doesn_t_matter() {
        let w = t::setup();
        let (low, high) = rivals(&w);
        start(high);
        start(low);
        m::wait(1);
        report(high, low);
        assert_at_fault(high, low);
    }

    #[test]
    fun a_later_start_is_at_fault_whatever_the_addresses() {
        let w = t::setup();
        let (low, high) = rivals(&w);
        start(high);
        m::wait(1);
        start(low);
        m::wait(1);
        report(low, high);
        assert_at_fault(low, high);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun of_two_that_started_in_one_second_the_lower_address_is_not_at_fault() {
        let w = t::setup();
        let (low, high) = rivals(&w);
        start(high);
        start(low);
        m::wait(1);
        report(low, high);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun one_of_a_pair_is_slashed_and_never_both() {
        let w = t::setup();
        let (low, high) = rivals(&w);
        start(low);
        start(high);
        m::wait(1);
        report(high, low);
        report(low, high);
    }

    #[test]
    fun one_common_device_of_several_is_enough() {
        let w = t::setup();
        let first = machine(&w, vector[1, 2, 3]);
        let second = machine(&w, vector[4, 3]);
        // GPUs 1 and 3, and only the second of the other machine, which is 3 too.
        let earlier = accepted(first, 5, 2);
        start(earlier);
        m::wait(1);
        let later = accepted(second, 2, 1);
        start(later);
        m::wait(1);
        report(later, earlier);
        assert_slashed(second, 50_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun a_common_device_that_the_job_doesn_t_use_proves_nothing() {
        let w = t::setup();
        let first = machine(&w, vector[1, 2, 3]);
        let second = machine(&w, vector[4, 3]);
        let earlier = accepted(first, 3, 2);
        start(earlier);
        m::wait(1);
        let later = accepted(second, 2, 1);
        start(later);
        m::wait(1);
        report(later, earlier);
    }

    #[test]
    /// The earlier ran from 0 to 10, the later from 9 to 15: one common second.
    fun the_last_second_of_the_earlier_job_overlaps() {
        let w = t::setup();
        let first = machine(&w, vector[1]);
        let second = machine(&w, vector[1]);
        let earlier = running(first);
        m::wait(9);
        let later = running(second);
        m::wait(1);
        t::complete_with_nothing_new(earlier);
        m::wait(5);
        t::complete_with_nothing_new(later);
        m::wait(100);
        report(later, earlier);
        // Settled with its money; the stake pays.
        t::assert_state(later, 8, 3);
        assert_slashed(second, 50_000_000);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun a_job_may_start_in_the_second_the_other_ended_in() {
        let w = t::setup();
        let first = machine(&w, vector[1]);
        let second = machine(&w, vector[1]);
        let earlier = running(first);
        m::wait(10);
        t::complete_with_nothing_new(earlier);
        let later = running(second);
        m::wait(5);
        report(later, earlier);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun a_job_that_starts_this_second_has_used_nothing_yet() {
        let w = t::setup();
        let first = machine(&w, vector[1]);
        let second = machine(&w, vector[1]);
        let earlier = running(first);
        m::wait(10);
        let later = running(second);
        report(later, earlier);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun a_job_that_ended_in_its_first_second_used_nothing() {
        let w = t::setup();
        let first = machine(&w, vector[1]);
        let second = machine(&w, vector[1]);
        let earlier = running(first);
        m::wait(10);
        let later = running(second);
        t::complete_with_nothing_new(later);
        m::wait(10);
        report(later, earlier);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun the_earlier_job_is_not_at_fault() {
        let w = t::setup();
        let earlier = running(machine(&w, vector[1]));
        m::wait(10);
        let later = running(machine(&w, vector[1]));
        m::wait(1);
        report(earlier, later);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun a_stranger_who_copies_commitments_harms_nobody() {
        let w = t::setup();
        m::mint(w.asset(), OTHER_OWNER, 100_000_000);
        let thief = running(machine_of(&w, OTHER_OWNER, 1, vector[v::hash(1)]));
        m::wait(10);
        let honest = running(machine(&w, vector[1]));
        m::wait(1);
        report(honest, thief);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun other_devices_don_t_overlap() {
        let w = t::setup();
        let earlier = running(machine(&w, vector[1]));
        m::wait(1);
        let later = running(machine(&w, vector[2]));
        m::wait(1);
        report(later, earlier);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun machines_without_commitments_don_t_overlap() {
        let w = t::setup();
        let earlier = running(machine_of(&w, m::of(&m::owner()), 1, vector[]));
        m::wait(1);
        let later = running(machine_of(&w, m::of(&m::owner()), 1, vector[]));
        m::wait(1);
        report(later, earlier);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    fun a_job_doesn_t_overlap_itself() {
        let w = t::setup();
        let job = running(machine(&w, vector[1]));
        m::wait(1);
        report(job, job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OVERLAP)]
    /// Two jobs of one machine share no GPU at one time: its mask sees to that.
    fun jobs_of_one_provider_don_t_overlap() {
        let w = t::setup();
        let provider = machine(&w, vector[1, 2]);
        let earlier = running(provider);
        m::wait(1);
        let later = accepted(provider, 2, 1);
        start(later);
        m::wait(1);
        report(later, earlier);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NEVER_STARTED)]
    fun the_other_job_must_have_started_too() {
        let w = t::setup();
        let job = running(machine(&w, vector[1]));
        let other = accepted(machine(&w, vector[1]), 1, 1);
        m::wait(1);
        report(job, other);
    }

    #[test]
    #[expected_failure(abort_code = computestream::job::E_NEVER_STARTED)]
    fun the_reported_job_must_have_started() {
        let w = t::setup();
        let other = running(machine(&w, vector[1]));
        let job = accepted(machine(&w, vector[1]), 1, 1);
        m::wait(1);
        report(job, other);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ALREADY_REPORTED)]
    fun one_overlap_slashes_once() {
        let w = t::setup();
        let earlier = running(machine(&w, vector[1]));
        m::wait(1);
        let later = running(machine(&w, vector[1]));
        m::wait(1);
        report(later, earlier);
        report(later, earlier);
    }
}
