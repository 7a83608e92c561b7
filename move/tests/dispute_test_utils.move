#[test_only]
/// What the tests of disputes share: jobs that hold money back, an output with its proofs, and where all the money is.
/// It doesn't know what is right: every expected value stands in the tests, worked out by hand.
module computestream::dispute_test_utils {
    use std::bcs;
    use std::string::String;
    use aptos_framework::event;
    use aptos_framework::fungible_asset::{Self, Deposit};
    use computestream::chunk_utils;
    use computestream::dispute::{Self, FaultProven};
    use computestream::escrow;
    use computestream::job_registry;
    use computestream::market;
    use computestream::market_test_utils as m;
    use computestream::reputation;
    use computestream::stake;
    use computestream::value_test_utils::{Self as v, a, n};
    use computestream::world_test_utils::{Self as t, World};

    // The output of three chunks of merkle_tests: 16,384 bytes of 1, as many of 2, and 100 of 3.
    const ROOT: vector<u8> = x"6679a29029a97f7977b8119abd163bc2583c0112906456794f177caa86ac3082";
    const SIZE: u64 = 32_868;
    const LEAF_0: vector<u8> = x"89efaad9991e15014029974ae10f2009c5a1379157de1528cb7145ae8228099c";
    const LEAF_1: vector<u8> = x"c4d2007dc11c5339455674138d26b843fd860c0e616efd2e91e535a2eb071e01";
    const LEAF_2: vector<u8> = x"a8c79128511cd9309702f2fcf0ebbcd907ef276dab35ed9a93f97b59665f1b47";
    const NODE_01: vector<u8> = x"36ae154d96f63c8b64a14d9a0fa2625d4bf66efdf85a2385f7f0f034fcb337d1";

    // === Jobs ===

    /// A world whose jobs get 100 s to challenge, 60 to answer, 200 to decide, bonds of 1 %, and ARBITER.
    public fun setup(): World {
        let w = t::setup();
        m::set_short_cases();
        w
    }

    /// Completed 50 s after its start with 50 s proven at 1,000 a second, the last 20 held back: OWNER has 29,700,
    /// TREASURY 300, BUYER 50,000 of its 100,000 again, and 20,000 wait. Started at START + `elapsed`, may be
    /// challenged from 50 to 149 s after, and is bonded with 1,000.
    public fun held(w: &World): address {
        held_with_output(w, ROOT, SIZE)
    }

    public fun held_with_output(w: &World, root: vector<u8>, size: u64): address {
        let job = running(w);
        m::wait(50);
        complete(w, job, 1, 50, root, size);
        job
    }

    /// A job of 100 s and 100,000 that runs, the last 20 s of which will be held back.
    public fun running(w: &World): address {
        w.running_held(100, 100_000, 20, vector[])
    }

    public fun complete(
        w: &World,
        job: address,
        seq: u64,
        seconds: u64,
        root: vector<u8>,
        size: u64
    ) {
        let at = m::elapsed();
        job_registry::complete(
            &m::operator(),
            t::handle(job),
            0,
            vector[],
            vector[],
            root,
            size,
            seq,
            seconds,
            m::start_time() + at,
            v::log_root(),
            w.sign(job, seq, seconds, at)
        );
    }

    public fun finalize(job: address) {
        job_registry::finalize(&m::keeper(), t::handle(job));
    }

    // === Cases ===

    public fun challenge(job: address, chunk_index: u64) {
        dispute::challenge_output(&m::buyer(), t::handle(job), chunk_index);
    }

    /// A stranger shows chunk 0, 1 or 2 of the output with its proof.
    public fun answer(job: address, index: u64) {
        answer_with(job, chunk(index), proof(index));
    }

    public fun answer_with(job: address, chunk: vector<u8>, proof: vector<vector<u8>>) {
        dispute::answer_challenge(&m::stranger(), t::handle(job), chunk, proof);
    }

    public fun arbitrate(job: address) {
        dispute::open_arbitration(&m::buyer(), t::handle(job), v::text(b"it never ran"));
    }

    public fun rule(job: address, award: u64) {
        dispute::rule(&m::arbiter(), t::handle(job), award);
    }

    public fun resolve(job: address) {
        dispute::resolve(&m::stranger(), t::handle(job));
    }

    public fun chunk(index: u64): vector<u8> {
        if (index == 2) chunk_utils::short(index, 100)
        else chunk_utils::full(index)
    }

    public fun proof(index: u64): vector<vector<u8>> {
        if (index == 0) vector[LEAF_1, LEAF_2]
        else if (index == 1) vector[LEAF_0, LEAF_2]
        else vector[NODE_01]
    }

    public fun root(): vector<u8> {
        ROOT
    }

    public fun size(): u64 {
        SIZE
    }

    /// The market's dispute terms for jobs that are made from now on.
    public fun set_terms(
        arbiter: address,
        challenge: u64,
        answer: u64,
        arbitration: u64,
        bond_bps: u64
    ) {
        market::set_dispute_terms(
            &m::admin(), arbiter, challenge, answer, arbitration, bond_bps
        );
    }

    // === Faults ===

    /// A stranger reports two attestations that are signed as they say: `(seq, seconds, time since START)`.
    public fun report(
        w: &World,
        job: address,
        seq_a: u64,
        seconds_a: u64,
        t_a: u64,
        seq_b: u64,
        seconds_b: u64,
        t_b: u64
    ) {
        dispute::report_contradiction(
            &m::stranger(),
            t::handle(job),
            seq_a,
            seconds_a,
            m::start_time() + t_a,
            v::log_root(),
            w.sign(job, seq_a, seconds_a, t_a),
            seq_b,
            seconds_b,
            m::start_time() + t_b,
            v::log_root(),
            w.sign(job, seq_b, seconds_b, t_b)
        );
    }

    /// A stranger reports that so many seconds were signed for at START + `time`.
    public fun report_time(w: &World, job: address, seconds: u64, time: u64) {
        dispute::report_impossible_time(
            &m::stranger(),
            t::handle(job),
            9,
            seconds,
            m::start_time() + time,
            v::log_root(),
            w.sign(job, 9, seconds, time)
        );
    }

    /// The stranger's one report has just been proven.
    public fun assert_fault(w: &World, job: address, fault: u8, slashed: u64, reward: u64) {
        v::assert_all<FaultProven>(
            vector[v::join(
                vector[
                    a(job),
                    a(w.provider_address()),
                    v::b(fault),
                    a(@0xbad),
                    n(slashed),
                    n(reward),
                    at(m::elapsed())
                ]
            )]
        );
        assert!(job_registry::is_faulted(job), 9441);
    }

    // === Facts read back ===

    /// The case on a job is exactly this.
    public fun assert_case(
        job: address,
        kind: u8,
        bond: u64,
        deadline: u64,
        chunk_index: u64,
        reason: String,
        default_award: u64,
        opened_at: u64
    ) {
        assert!(dispute::has_case(job), 9401);
        let expected =
            v::join(
                vector[
                    a(job),
                    v::b(kind),
                    a(m::of(&m::buyer())),
                    n(bond),
                    n(m::start_time() + deadline),
                    n(chunk_index),
                    bcs::to_bytes(&reason),
                    n(default_award),
                    n(m::start_time() + opened_at)
                ]
            );
        assert!(bcs::to_bytes(&dispute::get_case(job)) == expected, 9402);
    }

    /// Everybody's balance, to the unit; nothing else may hold any of what was minted. The arbiter and the keeper
    /// never get anything.
    public fun assert_money(
        w: &World,
        job: address,
        buyer: u64,
        owner: u64,
        treasury: u64,
        stranger: u64,
        escrowed: u64,
        stake: u64,
        bond: u64
    ) {
        assert!(w.balance(m::of(&m::buyer())) == buyer, 9411);
        assert!(w.balance(m::of(&m::owner())) == owner, 9412);
        assert!(w.balance(m::treasury_address()) == treasury, 9413);
        assert!(w.balance(m::of(&m::stranger())) == stranger, 9414);
        assert!(w.balance(m::of(&m::keeper())) == 0, 9415);
        assert!(w.balance(m::of(&m::arbiter())) == 0, 9416);
        assert!(escrow::balance(job) == escrowed, 9417);
        assert!(fungible_asset::balance(m::store_of(job)) == escrowed, 9418);
        let provider = w.provider_address();
        assert!(stake::staked(provider) + stake::unbonding(provider) == stake, 9419);
        assert!(fungible_asset::balance(m::store_of(provider)) == stake, 9420);
        // A challenge or an arbitration holds its bond, and only that.
        assert!(dispute::has_case(job) == (bond > 0), 9421);
        if (bond > 0) {
            assert!(fungible_asset::balance(m::store_of(last_store(bond))) == bond, 9422);
        };
        assert!(
            buyer + owner + treasury + stranger + escrowed + stake + bond
                == 2 * m::funds() + m::stake(),
            9423
        );
    }

    /// The last store into which `amount` was paid.
    public fun last_store(amount: u64): address {
        let deposits = event::emitted_events<Deposit>();
        let i = deposits.length();
        loop {
            i = i - 1;
            let bytes = bcs::to_bytes(&deposits[i]);
            if (v::read_u64(&bytes, 32) == amount) {
                return aptos_std::from_bcs::to_address(bytes.slice(0, 32))
            };
        }
    }

    /// The provider's record: counts of completed, failed and faulted jobs, none expired, and its score.
    public fun assert_record(
        w: &World,
        completed: u64,
        failed: u64,
        faults: u64,
        seconds: u64,
        earned: u64,
        score: u64
    ) {
        let expected =
            v::join(
                vector[
                    a(w.provider_address()),
                    n(completed),
                    n(failed),
                    n(0),
                    n(faults),
                    n(seconds),
                    n(earned),
                    n(score)
                ]
            );
        assert!(
            bcs::to_bytes(&reputation::get_record(w.provider_address())) == expected,
            9431
        );
    }

    public fun at(secs: u64): vector<u8> {
        n(m::start_time() + secs)
    }
}
