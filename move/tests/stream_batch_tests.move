#[test_only]
/// Many attestations in one transaction: the same as one by one, whatever is wrong with some of them.
module computestream::stream_batch_tests {
    use aptos_framework::fungible_asset::{Deposit, Withdraw};
    use computestream::escrow;
    use computestream::market_test_utils as m;
    use computestream::payment_stream;
    use computestream::stream::{SettlementSkipped, StreamSettled};
    use computestream::stream_test_utils::{Self as st, Stage, settled, skipped};
    use computestream::value_test_utils as v;

    const KEEPER: address = @0x6e5;
    const PAYEE: address = @0xa11;
    const TREASURY: address = @0x7ea;

    #[test]
    fun a_batch_does_what_single_calls_do() {
        let stage = st::setup();
        let single = stage.open_with(1_000, 1_000, 1_000, 30, 333, 777, vector[]);
        let batched = stage.open_with(1_000, 1_000, 1_000, 30, 333, 777, vector[]);
        m::wait(37);
        stage.pay(single, 1, 37);
        st::bring_all(
            vector[batched], vector[1], vector[37], 37, vector[stage.sign(batched, 1, 37, 37)]
        );
        m::wait(500);
        stage.pay(single, 2, 500);
        stage.pay(single, 3, 537);
        st::bring_all(
            vector[batched, batched],
            vector[2, 3],
            vector[500, 537],
            537,
            vector[stage.sign(batched, 2, 500, 537), stage.sign(batched, 3, 537, 537)]
        );
        let index = 0;
        while (index < 24) {
            assert!(st::field(single, index) == st::field(batched, index), index);
            index = index + 1;
        };
        // floor((537 - 30) * 1,000 / 3,600) = 140; floor(140 * 0.0333) = 4; floor(4 * 0.0777) = 0.
        assert!(st::paid(batched) == 140 && st::field(batched, 17) == 4, 101);
        assert!(stage.balance(PAYEE) == 2 * 136 && stage.balance(TREASURY) == 2 * 4, 102);
        assert!(v::count<SettlementSkipped>() == 0, 103);
    }

    #[test]
    fun receivers_are_paid_once_and_each_escrow_is_drawn_on_once() {
        let stage = st::setup();
        let jobs = vector[stage.open_plain(), stage.open_plain(), stage.open_plain()];
        m::wait(10);
        let signatures = vector[];
        jobs.for_each(|job| signatures.push_back(stage.sign(job, 1, 10, 10)));
        let deposits = v::count<Deposit>();
        let withdrawals = v::count<Withdraw>();
        st::bring_all(jobs, vector[1, 1, 1], vector[10, 10, 10], 10, signatures);
        // Payee, treasury and keeper.
        assert!(v::count<Deposit>() == deposits + 3, 1);
        assert!(v::count<Withdraw>() == withdrawals + 3, 2);
        let i = 0;
        let expected = vector[];
        while (i < 3) {
            expected.push_back(
                v::join(
                    settled(
                        jobs[i], 1, 10, 0, 10, 10_000, 100, 10, 10_000, 100, 10, 90_000, 10
                    )
                )
            );
            assert!(escrow::balance(jobs[i]) == 90_000, 100 + i);
            i = i + 1;
        };
        v::assert_all<StreamSettled>(expected);
        assert!(stage.balance(PAYEE) == 29_700, 3);
        assert!(stage.balance(TREASURY) == 270 && stage.balance(KEEPER) == 30, 4);
    }

    #[test]
    fun countersignatures_come_for_all_or_for_none() {
        let stage = st::setup();
        let agreed = stage.open_held();
        let held = stage.open_held();
        m::wait(20);
        st::bring_all_agreed(
            vector[agreed, held],
            vector[1, 1],
            vector[20, 20],
            20,
            vector[stage.sign(agreed, 1, 20, 20), stage.sign(held, 1, 20, 20)],
            vector[stage.countersign(agreed, 1, 20, 20), vector[]]
        );
        v::assert_all<StreamSettled>(
            vector[
                v::join(
                    settled(
                        agreed, 1, 20, 20, 20, 20_000, 200, 20, 20_000, 200, 20, 80_000, 20
                    )
                ),
                v::join(
                    settled(held, 1, 20, 0, 20, 10_000, 100, 10, 10_000, 100, 10, 90_000, 20)
                )
            ]
        );
    }

    #[test]
    fun a_storeless_keepers_share_goes_to_the_treasury_in_a_batch_too() {
        let stage = st::setup();
        let jobs = vector[stage.open_plain(), stage.open_plain()];
        m::wait(10);
        payment_stream::process_payments(
            &m::stranger(),
            jobs,
            vector[1, 1],
            vector[10, 10],
            vector[m::start_time() + 10, m::start_time() + 10],
            vector[v::log_root(), v::log_root()],
            vector[stage.sign(jobs[0], 1, 10, 10), stage.sign(jobs[1], 1, 10, 10)],
            vector[]
        );
        assert!(stage.balance(PAYEE) == 19_800 && stage.balance(TREASURY) == 200, 1);
        assert!(!stage.has_store(@0xbad), 2);
    }

    #[test]
    fun a_batch_of_two_assets_pays_each_in_its_own() {
        let one = st::setup();
        let two = st::setup_second();
        let jobs = vector[one.open_plain(), two.open_plain(), one.open_plain()];
        m::wait(10);
        st::bring_all(
            jobs,
            vector[1, 1, 1],
            vector[10, 10, 10],
            10,
            vector[
                one.sign(jobs[0], 1, 10, 10),
                two.sign(jobs[1], 1, 10, 10),
                one.sign(jobs[2], 1, 10, 10)
            ]
        );
        // The keeper has a store for the first asset only: its 10 of the second are the treasury's.
        assert!(one.balance(PAYEE) == 19_800 && one.balance(TREASURY) == 180, 1);
        assert!(one.balance(KEEPER) == 20, 2);
        assert!(two.balance(PAYEE) == 9_900 && two.balance(TREASURY) == 100, 3);
        assert!(!two.has_store(KEEPER), 4);
    }

    // Bug class 11 of streams: one bad entry wedges the batch.
    #[test]
    fun regression_11_a_bad_entry_never_stops_the_batch() {
        let stage = st::setup();
        m::wait(3);
        let closed = stage.open_plain();
        let sealed = stage.open_held();
        m::wait(2);
        // What they ran might be proven for a minute still.
        vector[closed, sealed].for_each(|job| {
            payment_stream::end(job, KEEPER, 60);
        });
        payment_stream::close(closed, KEEPER);
        payment_stream::seal(sealed, KEEPER);
        let victim = stage.open_held();
        let good = stage.open_plain();
        m::wait(10);
        stage.pay(victim, 5, 8);
        let before = st::view_bytes(victim);

        // Everything at second 15, the last two streams' tenth.
        let jobs =
            vector[
                @0x77, closed, sealed, victim, victim, victim, victim, victim, victim, victim,
                victim, victim, victim, victim, good
            ];
        let seqs = vector[1, 2, 1, 6, 6, 6, 4, 5, 6, 6, 6, 6, 6, 6, 1];
        let seconds = vector[1, 1, 1, 9, 9, 9, 8, 9, 7, 8, 11, 9, 9, 9, 10];
        let times = vector[15, 15, 15, 15, 15, 15, 15, 15, 15, 4, 15, 15, 15, 46, 15];
        let codes = vector[1, 2, 2, 101, 102, 103, 104, 105, 106, 107, 108, 109, 109, 110, 0];
        let roots = vector[];
        let signatures = vector[];
        let countersignatures = vector[];
        let stamps = vector[];
        let expected = vector[];
        let i = 0;
        while (i < jobs.length()) {
            let code = codes[i];
            roots.push_back(if (code == 101) v::bytes_of(33, 0) else v::log_root());
            signatures.push_back(
                if (code == 102) v::bytes_of(63, 1)
                else if (code == 103) v::bytes_of(64, 7)
                else stage.sign(jobs[i], seqs[i], seconds[i], times[i])
            );
            countersignatures.push_back(
                if (i == 11 || i == 13) v::bytes_of(64, 7)
                else if (i == 12) v::bytes_of(1, 7)
                else vector[]
            );
            stamps.push_back(m::start_time() + times[i]);
            if (code > 0) expected.push_back(skipped(jobs[i], code, 15));
            i = i + 1;
        };
        payment_stream::process_payments(
            &m::keeper(), jobs, seqs, seconds, stamps, roots, signatures, countersignatures
        );

        v::assert_all<SettlementSkipped>(expected);
        assert!(st::view_bytes(victim) == before, 1);
        // The good one, last in the row, was paid: 10,000, 100 and 10.
        v::assert_last<StreamSettled>(
            settled(good, 1, 10, 0, 10, 10_000, 100, 10, 10_000, 100, 10, 90_000, 15)
        );
    }

    /// All 60 s of each job at once, agreed to.
    fun bring_sixty(stage: &Stage, jobs: vector<address>) {
        let signatures = vector[];
        let countersignatures = vector[];
        jobs.for_each(|job| {
            signatures.push_back(stage.sign(job, 1, 60, 60));
            countersignatures.push_back(stage.countersign(job, 1, 60, 60));
        });
        st::bring_all_agreed(
            jobs, vector[1, 1, 1], vector[60, 60, 60], 60, signatures, countersignatures
        );
    }

    /// What `bring_sixty` tells of a job: attested, confirmed and billed, and paid or not.
    fun sixty(job: address, is_paid: bool): vector<u8> {
        v::join(
            if (is_paid)
                settled(job, 1, 60, 60, 60, 60_000, 600, 60, 60_000, 600, 60, 40_000, 60)
            else settled(job, 1, 60, 60, 60, 0, 0, 0, 0, 0, 0, 100_000, 60)
        )
    }

    #[test]
    fun an_escrow_that_cannot_pay_is_counted_and_disturbs_nobody() {
        let stage = st::setup();
        let frozen = stage.open_held();
        let taken = stage.open_held();
        let free = stage.open_held();
        let jobs = vector[frozen, taken, free];
        m::freeze_escrow(stage.asset(), frozen, true);
        m::claw_back(stage.asset(), taken, 95_000);
        m::wait(60);
        payment_stream::flag_stalled(frozen, KEEPER, 60, 30);
        bring_sixty(&stage, jobs);
        let told = vector[sixty(frozen, false), sixty(taken, false), sixty(free, true)];
        v::assert_all<StreamSettled>(told);
        assert!(st::stalled(frozen) == 0, 1);
        // The same again changes nothing, until the one and then the other can pay.
        bring_sixty(&stage, jobs);
        m::freeze_escrow(stage.asset(), frozen, false);
        bring_sixty(&stage, jobs);
        told.push_back(sixty(frozen, true));
        v::assert_all<StreamSettled>(told);
        m::give_back(stage.asset(), taken, 95_000);
        bring_sixty(&stage, jobs);
        told.push_back(sixty(taken, true));
        v::assert_all<StreamSettled>(told);
        assert!(v::count<SettlementSkipped>() == 0, 2);
        assert!(stage.balance(PAYEE) == 3 * 59_400 && stage.balance(KEEPER) == 3 * 60, 3);
    }

    #[test]
    fun nothing_due_needs_nothing_of_a_frozen_escrow() {
        let stage = st::setup();
        let job = stage.open_held();
        m::freeze_escrow(stage.asset(), job, true);
        m::wait(5);
        // 5 s, all held.
        stage.pay(job, 1, 5);
        assert!(st::billed(job) == 5 && st::paid(job) == 0, 1);
    }

    #[test]
    fun a_batch_takes_what_is_thirty_seconds_ahead_and_skips_what_is_more() {
        let stage = st::setup();
        let near = stage.open_plain();
        let far = stage.open_plain();
        m::wait(10);
        st::bring_all(
            vector[near], vector[1], vector[40], 40, vector[stage.sign(near, 1, 40, 40)]
        );
        // As many seconds as have passed, but of a time to come.
        st::bring_all(
            vector[far, near],
            vector[1, 2],
            vector[10, 41],
            41,
            vector[stage.sign(far, 1, 10, 41), stage.sign(near, 2, 41, 41)]
        );
        v::assert_all<SettlementSkipped>(vector[skipped(far, 110, 10), skipped(near, 110, 10)]);
        // Only the 10 s that have passed are paid: 10,000, 100 and 10.
        v::assert_all<StreamSettled>(
            vector[
                v::join(
                    settled(near, 1, 40, 0, 10, 10_000, 100, 10, 10_000, 100, 10, 90_000, 10)
                )
            ]
        );
        assert!(st::seq(far) == 0 && escrow::balance(far) == 100_000, 1);
        // A second later the same bytes are good.
        m::wait(1);
        st::bring_all(
            vector[far], vector[1], vector[10], 41, vector[stage.sign(far, 1, 10, 41)]
        );
        assert!(st::billed(far) == 10 && escrow::balance(far) == 90_000, 2);
    }

    #[test]
    fun a_batch_skips_what_comes_when_the_time_to_prove_is_over() {
        let stage = st::setup();
        let job = stage.open_plain();
        m::wait(10);
        payment_stream::end(job, KEEPER, 60);
        m::wait(59);
        st::bring_all(vector[job], vector[1], vector[4], 69, vector[stage.sign(job, 1, 4, 69)]);
        m::wait(1);
        st::bring_all(vector[job], vector[2], vector[10], 70, vector[stage.sign(job, 2, 10, 70)]);
        v::assert_all<SettlementSkipped>(vector[skipped(job, 2, 70)]);
        // 4 s in time: 4,000, 40 and 4. The other 6,000 wait for the close.
        stage.assert_money(job, 3_960, 36, 4, 90_000, 6_000);
    }

    #[test]
    fun lists_of_nothing_are_a_no_op() {
        st::setup();
        st::bring_all(vector[], vector[], vector[], 0, vector[]);
        assert!(v::count<SettlementSkipped>() == 0 && st::settlements() == 0, 1);
    }

    /// One entry in every list but the one at `short`.
    fun bring_lists(short: u64) {
        let stage = st::setup();
        let job = stage.open_plain();
        payment_stream::process_payments(
            &m::keeper(),
            if (short == 0) vector[] else vector[job],
            if (short == 1) vector[] else vector[1],
            if (short == 2) vector[] else vector[0],
            if (short == 3) vector[] else vector[m::start_time()],
            if (short == 4) vector[] else vector[v::log_root()],
            if (short == 5) vector[] else vector[stage.sign(job, 1, 0, 0)],
            if (short == 6) vector[vector[], vector[]] else vector[vector[]]
        );
    }

    #[test]
    fun lists_of_one_length_pass() {
        bring_lists(7);
        assert!(v::count<SettlementSkipped>() == 0, 1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_BATCH_LENGTHS)]
    fun a_list_of_jobs_of_another_length_aborts() {
        bring_lists(0);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_BATCH_LENGTHS)]
    fun a_list_of_numbers_of_another_length_aborts() {
        bring_lists(1);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_BATCH_LENGTHS)]
    fun a_list_of_seconds_of_another_length_aborts() {
        bring_lists(2);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_BATCH_LENGTHS)]
    fun a_list_of_times_of_another_length_aborts() {
        bring_lists(3);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_BATCH_LENGTHS)]
    fun a_list_of_roots_of_another_length_aborts() {
        bring_lists(4);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_BATCH_LENGTHS)]
    fun a_list_of_signatures_of_another_length_aborts() {
        bring_lists(5);
    }

    #[test]
    #[expected_failure(abort_code = computestream::payment_stream::E_BATCH_LENGTHS)]
    fun a_list_of_countersignatures_of_another_length_aborts() {
        bring_lists(6);
    }
}
