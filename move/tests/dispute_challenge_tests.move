#[test_only]
/// A buyer asks for a chunk of the output: who may, when, what answers it, and whose the bond is.
/// It doesn't know how a chunk is proven: merkle_tests does.
module computestream::dispute_challenge_tests {
    use std::hash;
    use computestream::dispute::{
        Self,
        ChallengeAnswered,
        ChallengeLost,
        FaultProven,
        OutputChallenged
    };
    use computestream::dispute_test_utils::{Self as d, at};
    use computestream::job::{JobForfeited, JobSettled};
    use computestream::job_registry;
    use computestream::job_test_utils as j;
    use computestream::market_test_utils as m;
    use computestream::value_test_utils::{Self as v, a, b, n};
    use computestream::world_test_utils as t;

    // === Opening ===

    #[test]
    fun a_challenge_stakes_a_bond_on_one_chunk() {
        let w = d::setup();
        let job = d::held(&w);
        m::wait(10);
        d::challenge(job, 1);

        v::assert_all<OutputChallenged>(
            vector[v::join(
                vector[a(job), a(@0xb0b), n(1), n(1_000), at(120), at(60)]
            )]
        );
        d::assert_case(job, 1, 1_000, 120, 1, v::text(b""), 0, 60);
        assert!(j::case_until(job) == m::start_time() + 120, 1);
        d::assert_money(
            &w, job, 999_949_000, 1_000_029_700, 300, 0, 20_000, 100_000_000, 1_000
        );
        t::assert_state(job, 3, 0);
    }

    #[test]
    fun the_bond_is_rounded_up() {
        let w = d::setup();
        let job = w.running_held(100, 100_001, 20, vector[]);
        m::wait(50);
        d::complete(&w, job, 1, 50, d::root(), d::size());
        d::challenge(job, 0);
        // 1 % of 100,001 is 1,000.01.
        d::assert_case(job, 1, 1_001, 110, 0, v::text(b""), 0, 50);
    }

    #[test]
    fun the_bond_counts_what_an_extension_added() {
        let w = d::setup();
        let job = d::running(&w);
        j::extend(job, 50, 50_001);
        m::wait(50);
        d::complete(&w, job, 1, 50, d::root(), d::size());
        d::challenge(job, 0);
        // 1 % of 150,001 is 1,500.01.
        d::assert_case(job, 1, 1_501, 110, 0, v::text(b""), 0, 50);
        d::assert_money(
            &w, job, 999_948_499, 1_000_029_700, 300, 0, 20_000, 100_000_000, 1_501
        );
    }

    #[test]
    /// A deposit of 2,000,001: 1 % of it, rounded up, is a unit more than the 20,000 that are held.
    fun a_bond_is_never_more_than_what_is_held() {
        let w = d::setup();
        let job = w.running_held(1_000, 2_000_001, 20, vector[]);
        m::wait(50);
        d::complete(&w, job, 1, 50, d::root(), d::size());
        d::challenge(job, 0);
        d::assert_case(job, 1, 20_000, 110, 0, v::text(b""), 0, 50);
        d::assert_money(
            &w, job, 999_930_000, 1_000_029_700, 300, 0, 20_000, 100_000_000, 20_000
        );
    }

    #[test]
    fun a_market_may_ask_for_no_bond() {
        let w = d::setup();
        d::set_terms(@0xa7b, 100, 60, 200, 0);
        let job = d::held(&w);
        d::challenge(job, 0);
        d::assert_case(job, 1, 0, 110, 0, v::text(b""), 0, 50);
        d::answer(job, 0);
        d::challenge(job, 0);
        m::wait(60);
        d::resolve(job);
        // The 20,000 held and the reporter's 5,000,000 are the buyer's.
        d::assert_money(
            &w, job, 1_004_970_000, 1_000_029_700, 45_000_300, 0, 0, 50_000_000, 0
        );
    }

    #[test]
    fun a_failed_job_s_output_can_be_challenged() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(30);
        w.pay(job, 1, 30);
        job_registry::fail(
            &m::operator(),
            t::handle(job),
            7,
            v::text(b"EXIT_CODE_7"),
            vector[],
            vector[],
            d::root(),
            d::size(),
            0,
            0,
            0,
            vector[],
            vector[]
        );
        d::challenge(job, 2);
        d::answer(job, 2);
        t::assert_state(job, 4, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::vault::E_INSUFFICIENT_BALANCE)]
    fun a_buyer_needs_the_bond() {
        let w = d::setup();
        let job = d::held(&w);
        aptos_framework::primary_fungible_store::transfer(
            &m::buyer(), w.asset(), @0x123, 999_950_000 - 999
        );
        d::challenge(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OUTPUT)]
    fun without_a_root_there_is_nothing_to_challenge() {
        let w = d::setup();
        d::challenge(d::held_with_output(&w, vector[], 0), 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_OUTPUT)]
    fun a_terminated_job_has_no_output() {
        let w = d::setup();
        let job = d::running(&w);
        m::wait(50);
        w.terminate(job, 1, 50);
        d::challenge(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_SUCH_CHUNK)]
    fun chunks_count_from_zero() {
        let w = d::setup();
        d::challenge(d::held(&w), 3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_SUCH_CHUNK)]
    fun an_empty_output_has_no_chunk() {
        let w = d::setup();
        d::challenge(d::held_with_output(&w, hash::sha2_256(vector[]), 0), 0);
    }

    // === Answering ===

    #[test]
    fun an_answer_wins_the_bond_for_the_provider() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        m::wait(20);
        d::answer(job, 1);

        v::assert_all<ChallengeAnswered>(
            vector[v::join(vector[a(job), a(@0xbad), n(1), n(1_000), at(70)])]
        );
        // The owner's, not the answering stranger's.
        d::assert_money(
            &w, job, 999_949_000, 1_000_030_700, 300, 0, 20_000, 100_000_000, 0
        );
        assert!(!dispute::has_case(job), 1);
        assert!(j::case_until(job) == 0, 2);
        t::assert_state(job, 3, 0);

        // What was held waits for the buyer as before.
        m::wait(80);
        d::finalize(job);
        d::assert_money(
            &w, job, 999_949_000, 1_000_050_500, 500, 0, 0, 100_000_000, 0
        );
        t::assert_state(job, 8, 3);
        assert!(v::count<FaultProven>() == 0 && v::count<ChallengeLost>() == 0, 3);
    }

    #[test]
    fun every_chunk_can_be_asked_for_in_turn() {
        let w = d::setup();
        let job = d::held(&w);
        for (i in 0..3) {
            d::challenge(job, i);
            d::answer(job, i);
        };
        d::assert_money(
            &w, job, 999_947_000, 1_000_032_700, 300, 0, 20_000, 100_000_000, 0
        );
    }

    #[test]
    fun the_owner_and_the_operator_may_answer_too() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 0);
        dispute::answer_challenge(&m::operator(), t::handle(job), d::chunk(0), d::proof(0));
        d::challenge(job, 0);
        dispute::answer_challenge(&m::owner(), t::handle(job), d::chunk(0), d::proof(0));
        d::assert_money(
            &w, job, 999_948_000, 1_000_031_700, 300, 0, 20_000, 100_000_000, 0
        );
    }

    #[test]
    fun the_last_second_answers() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        m::wait(59);
        d::answer(job, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_ANSWER_WINDOW_OVER)]
    fun the_deadline_doesn_t() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        m::wait(60);
        d::answer(job, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_WRONG_CHUNK)]
    fun a_shorter_chunk_is_no_answer() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        d::answer(job, 2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_WRONG_CHUNK)]
    fun a_longer_chunk_is_no_answer() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 2);
        let chunk = d::chunk(2);
        chunk.push_back(3);
        d::answer_with(job, chunk, d::proof(2));
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_WRONG_PROOF)]
    fun another_chunk_is_no_answer() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        d::answer(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_WRONG_PROOF)]
    fun the_right_chunk_needs_its_own_proof() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        d::answer_with(job, d::chunk(1), d::proof(0));
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_WRONG_PROOF)]
    fun another_output_s_chunk_is_no_answer() {
        let w = d::setup();
        // A root that nobody has the bytes of.
        let job = d::held_with_output(&w, v::hash(9), d::size());
        d::challenge(job, 1);
        d::answer(job, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun nothing_unasked_is_answered() {
        let w = d::setup();
        d::answer(d::held(&w), 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun an_answered_challenge_is_over() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        d::answer(job, 1);
        d::answer(job, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun a_chunk_ends_no_arbitration() {
        let w = d::setup();
        let job = d::held(&w);
        d::arbitrate(job);
        d::answer(job, 0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun an_answered_challenge_can_t_be_resolved() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        d::answer(job, 1);
        m::wait(60);
        d::resolve(job);
    }

    // === Losing ===

    #[test]
    fun silence_costs_the_provider_what_was_held_and_half_its_stake() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        m::wait(60);
        d::resolve(job);

        let provider = w.provider_address();
        v::assert_all<ChallengeLost>(
            vector[v::join(vector[a(job), a(provider), n(1_000), at(110)])]
        );
        // The reward is the challenger's, not the resolving stranger's.
        v::assert_all<FaultProven>(
            vector[v::join(
                vector[
                    a(job),
                    a(provider),
                    b(5),
                    a(@0xb0b),
                    n(50_000_000),
                    n(5_000_000),
                    at(110)
                ]
            )]
        );
        v::assert_all<JobForfeited>(vector[v::join(vector[a(job), a(provider), at(110)])]);
        v::assert_all<JobSettled>(
            vector[v::join(
                vector[
                    a(job),
                    a(@0xb0b),
                    a(provider),
                    b(3),
                    n(50),
                    n(100_000),
                    n(29_700),
                    n(300),
                    n(70_000),
                    at(110)
                ]
            )]
        );
        // 1,000,000,000 - 30,000 + 5,000,000; 300 + 45,000,000.
        d::assert_money(
            &w, job, 1_004_970_000, 1_000_029_700, 45_000_300, 0, 0, 50_000_000, 0
        );
        // It completed, but not well: 10,000 * 2 / (80 + 4) = 238.1
        d::assert_record(&w, 0, 0, 1, 50, 29_700, 238);
        t::assert_state(job, 8, 3);
        assert!(!dispute::has_case(job), 1);
        assert!(job_registry::is_faulted(job), 2);
    }

    #[test]
    fun the_buyer_or_the_provider_may_resolve_as_well() {
        let w = d::setup();
        let first = d::held(&w);
        d::challenge(first, 1);
        let second = d::held(&w);
        d::challenge(second, 1);
        m::wait(60);
        dispute::resolve(&m::buyer(), t::handle(first));
        dispute::resolve(&m::operator(), t::handle(second));
        t::assert_state(first, 8, 3);
        t::assert_state(second, 8, 3);
    }

    #[test]
    fun a_size_beyond_the_output_can_t_be_answered() {
        let w = d::setup();
        // The root of three chunks, said to be of four.
        let job = d::held_with_output(&w, d::root(), 65_536);
        d::challenge(job, 3);
        m::wait(60);
        d::resolve(job);
        assert!(v::count<ChallengeLost>() == 1, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_DEADLINE_NOT_REACHED)]
    fun nobody_resolves_before_the_deadline() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        m::wait(59);
        d::resolve(job);
    }

    #[test]
    #[expected_failure(abort_code = computestream::dispute::E_NO_CASE)]
    fun a_lost_challenge_is_lost_once() {
        let w = d::setup();
        let job = d::held(&w);
        d::challenge(job, 1);
        m::wait(60);
        d::resolve(job);
        d::resolve(job);
    }
}
