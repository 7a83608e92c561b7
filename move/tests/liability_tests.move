#[test_only]
/// What stake jobs rely on and until when, without jobs and stake.
module computestream::liability_tests {
    use computestream::liability::{Self, Liability};

    const NOW: u64 = 1_000;

    /// Bound to 70 by a job; another one that has ended keeps it so until `until`.
    fun bound(until: u64): Liability {
        let l = liability::new();
        l.bind(70, true, NOW);
        l.extend(until);
        l
    }

    #[test]
    fun who_never_served_is_liable_for_nothing() {
        let l = liability::new();
        assert!(l.stake() == 0 && l.until() == 0, 1);
        assert!(l.allows(0, true, 0) && l.allows(0, false, 0), 2);
    }

    // === Binding ===

    #[test]
    fun the_first_job_binds_its_stake() {
        let l = liability::new();
        l.bind(70, true, NOW);
        assert!(l.stake() == 70 && l.until() == 0, 1);
    }

    #[test]
    fun a_job_beside_others_binds_more_and_never_less() {
        let l = bound(NOW);
        l.bind(71, false, NOW);
        assert!(l.stake() == 71, 1);
        l.bind(71, false, NOW + 1);
        l.bind(5, false, NOW + 1_000_000);
        l.bind(0, false, NOW + 1_000_000);
        assert!(l.stake() == 71 && l.until() == NOW, 2);
    }

    #[test]
    fun a_job_alone_binds_no_less_while_one_that_has_ended_counts() {
        let l = bound(NOW + 50);
        l.bind(5, true, NOW + 49);
        assert!(l.stake() == 70, 1);
        l.bind(80, true, NOW + 49);
        assert!(l.stake() == 80, 2);
    }

    #[test]
    fun a_job_alone_binds_anew_from_the_second_none_that_has_ended_counts() {
        let l = bound(NOW + 50);
        l.bind(5, true, NOW + 50);
        assert!(l.stake() == 5 && l.until() == NOW + 50, 1);
        // And nothing, where nothing is required.
        l.bind(0, true, NOW + 51);
        assert!(l.stake() == 0, 2);
    }

    // === Extending ===

    #[test]
    fun the_end_only_moves_away() {
        let l = bound(NOW + 50);
        l.extend(NOW + 49);
        l.extend(0);
        assert!(l.until() == NOW + 50, 1);
        l.extend(NOW + 51);
        assert!(l.until() == NOW + 51 && l.stake() == 70, 2);
    }

    // === Allowing ===

    #[test]
    fun what_is_bound_is_enough_at_any_time() {
        let l = bound(NOW + 50);
        assert!(l.allows(70, false, NOW) && l.allows(71, false, NOW) && l.allows(70, true, NOW), 1);
    }

    #[test]
    fun less_may_stay_from_the_second_on_in_which_nothing_counts() {
        let l = bound(NOW + 50);
        assert!(!l.allows(69, true, NOW + 49) && l.allows(69, true, NOW + 50), 1);
        assert!(l.allows(0, true, NOW + 51), 2);
    }

    #[test]
    fun less_never_stays_while_a_job_is_active() {
        let l = bound(NOW + 50);
        assert!(!l.allows(69, false, NOW + 49) && !l.allows(69, false, NOW + 1_000_000), 1);
    }
}
