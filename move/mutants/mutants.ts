/**
 * Small wrong changes of the Move sources, each a mistake that has cost somebody money somewhere.
 * It doesn't know how they are applied or what kills them; `find` must occur exactly once in `file`.
 */
export interface Mutant {
  /** Stable, kebab-case. */
  name: string;
  /** In move/sources. */
  file: string;
  find: string;
  replace: string;
  /** What would go wrong on a real chain. */
  harm: string;
}

export const MUTANTS: Mutant[] = [
  // The meter: what seconds earn.
  {
    name: "earned-rounds-up",
    file: "meter.move",
    find: "        (acc / SECONDS_PER_HOUR) as u64",
    replace: "        ((acc + SECONDS_PER_HOUR - 1) / SECONDS_PER_HOUR) as u64",
    harm: "the buyer pays for a part of a base unit that wasn't earned",
  },
  {
    name: "remainder-dropped",
    file: "meter.move",
    find: "            self.acc + price(self.rate_per_hour, billed - self.seconds_billed);",
    replace:
      "            (self.acc + price(self.rate_per_hour, billed - self.seconds_billed)) / SECONDS_PER_HOUR * SECONDS_PER_HOUR;",
    harm: "the provider loses dust with each settlement",
  },
  {
    name: "funded-limit-removed",
    file: "meter.move",
    find: "        min(wall_secs, self.funded_secs())",
    replace: "        wall_secs",
    harm: "a stream owes what it doesn't hold",
  },
  {
    name: "wall-limit-removed",
    file: "meter.move",
    find: "        min(wall_secs, self.funded_secs())",
    replace: "        self.funded_secs()",
    harm: "seconds are paid before they have passed",
  },
  {
    name: "attested-watermark-replaced",
    file: "meter.move",
    find: "        self.seconds_attested = max(self.seconds_attested, secs);",
    replace: "        self.seconds_attested = secs;",
    harm: "a stale count lowers the watermark",
  },
  {
    name: "holdback-ignored",
    file: "meter.move",
    find: "        if (held >= self.acc) 0 else whole_units(self.acc - held)",
    replace: "        whole_units(self.acc)",
    harm: "nothing is held back for the buyer",
  },
  {
    name: "held-at-todays-rate",
    file: "meter.move",
    find: "            else max(self.held_rate_per_hour, rate_per_hour);",
    replace: "            else rate_per_hour;",
    harm: "a provider frees held seconds by lowering its rate",
  },
  {
    name: "released-held-again",
    file: "meter.move",
    find: "        self.released = max(self.released, self.releasable());",
    replace: "        self.released = self.releasable();",
    harm: "a raise during a freeze holds back what was free already",
  },
  {
    name: "held-rate-for-ever",
    file: "meter.move",
    find: "        if (billed - self.repriced_at_secs >= self.holdback_secs) {\n            self.held_rate_per_hour = self.rate_per_hour;\n        };\n",
    replace: "",
    harm: "one raise and one lowering hold a multiple back until the job ends",
  },
  {
    name: "fee-per-settlement",
    file: "meter.move",
    find: "        let fee = fee_paid - self.fee_paid;",
    replace: "        let fee = share(amount, self.fee_bps);",
    harm: "fees depend on how often is settled",
  },
  {
    name: "duration-limit-ignored",
    file: "meter.move",
    find: "            if (affordable < (secs_left as u128)) secs_left = (affordable as u64);",
    replace: "            secs_left = (affordable as u64);",
    harm: "a job is billed beyond its maximum duration",
  },
  // The stream: who is paid, when.
  {
    name: "fee-on-the-wrong-side",
    file: "payment_stream.move",
    find: "let (treasury, payee, asset) = s.receivers();",
    replace: "let (treasury, _, asset) = s.receivers();\n                let payee = s.payer();",
    harm: "the provider's money goes to the buyer",
  },
  {
    name: "keeper-paid-out-of-the-provider",
    file: "payment_stream.move",
    find: "fee - keeper_fee,",
    replace: "fee,",
    harm: "the keeper's part comes out of the provider's",
  },
  {
    name: "closed-stream-settles",
    file: "stream.move",
    find: "        if (now < self.prove_until) self.prove_until = now;\n",
    replace: "",
    harm: "a waived second is billed after all",
  },
  {
    name: "clock-runs-on-after-the-end",
    file: "stream.move",
    find: "        let until = if (self.ended_at == 0 || now < self.ended_at) now else self.ended_at;",
    replace: "        let until = now;",
    harm: "seconds after the end are billed",
  },
  {
    name: "frozen-escrow-poisons-a-batch",
    file: "payment_stream.move",
    find: "        if (!escrow::can_release(job, due.amount())) {\n            meter.release();\n            return meter::nothing_due()\n        };\n",
    replace: "",
    harm: "one frozen escrow stops a batch of strangers",
  },
  {
    name: "stalled-flag-survives-progress",
    file: "stream.move",
    find: "            self.last_progress_at = now;\n            self.stalled_at = 0;",
    replace: "            self.last_progress_at = now;",
    harm: "a provider that answered is expired anyway",
  },
  {
    name: "raise-beyond-the-deposit",
    file: "payment_stream.move",
    find: "        assert!(meter.is_covered(), E_RATE_NOT_FUNDED);\n",
    replace: "",
    harm: "a buyer takes the unproven seconds by raising the rate",
  },
  {
    name: "proof-after-the-window",
    file: "stream.move",
    find: " && (self.ended_at == 0 || now < self.prove_until)",
    replace: "",
    harm: "seconds are proven while the buyer already decides about what is held",
  },
  {
    name: "confirmed-ahead-of-the-clock",
    file: "payment_stream.move",
    find: "        meter.confirm(if (secs < billed) secs else billed);",
    replace: "        meter.confirm(secs);",
    harm: "a buyer agrees to seconds that haven't run",
  },
  {
    name: "change-untold",
    file: "payment_stream.move",
    find: "        if (!is_newer && s.meter() == &meter) return;",
    replace:
      "        if (due.amount() == 0) {\n            s.set_meter(meter);\n            return\n        };",
    harm: "who only reads events believes an older count",
  },
  // Signatures.
  {
    name: "terms-not-bound",
    file: "attestation.move",
    find: "                chain_id::get(),\n                @computestream,\n                job,\n                terms_hash,",
    replace:
      "                chain_id::get(),\n                @computestream,\n                job,\n                vector[],",
    harm: "an attestation of other terms counts",
  },
  {
    name: "job-not-bound",
    file: "attestation.move",
    find: "                chain_id::get(),\n                @computestream,\n                job,\n                terms_hash,",
    replace:
      "                chain_id::get(),\n                @computestream,\n                @0x0,\n                terms_hash,",
    harm: "an attestation of another job counts",
  },
  {
    name: "chain-not-bound",
    file: "attestation.move",
    find: "                chain_id::get(),\n                @computestream,\n                job,\n                terms_hash,",
    replace:
      "                0,\n                @computestream,\n                job,\n                terms_hash,",
    harm: "a testnet attestation counts on mainnet",
  },
  {
    name: "signature-not-checked",
    file: "attestation.move",
    find: "        if (!is_signed(claim, claim.signature, key, job, terms_hash)) return E_BAD_SIGNATURE;\n",
    replace: "",
    harm: "anybody attests",
  },
  {
    name: "sequence-watermark-dropped",
    file: "attestation.move",
    find: "        if (claim.seq < last_seq) return E_SEQ_BELOW_WATERMARK;\n",
    replace: "",
    harm: "an old attestation is replayed",
  },
  {
    name: "seconds-watermark-dropped",
    file: "attestation.move",
    find: "        if (claim.seconds_cum < last_seconds) return E_SECONDS_BELOW_WATERMARK;\n",
    replace: "",
    harm: "seconds go down",
  },
  {
    name: "time-not-bounded",
    file: "attestation.move",
    find: "        if (claim.seconds_cum > claim.t_last - started_at) return E_MORE_SECONDS_THAN_TIME;\n",
    replace: "",
    harm: "a provider attests an hour after a minute",
  },
  {
    name: "attested-ahead-of-time",
    file: "attestation.move",
    find: "        if (claim.t_last > now + CLOCK_SKEW_SECS) return E_AHEAD_OF_TIME;\n",
    replace: "",
    harm: "a provider proves a whole day in its first second",
  },
  {
    name: "countersignature-by-nobody",
    file: "attestation.move",
    find: "        buyer_key.length() == KEY_LENGTH\n            && countersignature",
    replace: "        buyer_key.length() != KEY_LENGTH\n            || countersignature",
    harm: "the provider confirms for the buyer",
  },
  {
    name: "equivocation-overlooked",
    file: "attestation.move",
    find: "            return if (is_same) NO_CONTRADICTION else EQUIVOCATION",
    replace: "            return NO_CONTRADICTION",
    harm: "two truths under one number go unpunished",
  },
  // Terms and states.
  {
    name: "deposit-rounds-down",
    file: "job_terms.move",
    find: "            (self.deposit as u128) * SECONDS_PER_HOUR\n                >= (rate_per_hour as u128) * (self.max_duration_secs as u128),",
    replace:
      "            (self.deposit as u128)\n                >= (rate_per_hour as u128) * (self.max_duration_secs as u128) / SECONDS_PER_HOUR,",
    harm: "the last second of a job isn't funded",
  },
  {
    name: "accept-window-closed-late",
    file: "job.move",
    find: "        assert!(now < self.accept_by, E_ACCEPT_WINDOW_OVER);",
    replace: "        assert!(now <= self.accept_by, E_ACCEPT_WINDOW_OVER);",
    harm: "accept and expire are both possible in one second",
  },
  {
    name: "challenge-window-unclamped",
    file: "job.move",
    find: "        assert!(now < self.challenge_until, E_CHALLENGE_WINDOW_OVER);\n",
    replace: "",
    harm: "a buyer blocks a payment for ever",
  },
  {
    name: "cancelled-job-counts",
    file: "job.move",
    find: "        let counts = self.start_by != 0 && self.outcome != CANCELLED;",
    replace: "        let counts = self.start_by != 0;",
    harm: "a buyer's change of mind changes the provider's record",
  },
  {
    name: "stake-leaves-with-the-job",
    file: "job.move",
    find: "        let until = now + self.rules.reclaim_after_secs();",
    replace: "        let until = now;",
    harm: "stake that unbonded during a long job is gone before evidence is found",
  },
  {
    name: "silence-frees-held-money",
    file: "job_registry.move",
    find: "        if (settles) settle_if_free(record, job, expired_by);",
    replace: "        settle_if_free(record, job, expired_by);",
    harm: "a provider escapes the challenge by falling silent",
  },
  {
    name: "anyone-waives",
    file: "job_registry.move",
    find: "                assert!(is_waiver, E_CLAIM_WINDOW_OPEN);\n",
    replace: "",
    harm: "a stranger takes the provider's last seconds",
  },
  {
    name: "signed-agreement-frees-the-rest",
    file: "job_registry.move",
    find: "                && payment_stream::held(job) == 0;",
    replace: ";",
    harm: "a countersignature for some seconds pays those that nobody agreed to",
  },
  {
    name: "freeze-blocks-an-ending",
    file: "job_registry.move",
    find: "        if (escrow::can_release_all(job)) settle(record, job, keeper);",
    replace: "        settle(record, job, keeper);",
    harm: "a buyer can't stop a job while the asset's issuer has frozen its escrow",
  },
  {
    name: "free-jobs-count",
    file: "job.move",
    find: "self.outcome == COMPLETED && paid > 0 && !self.faulted;",
    replace: "self.outcome == COMPLETED;",
    harm: "a provider completes jobs for nothing until its faults don't show",
  },
  {
    name: "rate-raised-by-the-provider",
    file: "job_registry.move",
    find: "            (is_buyer && rate_per_hour > current) || (is_owner && rate_per_hour < current),",
    replace: "            is_buyer || is_owner,",
    harm: "a provider reprices a running job",
  },
  {
    name: "case-ignored-by-finalize",
    file: "job_registry.move",
    find: "        record.assert_waiting();\n        record.assert_no_case();\n        let now",
    replace: "        record.assert_waiting();\n        let now",
    harm: "held money leaves while it is disputed",
  },
  {
    name: "open-job-at-any-price",
    file: "job_registry.move",
    find: "        assert!(rate_per_hour <= terms.rate_per_hour(), E_PRICE_ABOVE_MAXIMUM);\n",
    replace: "",
    harm: "an open job is taken above the buyer's maximum",
  },
  // Stakes and disputes.
  {
    name: "unbonding-out-of-reach",
    file: "stake.move",
    find: "        let amount = share(stake.vault.balance(), slash_bps);",
    replace: "        let amount = share(stake.staked, slash_bps);",
    harm: "a provider escapes slashing by unbonding",
  },
  {
    name: "unlock-brought-nearer",
    file: "stake.move",
    find: "        if (unlocks_at > stake.unlocks_at) stake.unlocks_at = unlocks_at;",
    replace: "        stake.unlocks_at = unlocks_at;",
    harm: "a shorter unbonding frees stake that was promised longer",
  },
  {
    name: "promised-stake-forgotten",
    file: "liability.move",
    find: "        if (is_more || (is_alone && now >= self.until)) self.stake = stake;",
    replace: "        self.stake = stake;",
    harm: "a later small job frees the stake that an earlier one required",
  },
  {
    name: "reward-to-the-slashed",
    file: "dispute.move",
    find: "            if (Case[job].kind == OUTPUT_CHALLENGE) reporter = Case[job].buyer;\n",
    replace: "",
    harm: "a provider about to lose a challenge reports itself and takes the challenger's reward",
  },
  {
    name: "bond-above-the-prize",
    file: "dispute.move",
    find: "        if (share < held) share else held",
    replace: "        share",
    harm: "contesting a long job costs more than it can win",
  },
  {
    name: "ruling-beside-agreement",
    file: "dispute.move",
    find: "        let award = if (award > agreed) award - agreed else 0;\n",
    replace: "",
    harm: "an agreement that comes just before a ruling pays the provider twice",
  },
  {
    name: "award-of-paid-money",
    file: "dispute.move",
    find: "            decide(job, keeper, held, held, buyer, true);",
    replace: "            decide(job, keeper, case.default_award, held, buyer, true);",
    harm: "agreement during a case keeps the rest of the money for ever",
  },
  {
    name: "reported-twice",
    file: "dispute.move",
    find: "        assert!(!job_registry::is_faulted(job), E_ALREADY_REPORTED);\n",
    replace: "",
    harm: "one fault is slashed until nothing is left",
  },
  {
    name: "strangers-device-copied",
    file: "dispute.move",
    find: "                && provider_registry::owner(provider)\n                    == provider_registry::owner(other_provider)\n",
    replace: "",
    harm: "anybody frames a provider with its public commitments",
  },
  {
    name: "proof-too-long",
    file: "merkle.move",
    find: "        last == 0 && &hash == root",
    replace: "        &hash == root",
    harm: "an inner node passes for a chunk",
  },
  {
    name: "both-of-a-pair-at-fault",
    file: "dispute.move",
    find: "        bytes[i] < other_bytes[i]",
    replace: "        false",
    harm: "one overlap is slashed for twice",
  },
  {
    name: "bond-of-the-first-deposit",
    file: "dispute.move",
    find: "            (payment_stream::deposited(job) as u128)",
    replace: "            (job_registry::get_job(job).terms().deposit() as u128)",
    harm: "a case about a job that grew costs what the small one did",
  },
  {
    name: "bond-rounds-down",
    file: "dispute.move",
    find: "        let share = ((scaled + BPS - 1) / BPS) as u64;",
    replace: "        let share = (scaled / BPS) as u64;",
    harm: "cases about small jobs are free",
  },

  // Quotes: money on its way to a job.
  {
    name: "quote-voided-by-anyone",
    file: "job_quotes.move",
    find: "                || refunded_by == clerk",
    replace: "                || true",
    harm: "anyone voids a quote between its payment and its job",
  },
  {
    name: "quote-for-nothing",
    file: "job_quotes.move",
    find: "            deposit > 0\n                && primary",
    replace: "            primary",
    harm: "strangers order free jobs in anyone's name",
  },
  {
    name: "quotes-owned-by-publisher",
    file: "job_quotes.move",
    find: "        object::transfer_raw(publisher, factory, NOBODY);",
    replace: "        object::transfer_raw(publisher, factory, @computestream);",
    harm: "whoever published the package draws from every quote that was used",
  },
];
