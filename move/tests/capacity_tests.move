#[test_only]
/// Slots, GPU masks and device commitments, without a provider around them.
module computestream::capacity_tests {
    use computestream::capacity::{Self, Capacity};
    use computestream::value_test_utils as v;

    /// As many slots as GPUs, each GPU committed to by its number.
    fun machine(gpu_count: u64): Capacity {
        let devices = vector[];
        for (i in 0..gpu_count) devices.push_back(device(i));
        capacity::new(gpu_count, devices, gpu_count)
    }

    fun device(index: u64): vector<u8> {
        v::hash((index as u8) + 1)
    }

    fun assert_taken(found: &Capacity, slots_busy: u64, gpus_busy: u64) {
        assert!(found.slots_busy() == slots_busy, 1);
        assert!(found.gpus_busy() == gpus_busy, 2);
        assert!(found.is_idle() == (slots_busy == 0), 3);
    }

    #[test]
    fun a_new_capacity_is_free() {
        let found = capacity::new(2, vector[device(0), device(1)], 3);
        assert_taken(&found, 0, 0);
        assert!(found.slots() == 3, 4);
        assert!(found.devices() == vector[device(0), device(1)], 5);
        assert!(found.jobs() == vector[], 6);
    }

    #[test]
    fun jobs_get_the_gpus_they_name() {
        let found = machine(4);
        // GPUs 1 and 3, then 2, then 0.
        assert!(found.reserve(@0x1, 10, 2) == vector[device(1), device(3)], 4);
        assert_taken(&found, 1, 10);
        assert!(found.reserve(@0x2, 4, 1) == vector[device(2)], 5);
        assert_taken(&found, 2, 14);
        assert!(found.reserve(@0x3, 1, 1) == vector[device(0)], 6);
        assert_taken(&found, 3, 15);
        assert!(found.jobs() == vector[@0x1, @0x2, @0x3], 7);
    }

    #[test]
    fun freed_gpus_are_given_again() {
        let found = machine(4);
        found.reserve(@0x1, 10, 2);
        found.reserve(@0x2, 4, 1);
        found.reserve(@0x3, 1, 1);
        assert!(found.release(@0x1, 10), 4);
        assert_taken(&found, 2, 5);
        // The last took the first's place.
        assert!(found.jobs() == vector[@0x3, @0x2], 5);
        assert!(found.reserve(@0x4, 8, 1) == vector[device(3)], 6);
        assert_taken(&found, 3, 13);
        found.release(@0x2, 4);
        found.release(@0x3, 1);
        found.release(@0x4, 8);
        assert_taken(&found, 0, 0);
    }

    #[test]
    fun a_job_that_holds_nothing_frees_nothing() {
        let found = machine(2);
        found.reserve(@0x1, 1, 1);
        assert!(!found.release(@0x2, 1), 4);
        assert_taken(&found, 1, 1);
        assert!(found.release(@0x1, 1), 5);
        assert!(!found.release(@0x1, 1), 6);
        assert_taken(&found, 0, 0);
    }

    #[test]
    fun all_of_64_gpus_can_be_taken() {
        let found = machine(64);
        let devices = found.reserve(@0x1, 0x8000_0000_0000_0001, 2);
        assert!(devices == vector[device(0), device(63)], 4);
        found.reserve(@0x2, 0x7fff_ffff_ffff_fffe, 62);
        assert_taken(&found, 2, 0xffff_ffff_ffff_ffff);
        found.release(@0x1, 0x8000_0000_0000_0001);
        assert_taken(&found, 1, 0x7fff_ffff_ffff_fffe);
    }

    #[test]
    fun jobs_without_gpus_take_only_a_slot() {
        let found = capacity::new(0, vector[], 2);
        assert!(found.reserve(@0x1, 0, 0) == vector[], 4);
        assert_taken(&found, 1, 0);
        assert!(found.reserve(@0x2, 0, 0) == vector[], 5);
        assert_taken(&found, 2, 0);
        found.release(@0x1, 0);
        assert_taken(&found, 1, 0);
    }

    #[test]
    fun without_commitments_there_are_none_to_return() {
        let found = capacity::new(2, vector[], 1);
        assert!(found.reserve(@0x1, 3, 2) == vector[], 4);
        assert_taken(&found, 1, 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_NO_FREE_SLOT)]
    fun no_slot_is_given_twice() {
        let found = capacity::new(2, vector[], 1);
        found.reserve(@0x1, 1, 1);
        found.reserve(@0x2, 2, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_BUSY)]
    fun no_gpu_is_given_twice() {
        let found = machine(4);
        found.reserve(@0x1, 10, 2);
        // GPU 1 again, with 0 that is free.
        found.reserve(@0x2, 3, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun a_gpu_that_does_not_exist_is_refused() {
        machine(2).reserve(@0x1, 4, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun a_machine_without_gpus_gives_none() {
        capacity::new(0, vector[], 1).reserve(@0x1, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun one_gpu_too_few_is_refused() {
        machine(4).reserve(@0x1, 8, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun one_gpu_too_many_is_refused() {
        machine(4).reserve(@0x1, 11, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_GPU_MASK)]
    fun a_job_without_gpus_gets_none() {
        machine(4).reserve(@0x1, 1, 0);
    }

    // === Limits ===

    #[test]
    fun a_machine_may_have_256_slots() {
        assert!(capacity::new(0, vector[], 256).slots() == 256, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_SLOTS)]
    fun a_machine_needs_a_slot() {
        capacity::new(0, vector[], 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_SLOTS)]
    fun too_many_slots_are_refused() {
        capacity::new(0, vector[], 257);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_DEVICES)]
    fun every_gpu_needs_a_commitment_if_one_has() {
        capacity::new(2, vector[device(0)], 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_DEVICES)]
    fun a_commitment_needs_a_gpu() {
        capacity::new(0, vector[device(0)], 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_DEVICES)]
    fun a_short_commitment_is_refused() {
        capacity::new(2, vector[device(0), v::bytes_of(31, 9)], 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_DEVICES)]
    fun a_long_commitment_is_refused() {
        capacity::new(1, vector[v::bytes_of(33, 9)], 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::capacity::E_DEVICES)]
    fun no_commitment_stands_for_two_gpus() {
        capacity::new(3, vector[device(0), device(1), device(0)], 1);
    }
}
