/// What a provider answers for beyond its seconds: faults that prove themselves, and the buyer's cases about money
/// that a job still holds back.
/// It doesn't know how a job settles or a stake is cut: it decides that they are, and keeps the bonds.
///
///   report_* (anyone) ----------------------------------------------> provider slashed, job closed for the buyer
///
///   challenge_output (buyer) --+-- answer_challenge before deadline --> bond to the provider, job waits on
///                              +-- resolve from deadline on ----------> bond back, provider slashed, job closed
///
///   open_arbitration (buyer) --+-- rule before deadline --------------> the arbiter's split
///                              +-- resolve from deadline on ----------> the split stored at the opening
///
/// A case ends by its deadline whoever stays silent: the deadline, the default and the arbiter are fixed by then, and
/// anyone may resolve. A fault that is proven meanwhile ends it too, with the bond back to the buyer. A job is
/// slashed for at most once.
module computestream::dispute {
    use std::bcs;
    use std::signer;
    use std::string::{Self, String};
    use aptos_framework::event;
    use aptos_framework::object::{Self, Object};
    use aptos_framework::timestamp;
    use computestream::attestation;
    use computestream::escrow;
    use computestream::job_registry::{Self, Job};
    use computestream::merkle;
    use computestream::payment_stream;
    use computestream::provider_registry;
    use computestream::vault::{Self, Vault};

    // === Errors ===

    /// The provider has been slashed for this job already: report another job.
    const E_ALREADY_REPORTED: u64 = 1;
    /// These attestations agree: send two of one number that differ, or a newer one with fewer seconds.
    const E_NO_CONTRADICTION: u64 = 2;
    /// This attestation claims no more seconds than had passed: only an impossible one proves a fault.
    const E_POSSIBLE_TIME: u64 = 3;
    /// No device of one owner ran both jobs at once for two providers: name the job that started later first.
    const E_NO_OVERLAP: u64 = 4;
    /// The provider committed to no output for this job: open an arbitration instead.
    const E_NO_OUTPUT: u64 = 5;
    /// The output has no chunk of this number: chunks count from 0.
    const E_NO_SUCH_CHUNK: u64 = 6;
    /// The job has no open case of this kind: look it up with `get_case`.
    const E_NO_CASE: u64 = 7;
    /// The time to answer this challenge is over: anyone may resolve it now.
    const E_ANSWER_WINDOW_OVER: u64 = 8;
    /// The chunk doesn't have the length of the challenged one: send exactly that chunk of the output.
    const E_WRONG_CHUNK: u64 = 9;
    /// The proof doesn't lead from this chunk to the output's root: build both from the output that was committed.
    const E_WRONG_PROOF: u64 = 10;
    /// The reason must be 1 to 1024 bytes long.
    const E_REASON_LENGTH: u64 = 11;
    /// Only the arbiter this job was made with may rule: sign with that account.
    const E_NOT_ARBITER: u64 = 12;
    /// The time to decide this case is over: anyone may resolve it now.
    const E_DECISION_WINDOW_OVER: u64 = 13;
    /// The case's deadline hasn't come: wait until then.
    const E_DEADLINE_NOT_REACHED: u64 = 14;

    // === Constants ===

    const OUTPUT_CHALLENGE: u8 = 1;
    const ARBITRATION: u8 = 2;

    const IMPOSSIBLE_TIME: u8 = 3;
    const DEVICE_OVERLAP: u8 = 4;
    const OUTPUT_WITHHELD: u8 = 5;

    const BPS: u128 = 10_000;
    const MAX_REASON_LENGTH: u64 = 1_024;

    // === Structs ===

    #[resource_group_member(group = aptos_framework::object::ObjectGroup)]
    /// On the job's object while a case is open. The bond's vault is an object of its own.
    struct Case has key {
        kind: u8,
        buyer: address,
        bond: Vault,
        /// The first second at which the case can be resolved, and can't be answered or ruled any more.
        deadline: u64,
        /// 0 in an arbitration.
        chunk_index: u64,
        /// Empty in a challenge.
        reason: String,
        /// What was held at the opening of an arbitration, all of it the provider's if nobody rules; 0 in a challenge.
        default_award: u64,
        opened_at: u64
    }

    struct CaseView has copy, drop, store {
        job: address,
        kind: u8,
        buyer: address,
        bond: u64,
        deadline: u64,
        chunk_index: u64,
        reason: String,
        default_award: u64,
        opened_at: u64
    }

    // === Events ===

    #[event]
    /// `fault`: 1 two contents for one number, 2 fewer seconds under a higher number, 3 more seconds than time,
    /// 4 one device in two jobs, 5 an output withheld.
    struct FaultProven has drop, store {
        job: address,
        provider: address,
        fault: u8,
        reporter: address,
        slashed: u64,
        reward: u64,
        timestamp: u64
    }

    #[event]
    struct OutputChallenged has drop, store {
        job: address,
        buyer: address,
        chunk_index: u64,
        bond: u64,
        answer_by: u64,
        timestamp: u64
    }

    #[event]
    struct ChallengeAnswered has drop, store {
        job: address,
        answered_by: address,
        chunk_index: u64,
        bond: u64,
        timestamp: u64
    }

    #[event]
    /// Nobody answered, or another fault was proven before: the `FaultProven` of the same transaction tells which.
    struct ChallengeLost has drop, store {
        job: address,
        provider: address,
        refunded_bond: u64,
        timestamp: u64
    }

    #[event]
    struct ArbitrationOpened has drop, store {
        job: address,
        buyer: address,
        arbiter: address,
        reason: String,
        unreleased: u64,
        bond: u64,
        decide_by: u64,
        timestamp: u64
    }

    #[event]
    /// `by_default` is true when the arbiter didn't rule: at the deadline, or when a proven fault left nothing to award.
    struct ArbitrationDecided has drop, store {
        job: address,
        arbiter: address,
        award: u64,
        unreleased: u64,
        bond_to: address,
        by_default: bool,
        timestamp: u64
    }

    // === Views ===

    #[view]
    public fun get_case(job: address): CaseView acquires Case {
        assert!(exists<Case>(job), E_NO_CASE);
        let case = &Case[job];
        CaseView {
            job,
            kind: case.kind,
            buyer: case.buyer,
            bond: case.bond.balance(),
            deadline: case.deadline,
            chunk_index: case.chunk_index,
            reason: case.reason,
            default_award: case.default_award,
            opened_at: case.opened_at
        }
    }

    #[view]
    public fun has_case(job: address): bool {
        exists<Case>(job)
    }

    // === Entry ===

    /// Two attestations the provider signed for this job that can't both be true (fault 1 or 2).
    public entry fun report_contradiction(
        reporter: &signer,
        job: Object<Job>,
        seq_a: u64,
        seconds_cum_a: u64,
        t_last_a: u64,
        log_root_a: vector<u8>,
        signature_a: vector<u8>,
        seq_b: u64,
        seconds_cum_b: u64,
        t_last_b: u64,
        log_root_b: vector<u8>,
        signature_b: vector<u8>
    ) acquires Case {
        let job = reportable(job);
        let a = attestation::new_claim(
            seq_a, seconds_cum_a, t_last_a, log_root_a, signature_a
        );
        let b = attestation::new_claim(
            seq_b, seconds_cum_b, t_last_b, log_root_b, signature_b
        );
        payment_stream::assert_signed(job, &a);
        payment_stream::assert_signed(job, &b);
        let fault = attestation::contradicts(&a, &b);
        assert!(fault != 0, E_NO_CONTRADICTION);

        let reporter = signer::address_of(reporter);
        prove_fault(job, fault, reporter, reporter);
    }

    /// An attestation of more seconds than had passed since the start, by its own time (fault 3).
    public entry fun report_impossible_time(
        reporter: &signer,
        job: Object<Job>,
        seq: u64,
        seconds_cum: u64,
        t_last: u64,
        log_root: vector<u8>,
        signature: vector<u8>
    ) acquires Case {
        let job = reportable(job);
        let claim = attestation::new_claim(seq, seconds_cum, t_last, log_root, signature);
        payment_stream::assert_signed(job, &claim);
        let started_at = payment_stream::started_at(job);
        let passed = if (t_last < started_at) 0 else t_last - started_at;
        assert!(seconds_cum > passed, E_POSSIBLE_TIME);

        let reporter = signer::address_of(reporter);
        prove_fault(job, IMPOSSIBLE_TIME, reporter, reporter);
    }

    /// Two jobs that two providers of one owner ran on one device during a common second (fault 4). Only one owner's:
    /// else anybody could copy a stranger's commitments and have it slashed.
    public entry fun report_device_overlap(
        reporter: &signer, job: Object<Job>, other_job: Object<Job>
    ) acquires Case {
        let job = reportable(job);
        let other_job = object::object_address(&other_job);
        job_registry::assert_started(other_job);
        let provider = job_registry::provider(job);
        let other_provider = job_registry::provider(other_job);
        let started_at = payment_stream::started_at(job);
        assert!(
            provider != other_provider
                && provider_registry::owner(provider)
                    == provider_registry::owner(other_provider)
                && !starts_before(job, other_job)
                && started_at < end_of(other_job)
                && started_at < end_of(job)
                && share_a_device(job, other_job),
            E_NO_OVERLAP
        );

        let reporter = signer::address_of(reporter);
        prove_fault(job, DEVICE_OVERLAP, reporter, reporter);
    }

    /// Asks for one chunk of the output the provider committed to, against a bond.
    public entry fun challenge_output(
        buyer: &signer, job: Object<Job>, chunk_index: u64
    ) {
        let job = object::object_address(&job);
        let window_secs = job_registry::rules(job).answer_window_secs();
        job_registry::open_case(job, signer::address_of(buyer), window_secs, true);
        assert!(!job_registry::output_root(job).is_empty(), E_NO_OUTPUT);
        assert!(
            chunk_index < merkle::chunk_count(job_registry::output_size(job)),
            E_NO_SUCH_CHUNK
        );

        let (bond, answer_by) =
            open_case(buyer, job, OUTPUT_CHALLENGE, window_secs, chunk_index, empty(), 0);
        event::emit(
            OutputChallenged {
                job,
                buyer: signer::address_of(buyer),
                chunk_index,
                bond,
                answer_by,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// Shows the challenged chunk. Anyone may, for the provider; the bond is its owner's.
    public entry fun answer_challenge(
        anyone: &signer,
        job: Object<Job>,
        chunk: vector<u8>,
        proof: vector<vector<u8>>
    ) acquires Case {
        let job = object::object_address(&job);
        assert_case(job, OUTPUT_CHALLENGE);
        let case = &Case[job];
        let now = timestamp::now_seconds();
        assert!(now < case.deadline, E_ANSWER_WINDOW_OVER);
        let chunk_index = case.chunk_index;
        let size_bytes = job_registry::output_size(job);
        assert!(
            chunk.length() == merkle::chunk_length(size_bytes, chunk_index),
            E_WRONG_CHUNK
        );
        assert!(
            merkle::verify_chunk(
                &job_registry::output_root(job),
                size_bytes,
                chunk_index,
                &chunk,
                &proof
            ),
            E_WRONG_PROOF
        );

        job_registry::close_case(job);
        let bond = close_case(job, owner_of(job));
        event::emit(
            ChallengeAnswered {
                job,
                answered_by: signer::address_of(anyone),
                chunk_index,
                bond,
                timestamp: now
            }
        );
    }

    /// Asks the job's arbiter to split what is held back, against a bond.
    public entry fun open_arbitration(
        buyer: &signer, job: Object<Job>, reason: String
    ) {
        let job = object::object_address(&job);
        let rules = job_registry::rules(job);
        let window_secs = rules.arbitration_window_secs();
        let held =
            job_registry::open_case(job, signer::address_of(buyer), window_secs, false);
        let length = reason.length();
        assert!(0 < length && length <= MAX_REASON_LENGTH, E_REASON_LENGTH);

        // An arbiter that never answers must not turn delivered work into the buyer's money.
        let (bond, decide_by) =
            open_case(buyer, job, ARBITRATION, window_secs, 0, reason, held);
        event::emit(
            ArbitrationOpened {
                job,
                buyer: signer::address_of(buyer),
                arbiter: rules.arbiter(),
                reason,
                unreleased: held,
                bond,
                decide_by,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// Gives `award` of what was held at the opening to the provider and the rest to the buyer. A buyer who gets nothing of it
    /// loses the bond to the provider.
    public entry fun rule(arbiter: &signer, job: Object<Job>, award: u64) acquires Case {
        let job = object::object_address(&job);
        assert_case(job, ARBITRATION);
        let arbiter = signer::address_of(arbiter);
        assert!(arbiter == job_registry::rules(job).arbiter(), E_NOT_ARBITER);
        assert!(timestamp::now_seconds() < Case[job].deadline, E_DECISION_WINDOW_OVER);

        let held = payment_stream::held(job);
        // What the buyer has agreed to meanwhile is paid already: who comes first mustn't change what anybody gets.
        let agreed = Case[job].default_award - held;
        let award = if (award > agreed) award - agreed else 0;
        let bond_to =
            if (award == held) owner_of(job)
            else Case[job].buyer;
        decide(job, arbiter, award, held, bond_to, false);
    }

    /// Ends a case whose deadline has passed: an unanswered challenge is lost, an undecided arbitration gets the
    /// default stored at its opening.
    public entry fun resolve(anyone: &signer, job: Object<Job>) acquires Case {
        let job = object::object_address(&job);
        assert!(exists<Case>(job), E_NO_CASE);
        let case = &Case[job];
        assert!(timestamp::now_seconds() >= case.deadline, E_DEADLINE_NOT_REACHED);

        let buyer = case.buyer;
        let keeper = signer::address_of(anyone);
        if (case.kind == OUTPUT_CHALLENGE) {
            prove_fault(job, OUTPUT_WITHHELD, buyer, keeper);
        } else {
            // The default without what the buyer agreed to meanwhile: that is paid already.
            let held = payment_stream::held(job);
            decide(job, keeper, held, held, buyer, true);
        };
    }

    // === Private ===

    /// The address of a job on which a fault can still be proven.
    fun reportable(job: Object<Job>): address {
        let job = object::object_address(&job);
        assert!(!job_registry::is_faulted(job), E_ALREADY_REPORTED);
        job_registry::assert_started(job);
        job
    }

    /// Slashes the provider, rewards `reporter`, and closes what is open on the job for the buyer. Of an open
    /// challenge the challenger gets the reward: a provider about to lose it must not report itself for it.
    fun prove_fault(job: address, fault: u8, reporter: address, keeper: address) acquires Case {
        let provider = job_registry::provider(job);
        let rules = job_registry::rules(job);
        let now = timestamp::now_seconds();
        if (exists<Case>(job)) {
            if (Case[job].kind == OUTPUT_CHALLENGE) reporter = Case[job].buyer;
            lose_case(job, provider);
        };
        job_registry::mark_faulted(job, keeper);
        let (slashed, reward) =
            provider_registry::slash(
                provider,
                reporter,
                rules.slash_bps(),
                rules.reporter_reward_bps(),
                rules.treasury()
            );
        event::emit(
            FaultProven { job, provider, fault, reporter, slashed, reward, timestamp: now }
        );
    }

    /// Ends the open case in the buyer's favour; the caller closes the job.
    fun lose_case(job: address, provider: address) acquires Case {
        let kind = Case[job].kind;
        let buyer = Case[job].buyer;
        let held = payment_stream::held(job);
        job_registry::close_case(job);
        let refunded_bond = close_case(job, buyer);
        let timestamp = timestamp::now_seconds();
        if (kind == OUTPUT_CHALLENGE) {
            event::emit(ChallengeLost { job, provider, refunded_bond, timestamp });
        } else {
            event::emit(
                ArbitrationDecided {
                    job,
                    arbiter: job_registry::rules(job).arbiter(),
                    award: 0,
                    unreleased: held,
                    bond_to: buyer,
                    by_default: true,
                    timestamp
                }
            );
        };
    }

    fun decide(
        job: address,
        keeper: address,
        award: u64,
        held: u64,
        bond_to: address,
        by_default: bool
    ) acquires Case {
        job_registry::close_case(job);
        close_case(job, bond_to);
        job_registry::settle_with_award(job, keeper, award);
        event::emit(
            ArbitrationDecided {
                job,
                arbiter: job_registry::rules(job).arbiter(),
                award,
                unreleased: held,
                bond_to,
                by_default,
                timestamp: timestamp::now_seconds()
            }
        );
    }

    /// Takes the bond and puts the case on the job; returns the bond and the deadline.
    fun open_case(
        buyer: &signer,
        job: address,
        kind: u8,
        window_secs: u64,
        chunk_index: u64,
        reason: String,
        default_award: u64
    ): (u64, u64) {
        let amount = bond_of(job);
        let bond = vault::open(&vault::create_object(), escrow::asset(job));
        bond.deposit(buyer, amount);
        let opened_at = timestamp::now_seconds();
        let deadline = opened_at + window_secs;
        move_to(
            &escrow::job_signer(job),
            Case {
                kind,
                buyer: signer::address_of(buyer),
                bond,
                deadline,
                chunk_index,
                reason,
                default_award,
                opened_at
            }
        );
        (amount, deadline)
    }

    /// Takes the case off the job and pays its bond, which it returns. What strangers sent to the bond's store goes
    /// to the buyer, who paid for the store.
    fun close_case(job: address, bond_to: address): u64 acquires Case {
        let Case {
            kind: _,
            buyer,
            bond,
            deadline: _,
            chunk_index: _,
            reason: _,
            default_award: _,
            opened_at: _
        } = move_from<Case>(job);
        let amount = bond.balance();
        bond.pay(bond_to, amount);
        bond.close(buyer);
        amount
    }

    /// Rounded up: a small deposit must not make a case free. Never more than what the case can win.
    fun bond_of(job: address): u64 {
        let scaled =
            (payment_stream::deposited(job) as u128)
                * (job_registry::rules(job).bond_bps() as u128);
        let share = ((scaled + BPS - 1) / BPS) as u64;
        let held = payment_stream::held(job);
        if (share < held) share else held
    }

    fun owner_of(job: address): address {
        provider_registry::owner(job_registry::provider(job))
    }

    /// Of two different jobs that started in one second the lower address counts as the earlier: only one is at fault.
    fun starts_before(job: address, other_job: address): bool {
        let started_at = payment_stream::started_at(job);
        let other_started_at = payment_stream::started_at(other_job);
        if (started_at != other_started_at) return started_at < other_started_at;
        let bytes = bcs::to_bytes(&job);
        let other_bytes = bcs::to_bytes(&other_job);
        let i = 0;
        while (bytes[i] == other_bytes[i]) i += 1;
        bytes[i] < other_bytes[i]
    }

    /// When the job stopped running; now, if it runs.
    fun end_of(job: address): u64 {
        let ended_at = payment_stream::ended_at(job);
        if (ended_at == 0) timestamp::now_seconds() else ended_at
    }

    fun share_a_device(job: address, other_job: address): bool {
        let others = job_registry::devices(other_job);
        job_registry::devices(job).any(|device| others.contains(device))
    }

    fun assert_case(job: address, kind: u8) acquires Case {
        assert!(exists<Case>(job) && Case[job].kind == kind, E_NO_CASE);
    }

    fun empty(): String {
        string::utf8(b"")
    }
}
