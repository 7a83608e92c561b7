#[test_only]
/// Machines and what orders ask of them: limits of the texts, and each requirement on its own.
module computestream::machine_tests {
    use std::bcs;
    use std::string::String;
    use computestream::machine::{Self, Machine, Requirements};
    use computestream::value_test_utils::{Self as v, n, s};

    fun named(
        name_length: u64,
        gpu_length: u64,
        region_length: u64,
        sandbox_length: u64,
        gpu_count: u64
    ): Machine {
        machine::new(
            v::long_text(name_length),
            v::long_text(gpu_length),
            gpu_count,
            1,
            2,
            3,
            4,
            v::long_text(region_length),
            v::long_text(sandbox_length)
        )
    }

    /// Two RTX of 24 GB, 16 cores, 64 GB, 500 GB, eu, docker.
    fun rtx(): Machine {
        machine::new(
            v::text(b"machine"),
            v::text(b"RTX"),
            2,
            24,
            16,
            64,
            500,
            v::text(b"eu"),
            v::text(b"docker")
        )
    }

    /// What `rtx` with 1,000 staked just meets, with one thing changed by each test.
    fun texts_wanted(gpu_model: vector<u8>, region: vector<u8>, sandbox: vector<u8>): Requirements {
        machine::new_requirements(
            v::text(gpu_model), 2, 24, 16, 64, 500, v::text(region), v::text(sandbox), 1_000
        )
    }

    fun numbers_wanted(
        gpus: u64,
        vram_gb: u64,
        cpu_cores: u64,
        ram_gb: u64,
        disk_gb: u64,
        min_stake: u64
    ): Requirements {
        machine::new_requirements(
            v::text(b"RTX"),
            gpus,
            vram_gb,
            cpu_cores,
            ram_gb,
            disk_gb,
            v::text(b"eu"),
            v::text(b"docker"),
            min_stake
        )
    }

    fun is_met(requirements: Requirements): bool {
        rtx().meets(&requirements, 1_000)
    }

    fun requirement_texts(gpu_model: String, region: String, sandbox: String): Requirements {
        machine::new_requirements(gpu_model, 0, 0, 0, 0, 0, region, sandbox, 0)
    }

    #[test]
    fun a_machine_is_what_it_was_described_as() {
        assert!(
            bcs::to_bytes(&rtx())
                == v::join(
                    vector[
                        s(b"machine"),
                        s(b"RTX"),
                        n(2),
                        n(24),
                        n(16),
                        n(64),
                        n(500),
                        s(b"eu"),
                        s(b"docker")
                    ]
                ),
            1
        );
        assert!(rtx().gpu_count() == 2, 2);
    }

    #[test]
    fun requirements_are_what_was_asked_for() {
        let requirements =
            machine::new_requirements(
                v::text(b"RTX"),
                1,
                2,
                3,
                4,
                5,
                v::text(b"eu"),
                v::text(b"docker"),
                6
            );
        assert!(
            bcs::to_bytes(&requirements)
                == v::join(
                    vector[s(b"RTX"), n(1), n(2), n(3), n(4), n(5), s(b"eu"), s(b"docker"), n(6)]
                ),
            1
        );
        assert!(requirements.gpus() == 1 && requirements.min_stake() == 6, 2);
    }

    #[test]
    fun a_chosen_machine_needs_only_its_gpus() {
        let requirements = machine::only_gpus(2);
        assert!(
            bcs::to_bytes(&requirements)
                == v::join(vector[s(b""), n(2), n(0), n(0), n(0), n(0), s(b""), s(b""), n(0)]),
            1
        );
        assert!(rtx().meets(&requirements, 0), 2);
        assert!(!rtx().meets(&machine::only_gpus(3), 0), 3);
    }

    // === Limits ===

    #[test]
    fun the_greatest_machine_is_kept() {
        assert!(named(128, 128, 128, 128, 64).gpu_count() == 64, 1);
    }

    #[test]
    fun a_machine_without_gpu_needs_only_a_name() {
        assert!(named(1, 0, 0, 0, 0).gpu_count() == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TEXT_LENGTH)]
    fun a_machine_needs_a_name() {
        named(0, 1, 1, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TEXT_LENGTH)]
    fun a_name_too_long_is_refused() {
        named(129, 1, 1, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TEXT_LENGTH)]
    fun a_gpu_model_too_long_is_refused() {
        named(1, 129, 1, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TEXT_LENGTH)]
    fun a_region_too_long_is_refused() {
        named(1, 1, 129, 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TEXT_LENGTH)]
    fun a_sandbox_too_long_is_refused() {
        named(1, 1, 1, 129, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_TOO_MANY_GPUS)]
    fun a_mask_must_hold_every_gpu() {
        named(1, 1, 1, 1, 65);
    }

    #[test]
    fun requirements_of_the_greatest_length_are_kept() {
        let text = v::long_text(128);
        assert!(!is_met(requirement_texts(text, text, text)), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_REQUIREMENT_LENGTH)]
    fun a_wanted_gpu_model_too_long_is_refused() {
        requirement_texts(v::long_text(129), v::text(b""), v::text(b""));
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_REQUIREMENT_LENGTH)]
    fun a_wanted_region_too_long_is_refused() {
        requirement_texts(v::text(b""), v::long_text(129), v::text(b""));
    }

    #[test]
    #[expected_failure(abort_code = computestream::machine::E_REQUIREMENT_LENGTH)]
    fun a_wanted_sandbox_too_long_is_refused() {
        requirement_texts(v::text(b""), v::text(b""), v::long_text(129));
    }

    // === Meeting requirements ===

    #[test]
    fun a_machine_meets_what_it_just_has() {
        assert!(is_met(texts_wanted(b"RTX", b"eu", b"docker")), 1);
        assert!(is_met(numbers_wanted(2, 24, 16, 64, 500, 1_000)), 2);
    }

    #[test]
    fun an_empty_text_takes_any() {
        assert!(is_met(texts_wanted(b"", b"eu", b"docker")), 1);
        assert!(is_met(texts_wanted(b"RTX", b"", b"docker")), 2);
        assert!(is_met(texts_wanted(b"RTX", b"eu", b"")), 3);
    }

    #[test]
    fun any_other_text_must_be_equal() {
        assert!(!is_met(texts_wanted(b"RT", b"eu", b"docker")), 1);
        assert!(!is_met(texts_wanted(b"rtx", b"eu", b"docker")), 2);
        assert!(!is_met(texts_wanted(b"RTX", b"us", b"docker")), 3);
        assert!(!is_met(texts_wanted(b"RTX", b"eu", b"gvisor")), 4);
    }

    #[test]
    fun a_machine_that_says_nothing_meets_no_wish() {
        let plain = named(1, 0, 0, 0, 0);
        assert!(plain.meets(&machine::only_gpus(0), 0), 1);
        assert!(
            !plain.meets(&requirement_texts(v::text(b"RTX"), v::text(b""), v::text(b"")), 0), 2
        );
        assert!(
            !plain.meets(&requirement_texts(v::text(b""), v::text(b"eu"), v::text(b"")), 0), 3
        );
        assert!(
            !plain.meets(&requirement_texts(v::text(b""), v::text(b""), v::text(b"x")), 0), 4
        );
    }

    #[test]
    fun every_number_must_be_reached() {
        assert!(!is_met(numbers_wanted(3, 24, 16, 64, 500, 1_000)), 1);
        assert!(!is_met(numbers_wanted(2, 25, 16, 64, 500, 1_000)), 2);
        assert!(!is_met(numbers_wanted(2, 24, 17, 64, 500, 1_000)), 3);
        assert!(!is_met(numbers_wanted(2, 24, 16, 65, 500, 1_000)), 4);
        assert!(!is_met(numbers_wanted(2, 24, 16, 64, 501, 1_000)), 5);
        assert!(!is_met(numbers_wanted(2, 24, 16, 64, 500, 1_001)), 6);
    }

    #[test]
    fun less_than_there_is_will_do() {
        assert!(is_met(numbers_wanted(1, 23, 15, 63, 499, 999)), 1);
    }
}
