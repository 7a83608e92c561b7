#[test_only]
/// A stream's record alone: until when attestations count, how far its clock goes, what progress is.
/// It doesn't know money or signatures: those are in the tests of `payment_stream` and `attestation`.
module computestream::stream_tests {
    use std::bcs;
    use computestream::meter;
    use computestream::stream::{Self, StreamRecord};
    use computestream::value_test_utils as v;

    const START: u64 = 1_000_000;

    /// 1,000 a second for 100 s, all paid for.
    fun record(): StreamRecord {
        stream::new(
            @0xb0b,
            @0xa11,
            @0x7ea,
            @0xa55e7,
            v::key(),
            vector[],
            v::hash(0x22),
            meter::new(3_600_000, 100_000, 100, 0, 0, 0),
            START
        )
    }

    /// The attestation of `secs` seconds is on chain and billed, as far as the clock allows.
    fun prove(s: &mut StreamRecord, secs: u64, now: u64) {
        let meter = *s.meter();
        meter.attest(secs);
        meter.advance(s.wall_secs(now));
        s.set_meter(meter);
    }

    /// Of its view: four addresses, the key with its length and eight numbers come before.
    fun prove_until(s: &StreamRecord): u64 {
        v::read_u64(&bcs::to_bytes(&s.view(@0x77, 0)), 4 * 32 + 33 + 8 * 8)
    }

    #[test]
    fun attestations_count_while_it_runs() {
        let s = record();
        assert!(s.takes_attestations(START) && s.takes_attestations(START + 1_000_000), 1);
        assert!(s.ended_at() == 0, 2);
    }

    #[test]
    fun attestations_count_before_the_end_of_the_window_and_not_at_it() {
        let s = record();
        s.stop(START + 50);
        // A stop alone leaves no time to prove.
        assert!(!s.takes_attestations(START + 50), 1);
        s.allow_proof(START + 80);
        assert!(s.takes_attestations(START + 50) && s.takes_attestations(START + 79), 2);
        assert!(!s.takes_attestations(START + 80) && !s.takes_attestations(START + 81), 3);
    }

    #[test]
    fun no_attestation_counts_after_a_seal_or_a_close() {
        let s = record();
        s.stop(START + 50);
        s.allow_proof(START + 80);
        let closed = s;
        s.seal(START + 60);
        assert!(s.is_sealed() && !s.is_closed() && !s.takes_attestations(START + 60), 1);
        closed.close();
        assert!(closed.is_closed() && !closed.is_sealed(), 2);
        assert!(!closed.takes_attestations(START + 60), 3);
    }

    #[test]
    fun a_seal_ends_the_time_to_prove_and_lengthens_none() {
        let s = record();
        assert!(prove_until(&s) == 0, 1);
        s.stop(START + 50);
        assert!(prove_until(&s) == START + 50, 2);
        let at_once = s;
        at_once.seal(START + 50);
        assert!(prove_until(&at_once) == START + 50, 3);
        s.allow_proof(START + 80);
        let late = s;
        s.seal(START + 79);
        assert!(prove_until(&s) == START + 79 && s.ended_at() == START + 50, 4);
        assert!(s.takes_attestations(START + 78) && !s.takes_attestations(START + 79), 5);
        late.seal(START + 81);
        assert!(late.is_sealed() && prove_until(&late) == START + 80, 6);
    }

    #[test]
    fun a_second_stop_changes_nothing() {
        let s = record();
        s.stop(START + 50);
        s.allow_proof(START + 80);
        let before = s;
        s.stop(START + 60);
        assert!(s == before && s.ended_at() == START + 50, 1);
    }

    #[test]
    fun the_clock_runs_from_the_start_to_the_stop() {
        let s = record();
        assert!(s.wall_secs(0) == 0 && s.wall_secs(START - 1) == 0, 1);
        assert!(s.wall_secs(START) == 0 && s.wall_secs(START + 70) == 70, 2);
        s.stop(START + 50);
        assert!(s.wall_secs(START + 70) == 50 && s.wall_secs(START + 50) == 50, 3);
        assert!(s.wall_secs(START + 49) == 49 && s.wall_secs(START - 1) == 0, 4);
    }

    #[test]
    fun it_is_final_when_all_is_proven_or_nothing_counts() {
        let s = record();
        // Nothing has run yet.
        assert!(s.is_final(START) && !s.is_final(START + 1), 1);
        prove(&mut s, 20, START + 30);
        assert!(s.is_final(START + 20) && !s.is_final(START + 21), 2);
        s.stop(START + 30);
        s.allow_proof(START + 40);
        assert!(!s.is_final(START + 39) && s.is_final(START + 40), 3);
        let proven = s;
        prove(&mut proven, 30, START + 35);
        assert!(proven.is_final(START + 35), 4);
        s.seal(START + 35);
        assert!(!s.is_final(START + 34) && s.is_final(START + 35), 5);
    }

    #[test]
    fun only_new_seconds_are_progress() {
        let s = record();
        s.flag_stalled(@0x77, @0xbad, START + 90, START + 60);
        assert!(s.stalled_at() == START + 60 && s.last_progress_at() == START, 1);
        assert!(s.follow(3, 0, START + 70), 5);
        assert!(s.stalled_at() == START + 60 && s.last_progress_at() == START && s.seq() == 3, 2);
        assert!(s.follow(4, 1, START + 80), 6);
        assert!(s.stalled_at() == 0 && s.last_progress_at() == START + 80, 3);
        // It follows with the watermark only: what the seconds are worth is the caller's to settle.
        assert!(s.meter().seconds_attested() == 0, 4);
        // The same number again is nothing newer.
        assert!(!s.follow(4, 1, START + 80), 7);
    }
}
