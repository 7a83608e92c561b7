// Made by `npm run codegen` from move/sources. Don't edit.
/** Module -> abort code -> its name and a sentence for a person. */
export const ABORTS: Record<string, Record<number, { name: string; sentence: string }>> = {
  "attestation": {
    "101": {
      "name": "E_LOG_ROOT_LENGTH",
      "sentence": "The log root must be 32 bytes."
    },
    "102": {
      "name": "E_SIGNATURE_LENGTH",
      "sentence": "The signature must be 64 bytes."
    },
    "103": {
      "name": "E_BAD_SIGNATURE",
      "sentence": "The signature isn't the provider's for this chain, package, job, terms and usage: sign exactly what is sent."
    },
    "104": {
      "name": "E_SEQ_BELOW_WATERMARK",
      "sentence": "A newer attestation is already on chain: send the newest one."
    },
    "105": {
      "name": "E_EQUIVOCATION",
      "sentence": "This sequence number is on chain with other seconds: a provider must never sign one number twice."
    },
    "106": {
      "name": "E_SECONDS_BELOW_WATERMARK",
      "sentence": "The seconds are fewer than those already proven: attestations are cumulative."
    },
    "107": {
      "name": "E_BEFORE_START",
      "sentence": "The attestation's time is before the stream started: check the provider's clock."
    },
    "108": {
      "name": "E_MORE_SECONDS_THAN_TIME",
      "sentence": "More seconds are claimed than have passed since the start: check the provider's clock."
    },
    "109": {
      "name": "E_BAD_COUNTERSIGNATURE",
      "sentence": "The countersignature isn't the buyer key's for the same usage: leave it empty, or sign exactly what is sent."
    },
    "110": {
      "name": "E_AHEAD_OF_TIME",
      "sentence": "The attestation's time is ahead of the chain's clock: check the provider's clock and send it again then."
    }
  },
  "capacity": {
    "1": {
      "name": "E_SLOTS",
      "sentence": "A provider must offer 1 to 256 slots."
    },
    "2": {
      "name": "E_DEVICES",
      "sentence": "The device commitments must be none, or one for each GPU: 32 bytes each, no two the same."
    },
    "3": {
      "name": "E_NO_FREE_SLOT",
      "sentence": "Every slot of the provider is taken: wait until a job ends."
    },
    "4": {
      "name": "E_GPU_MASK",
      "sentence": "The GPU mask must name exactly as many of the machine's GPUs as the job asks for."
    },
    "5": {
      "name": "E_GPU_BUSY",
      "sentence": "One of these GPUs is used by another job: choose free ones."
    }
  },
  "dispute": {
    "1": {
      "name": "E_ALREADY_REPORTED",
      "sentence": "The provider has been slashed for this job already: report another job."
    },
    "2": {
      "name": "E_NO_CONTRADICTION",
      "sentence": "These attestations agree: send two of one number that differ, or a newer one with fewer seconds."
    },
    "3": {
      "name": "E_POSSIBLE_TIME",
      "sentence": "This attestation claims no more seconds than had passed: only an impossible one proves a fault."
    },
    "4": {
      "name": "E_NO_OVERLAP",
      "sentence": "No device of one owner ran both jobs at once for two providers: name the job that started later first."
    },
    "5": {
      "name": "E_NO_OUTPUT",
      "sentence": "The provider committed to no output for this job: open an arbitration instead."
    },
    "6": {
      "name": "E_NO_SUCH_CHUNK",
      "sentence": "The output has no chunk of this number: chunks count from 0."
    },
    "7": {
      "name": "E_NO_CASE",
      "sentence": "The job has no open case of this kind: look it up with `get_case`."
    },
    "8": {
      "name": "E_ANSWER_WINDOW_OVER",
      "sentence": "The time to answer this challenge is over: anyone may resolve it now."
    },
    "9": {
      "name": "E_WRONG_CHUNK",
      "sentence": "The chunk doesn't have the length of the challenged one: send exactly that chunk of the output."
    },
    "10": {
      "name": "E_WRONG_PROOF",
      "sentence": "The proof doesn't lead from this chunk to the output's root: build both from the output that was committed."
    },
    "11": {
      "name": "E_REASON_LENGTH",
      "sentence": "The reason must be 1 to 1024 bytes long."
    },
    "12": {
      "name": "E_NOT_ARBITER",
      "sentence": "Only the arbiter this job was made with may rule: sign with that account."
    },
    "13": {
      "name": "E_DECISION_WINDOW_OVER",
      "sentence": "The time to decide this case is over: anyone may resolve it now."
    },
    "14": {
      "name": "E_DEADLINE_NOT_REACHED",
      "sentence": "The case's deadline hasn't come: wait until then."
    }
  },
  "escrow": {
    "1": {
      "name": "E_NO_ESCROW",
      "sentence": "There is no escrow at this address: check the job's address."
    }
  },
  "job": {
    "1": {
      "name": "E_NOT_BUYER",
      "sentence": "Only the job's buyer may do this: sign with the account that created it."
    },
    "2": {
      "name": "E_NOT_PENDING",
      "sentence": "The job isn't waiting to be accepted."
    },
    "3": {
      "name": "E_NOT_ACCEPTED",
      "sentence": "The job isn't accepted, or has started already."
    },
    "4": {
      "name": "E_NOT_RUNNING",
      "sentence": "The job isn't running."
    },
    "5": {
      "name": "E_NOT_ACTIVE",
      "sentence": "The job is neither accepted nor running."
    },
    "6": {
      "name": "E_NOT_CANCELLABLE",
      "sentence": "The job has started or ended: a running job can be terminated instead."
    },
    "7": {
      "name": "E_NOT_ENDED",
      "sentence": "The job isn't waiting to be settled: it still goes on, or is settled already."
    },
    "8": {
      "name": "E_ALREADY_ENDED",
      "sentence": "The job has ended already."
    },
    "9": {
      "name": "E_ACCEPT_WINDOW_OVER",
      "sentence": "The time to accept this job is over."
    },
    "10": {
      "name": "E_START_WINDOW_OVER",
      "sentence": "The time to start this job is over."
    },
    "11": {
      "name": "E_NOT_CONFIRMABLE",
      "sentence": "There is nothing to confirm: the job hasn't started, is settled already, or a fault was proven."
    },
    "12": {
      "name": "E_CASE_OPEN",
      "sentence": "A case about this job is open: wait until it is answered or decided."
    },
    "13": {
      "name": "E_CHALLENGE_WINDOW_OPEN",
      "sentence": "The buyer may still challenge what is held back: finalize when the challenge window is over."
    },
    "14": {
      "name": "E_CHALLENGE_WINDOW_OVER",
      "sentence": "The time to challenge this job is over."
    },
    "15": {
      "name": "E_NOT_SETTLED",
      "sentence": "The job isn't settled yet."
    },
    "16": {
      "name": "E_TOO_EARLY_TO_RECLAIM",
      "sentence": "The job's record must be kept for a while longer: its provider's stake is still in reach."
    },
    "17": {
      "name": "E_NEVER_STARTED",
      "sentence": "The job has never started."
    }
  },
  "job_orders": {
    "1": {
      "name": "E_BATCH_SIZE",
      "sentence": "A batch takes 1 to 100 jobs."
    },
    "2": {
      "name": "E_PRICE_ABOVE_MAXIMUM",
      "sentence": "The provider's price is above your maximum: raise the maximum or choose another provider."
    }
  },
  "job_output": {
    "1": {
      "name": "E_OUTPUT_URIS",
      "sentence": "At most 8 output addresses of at most 512 bytes each are stored."
    },
    "2": {
      "name": "E_OUTPUT_HASH_LENGTH",
      "sentence": "An output hash must be empty or 32 bytes."
    },
    "3": {
      "name": "E_REASON_LENGTH",
      "sentence": "The reason must be at most 1024 bytes long."
    }
  },
  "job_quotes": {
    "1": {
      "name": "E_QUOTE_EXPIRED",
      "sentence": "The quote's time is over: have its money refunded and ask for a new quote."
    },
    "2": {
      "name": "E_QUOTE_USED",
      "sentence": "The quote was redeemed or refunded before: ask for a new one."
    },
    "3": {
      "name": "E_NOT_PAID",
      "sentence": "The quote's deposit isn't paid yet: transfer it to the quote's address first."
    },
    "4": {
      "name": "E_STILL_REDEEMABLE",
      "sentence": "Until the quote's time is over only its payer and its clerk may have it refunded."
    },
    "5": {
      "name": "E_NOTHING_TO_REFUND",
      "sentence": "There is nothing of this asset at the quote's address."
    }
  },
  "job_registry": {
    "1": {
      "name": "E_NO_JOB",
      "sentence": "There is no job at this address: check the address."
    },
    "2": {
      "name": "E_OTHER_PROVIDER",
      "sentence": "This job was ordered from another provider."
    },
    "3": {
      "name": "E_OTHER_ASSET",
      "sentence": "This job is paid in another asset than the provider's."
    },
    "4": {
      "name": "E_REQUIREMENTS_NOT_MET",
      "sentence": "The provider's machine or stake doesn't meet what the job requires."
    },
    "5": {
      "name": "E_PRICE_ABOVE_MAXIMUM",
      "sentence": "The provider's price is above the buyer's maximum: lower it or choose another job."
    },
    "6": {
      "name": "E_NOTHING_ADDED",
      "sentence": "Neither seconds nor money were added: give at least one of them."
    },
    "7": {
      "name": "E_NOT_BUYER_OR_OWNER",
      "sentence": "Only the job's buyer or the provider's owner may do this."
    },
    "8": {
      "name": "E_RATE_DIRECTION",
      "sentence": "A buyer may only raise the rate of a running job, an owner only lower it."
    },
    "9": {
      "name": "E_NOT_EXPIRED",
      "sentence": "The job can't expire yet: its deadline hasn't passed, or it must be flagged as stalled first."
    },
    "10": {
      "name": "E_CLAIM_WINDOW_OPEN",
      "sentence": "The provider may still prove its last seconds: try again when the claim window is over."
    },
    "11": {
      "name": "E_NOTHING_HELD",
      "sentence": "No money of this job is held back, so there is nothing to decide about."
    },
    "12": {
      "name": "E_ESCROW_UNAVAILABLE",
      "sentence": "The asset's issuer has frozen or taken the escrowed money: ask the issuer to restore it, then finalize the job."
    }
  },
  "job_terms": {
    "1": {
      "name": "E_IMAGE_LENGTH",
      "sentence": "The image reference must be 1 to 512 bytes long."
    },
    "2": {
      "name": "E_SPEC_LENGTH",
      "sentence": "The job specification must be 1 to 4096 bytes long."
    },
    "3": {
      "name": "E_DURATION_OUT_OF_RANGE",
      "sentence": "The duration is outside the market's bounds: choose one within them."
    },
    "4": {
      "name": "E_DEPOSIT_TOO_LOW",
      "sentence": "The deposit doesn't cover the whole duration at this rate: raise it or shorten the job."
    },
    "5": {
      "name": "E_PRIORITY",
      "sentence": "The priority must be 1 to 10."
    },
    "6": {
      "name": "E_INVALID_BUYER_KEY",
      "sentence": "The buyer's key must be empty or a valid Ed25519 public key of 32 bytes."
    },
    "7": {
      "name": "E_HOLDBACK_TOO_LONG",
      "sentence": "The holdback is longer than the market allows: choose a shorter one."
    }
  },
  "machine": {
    "1": {
      "name": "E_TEXT_LENGTH",
      "sentence": "The name must be 1 to 128 bytes long, and GPU model, region and sandbox at most 128 bytes each."
    },
    "2": {
      "name": "E_TOO_MANY_GPUS",
      "sentence": "A machine can have at most 64 GPUs: register the others as a second provider."
    },
    "3": {
      "name": "E_REQUIREMENT_LENGTH",
      "sentence": "The GPU model, region and sandbox asked for must be at most 128 bytes long each."
    }
  },
  "market": {
    "1": {
      "name": "E_NOT_ADMIN",
      "sentence": "Only the market's admin may do this: sign with the admin's account."
    },
    "2": {
      "name": "E_NOT_PROPOSED_ADMIN",
      "sentence": "Only the proposed admin may accept: ask the admin to propose this account."
    },
    "3": {
      "name": "E_FEE_TOO_HIGH",
      "sentence": "The fee is above the maximum of 1000 basis points: choose a lower one."
    },
    "4": {
      "name": "E_WINDOW_OUT_OF_RANGE",
      "sentence": "A window is out of its bounds: see the protocol's table of parameters and choose one within them."
    },
    "5": {
      "name": "E_DURATION_BOUNDS",
      "sentence": "The bounds of jobs don't fit: durations take 1 second to 365 days, minimum first, the holdback at most 1 day."
    },
    "6": {
      "name": "E_PAUSED",
      "sentence": "The market is paused: registering, creating and accepting will work again when the admin resumes it."
    },
    "7": {
      "name": "E_ASSET_NOT_ALLOWED",
      "sentence": "This asset isn't accepted by the market: use one of the allowed assets."
    },
    "8": {
      "name": "E_BPS_OUT_OF_RANGE",
      "sentence": "A share is out of range: at most 10000 basis points, for the reporter's reward at most 5000."
    },
    "9": {
      "name": "E_UNBONDING_TOO_SHORT",
      "sentence": "Stake must stay in reach for as long as a job can be challenged and answered: lengthen the unbonding first."
    }
  },
  "payment_stream": {
    "1": {
      "name": "E_NO_STREAM",
      "sentence": "This job has no payment stream: it hasn't started."
    },
    "2": {
      "name": "E_STREAM_CLOSED",
      "sentence": "This stream is sealed or closed, or the time to prove its last seconds is over: no attestation counts any more."
    },
    "3": {
      "name": "E_BATCH_LENGTHS",
      "sentence": "The lists of a batch must be of one length."
    },
    "4": {
      "name": "E_ALREADY_STALLED",
      "sentence": "The stream is flagged already: wait for the provider's answer or expire the job."
    },
    "5": {
      "name": "E_STILL_PROGRESSING",
      "sentence": "The stream made progress within the stall window: it isn't stalled."
    },
    "7": {
      "name": "E_AWARD_TOO_HIGH",
      "sentence": "More is awarded than is held: award at most that."
    },
    "8": {
      "name": "E_RATE_NOT_FUNDED",
      "sentence": "At this rate the deposit doesn't pay for the whole maximum duration: add to the deposit first."
    }
  },
  "provider_registry": {
    "1": {
      "name": "E_NO_PROVIDER",
      "sentence": "There is no provider at this address: check the address."
    },
    "2": {
      "name": "E_NOT_OWNER",
      "sentence": "Only the provider's owner may do this: sign with the owner's account."
    },
    "3": {
      "name": "E_NOT_OPERATOR",
      "sentence": "Only the provider's operator may do this: sign with the operator's key."
    },
    "4": {
      "name": "E_NOT_OWNER_OR_OPERATOR",
      "sentence": "Only the provider's owner or operator may do this: sign with one of their keys."
    },
    "5": {
      "name": "E_INVALID_ATTEST_KEY",
      "sentence": "The attestation key must be a valid Ed25519 public key of 32 bytes."
    },
    "8": {
      "name": "E_STAKE_TOO_LOW",
      "sentence": "The stake is below the market's minimum: add stake."
    },
    "9": {
      "name": "E_PROVIDER_UNAVAILABLE",
      "sentence": "The provider isn't active: choose another one or wait until it is."
    },
    "14": {
      "name": "E_ZERO_AMOUNT",
      "sentence": "The amount must be above zero."
    },
    "15": {
      "name": "E_UNKNOWN_STATUS",
      "sentence": "The status must be 0 (active), 1 (draining), 2 (maintenance) or 3 (offline)."
    },
    "16": {
      "name": "E_STILL_BUSY",
      "sentence": "The provider still has active jobs: drain it, then try again."
    },
    "17": {
      "name": "E_STILL_LIABLE",
      "sentence": "Jobs of this provider run or can still cost stake: wait until `liable_until`, or keep `bound_stake` staked."
    },
    "18": {
      "name": "E_PRICE_OVERFLOW",
      "sentence": "The price of so many GPUs is too large to be counted: choose another provider, or lower its prices."
    },
    "19": {
      "name": "E_NOT_ENOUGH_GPUS",
      "sentence": "The provider doesn't have so many GPUs: ask for fewer or choose another one."
    },
    "20": {
      "name": "E_PAGE_TOO_LONG",
      "sentence": "At most 100 providers are listed at once: ask for the next ones with a larger offset."
    }
  },
  "reputation": {
    "1": {
      "name": "E_NO_RECORD",
      "sentence": "There is no record at this address: check the provider's address."
    }
  },
  "stake": {
    "1": {
      "name": "E_INSUFFICIENT_STAKE",
      "sentence": "The amount is more than is staked: request less."
    },
    "2": {
      "name": "E_NOTHING_UNBONDING",
      "sentence": "No stake is unbonding: request an unstake first."
    },
    "3": {
      "name": "E_STILL_UNBONDING",
      "sentence": "The stake is still unbonding: wait until the time it unlocks."
    },
    "4": {
      "name": "E_NO_STAKE",
      "sentence": "There is no stake at this address: check the provider's address."
    }
  },
  "vault": {
    "1": {
      "name": "E_INSUFFICIENT_BALANCE",
      "sentence": "Your balance of this asset doesn't cover the amount: fund your account, then send the transaction again."
    },
    "2": {
      "name": "E_VAULT_NOT_EMPTY",
      "sentence": "The vault still holds money that belongs to someone: settle what it is held for first."
    }
  }
};
