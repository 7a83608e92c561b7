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
    }
  },
  "escrow": {
    "1": {
      "name": "E_NO_ESCROW",
      "sentence": "There is no escrow at this address: check the job's address."
    }
  },
  "job_registry": {
    "1": {
      "name": "E_NO_JOB",
      "sentence": "There is no job at this address: check the address."
    },
    "2": {
      "name": "E_NOT_BUYER",
      "sentence": "Only the job's buyer may do this: sign with the account that created it."
    },
    "3": {
      "name": "E_NOT_PENDING",
      "sentence": "The job isn't waiting to be accepted."
    },
    "4": {
      "name": "E_NOT_ACCEPTED",
      "sentence": "The job isn't accepted, or has started already."
    },
    "5": {
      "name": "E_NOT_RUNNING",
      "sentence": "The job isn't running."
    },
    "6": {
      "name": "E_NOT_ACTIVE",
      "sentence": "The job is neither accepted nor running."
    },
    "7": {
      "name": "E_NOT_CANCELLABLE",
      "sentence": "The job has started or ended: a running job can be terminated instead."
    },
    "8": {
      "name": "E_NOT_TERMINATED",
      "sentence": "The job isn't terminated: only a terminated job waits to be finalized."
    },
    "9": {
      "name": "E_ALREADY_ENDED",
      "sentence": "The job has ended already."
    },
    "10": {
      "name": "E_IMAGE_LENGTH",
      "sentence": "The image reference must be 1 to 512 bytes long."
    },
    "11": {
      "name": "E_SPEC_LENGTH",
      "sentence": "The job specification must be 1 to 4096 bytes long."
    },
    "12": {
      "name": "E_DURATION_OUT_OF_RANGE",
      "sentence": "The duration is outside the market's bounds: choose one within them."
    },
    "13": {
      "name": "E_PRICE_ABOVE_MAXIMUM",
      "sentence": "The provider's price is above your maximum: raise the maximum or choose another provider."
    },
    "14": {
      "name": "E_DEPOSIT_TOO_LOW",
      "sentence": "The deposit doesn't cover the whole duration at the provider's price: raise it or shorten the job."
    },
    "15": {
      "name": "E_ACCEPT_WINDOW_OVER",
      "sentence": "The time to accept this job is over."
    },
    "16": {
      "name": "E_START_WINDOW_OVER",
      "sentence": "The time to start this job is over."
    },
    "17": {
      "name": "E_OUTPUT_URIS",
      "sentence": "At most 8 output addresses of at most 512 bytes each are stored."
    },
    "18": {
      "name": "E_OUTPUT_HASH_LENGTH",
      "sentence": "An output hash must be empty or 32 bytes."
    },
    "19": {
      "name": "E_REASON_LENGTH",
      "sentence": "The reason must be at most 1024 bytes long."
    },
    "20": {
      "name": "E_NOT_EXPIRED",
      "sentence": "The job can't expire yet: its deadline hasn't passed, or it must be flagged as stalled first."
    },
    "21": {
      "name": "E_CLAIM_WINDOW_OPEN",
      "sentence": "The provider may still prove its last seconds: finalize when the claim window is over."
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
      "sentence": "A window is out of range: accept, start and stall windows take 1 second to 365 days, unbonding 0 to 365 days, the claim window 5 seconds to 1 day."
    },
    "5": {
      "name": "E_DURATION_BOUNDS",
      "sentence": "The duration bounds don't fit: the minimum must be at least 1 second, at most the maximum, and that at most 365 days."
    },
    "6": {
      "name": "E_PAUSED",
      "sentence": "The market is paused: registering, creating and accepting will work again when the admin resumes it."
    },
    "7": {
      "name": "E_ASSET_NOT_ALLOWED",
      "sentence": "This asset isn't accepted by the market: use one of the allowed assets."
    }
  },
  "payment_stream": {
    "1": {
      "name": "E_NO_STREAM",
      "sentence": "This job has no payment stream: it hasn't started."
    },
    "2": {
      "name": "E_STREAM_CLOSED",
      "sentence": "This stream is closed: everything it could pay has been paid."
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
    "6": {
      "name": "E_ESCROW_UNAVAILABLE",
      "sentence": "The asset's issuer has frozen or taken the escrowed money: ask the issuer to restore it."
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
      "sentence": "Only the provider's owner or operator may do this."
    },
    "5": {
      "name": "E_INVALID_ATTEST_KEY",
      "sentence": "The attestation key must be a valid Ed25519 public key of 32 bytes."
    },
    "6": {
      "name": "E_TEXT_LENGTH",
      "sentence": "The name must be 1 to 128 bytes long, and GPU model, region and sandbox at most 128 bytes each."
    },
    "7": {
      "name": "E_NO_SLOTS",
      "sentence": "A provider must offer at least one slot."
    },
    "8": {
      "name": "E_STAKE_TOO_LOW",
      "sentence": "The stake is below the market's minimum: add stake."
    },
    "9": {
      "name": "E_PROVIDER_UNAVAILABLE",
      "sentence": "The provider isn't available: choose another one or wait until it is."
    },
    "10": {
      "name": "E_NO_FREE_SLOT",
      "sentence": "Every slot of the provider is taken: wait until a job ends."
    },
    "11": {
      "name": "E_INSUFFICIENT_STAKE",
      "sentence": "The amount is more than is staked."
    },
    "12": {
      "name": "E_NOTHING_UNBONDING",
      "sentence": "No stake is unbonding: request an unstake first."
    },
    "13": {
      "name": "E_STILL_UNBONDING",
      "sentence": "The stake is still unbonding: wait until the time it unlocks."
    },
    "14": {
      "name": "E_ZERO_AMOUNT",
      "sentence": "The amount must be above zero."
    }
  },
  "vault": {
    "1": {
      "name": "E_INSUFFICIENT_BALANCE",
      "sentence": "Your balance of this asset doesn't cover the amount: fund your account, then send the transaction again."
    }
  }
};
