// Made by `npm run codegen` from packages/protocol/src/events. Don't edit.
import { address, flag, hex, list, struct, text, u64, u8 } from "../field-readers.ts";

/** Module -> event -> what its schema makes of a node's JSON; throws `MISFIT` for what the schema refuses. */
export const EVENT_DECODERS: Record<string, Record<string, (data: unknown) => Record<string, unknown>>> = {
  market: {
    ParametersUpdated: (data) => {
      const event = struct(data);
      const parameters = struct(event.parameters);
      return {
        fee_bps: u64(parameters.fee_bps),
        keeper_share_bps: u64(parameters.keeper_share_bps),
        treasury: address(parameters.treasury),
        min_stake: u64(parameters.min_stake),
        unbonding_secs: u64(parameters.unbonding_secs),
        slash_bps: u64(parameters.slash_bps),
        reporter_reward_bps: u64(parameters.reporter_reward_bps),
        accept_window_secs: u64(parameters.accept_window_secs),
        start_window_secs: u64(parameters.start_window_secs),
        stall_after_secs: u64(parameters.stall_after_secs),
        stall_grace_secs: u64(parameters.stall_grace_secs),
        claim_window_secs: u64(parameters.claim_window_secs),
        min_duration_secs: u64(parameters.min_duration_secs),
        max_duration_secs: u64(parameters.max_duration_secs),
        max_holdback_secs: u64(parameters.max_holdback_secs),
        arbiter: address(parameters.arbiter),
        challenge_window_secs: u64(parameters.challenge_window_secs),
        answer_window_secs: u64(parameters.answer_window_secs),
        arbitration_window_secs: u64(parameters.arbitration_window_secs),
        bond_bps: u64(parameters.bond_bps),
        paused: flag(parameters.paused),
        timestamp: u64(event.timestamp),
      };
    },
    AssetAllowanceChanged: (data) => {
      const event = struct(data);
      return {
        asset: address(event.asset),
        allowed: flag(event.allowed),
        timestamp: u64(event.timestamp),
      };
    },
    AdminProposed: (data) => {
      const event = struct(data);
      return {
        admin: address(event.admin),
        proposed: address(event.proposed),
        timestamp: u64(event.timestamp),
      };
    },
    AdminChanged: (data) => {
      const event = struct(data);
      return {
        admin: address(event.admin),
        timestamp: u64(event.timestamp),
      };
    },
  },
  provider_registry: {
    ProviderRegistered: (data) => {
      const event = struct(data);
      const machine = struct(event.machine);
      return {
        name: text(machine.name),
        gpu_model: text(machine.gpu_model),
        gpu_count: u64(machine.gpu_count),
        vram_gb: u64(machine.vram_gb),
        cpu_cores: u64(machine.cpu_cores),
        ram_gb: u64(machine.ram_gb),
        disk_gb: u64(machine.disk_gb),
        region: text(machine.region),
        sandbox: text(machine.sandbox),
        provider: address(event.provider),
        owner: address(event.owner),
        operator: address(event.operator),
        attest_key: hex(event.attest_key),
        devices: list(event.devices, hex),
        slots: u64(event.slots),
        price_per_hour: u64(event.price_per_hour),
        gpu_price_per_hour: u64(event.gpu_price_per_hour),
        asset: address(event.asset),
        staked: u64(event.staked),
        timestamp: u64(event.timestamp),
      };
    },
    ProviderMachineChanged: (data) => {
      const event = struct(data);
      const machine = struct(event.machine);
      return {
        name: text(machine.name),
        gpu_model: text(machine.gpu_model),
        gpu_count: u64(machine.gpu_count),
        vram_gb: u64(machine.vram_gb),
        cpu_cores: u64(machine.cpu_cores),
        ram_gb: u64(machine.ram_gb),
        disk_gb: u64(machine.disk_gb),
        region: text(machine.region),
        sandbox: text(machine.sandbox),
        provider: address(event.provider),
        devices: list(event.devices, hex),
        slots: u64(event.slots),
        timestamp: u64(event.timestamp),
      };
    },
    ProviderHeartbeat: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        timestamp: u64(event.timestamp),
      };
    },
    ProviderStatusChanged: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        status: u8(event.status),
        timestamp: u64(event.timestamp),
      };
    },
    ProviderPriceChanged: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        price_per_hour: u64(event.price_per_hour),
        gpu_price_per_hour: u64(event.gpu_price_per_hour),
        timestamp: u64(event.timestamp),
      };
    },
    ProviderOperatorChanged: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        operator: address(event.operator),
        attest_key: hex(event.attest_key),
        timestamp: u64(event.timestamp),
      };
    },
    ProviderCapacityChanged: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        slots_busy: u64(event.slots_busy),
        slots: u64(event.slots),
        gpus_busy: u64(event.gpus_busy),
        timestamp: u64(event.timestamp),
      };
    },
    ProviderLiabilityChanged: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        bound_stake: u64(event.bound_stake),
        liable_until: u64(event.liable_until),
        timestamp: u64(event.timestamp),
      };
    },
  },
  stake: {
    StakeAdded: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        amount: u64(event.amount),
        staked: u64(event.staked),
        timestamp: u64(event.timestamp),
      };
    },
    UnstakeRequested: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        amount: u64(event.amount),
        staked: u64(event.staked),
        unbonding: u64(event.unbonding),
        unlocks_at: u64(event.unlocks_at),
        timestamp: u64(event.timestamp),
      };
    },
    StakeWithdrawn: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        amount: u64(event.amount),
        staked: u64(event.staked),
        unbonding: u64(event.unbonding),
        timestamp: u64(event.timestamp),
      };
    },
    StakeSlashed: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        reporter: address(event.reporter),
        amount: u64(event.amount),
        reward: u64(event.reward),
        staked: u64(event.staked),
        unbonding: u64(event.unbonding),
        timestamp: u64(event.timestamp),
      };
    },
  },
  reputation: {
    ProviderStatsUpdated: (data) => {
      const event = struct(data);
      return {
        provider: address(event.provider),
        jobs_completed: u64(event.jobs_completed),
        jobs_failed: u64(event.jobs_failed),
        jobs_expired: u64(event.jobs_expired),
        faults: u64(event.faults),
        seconds_served: u64(event.seconds_served),
        earned: u64(event.earned),
        score: u64(event.score),
        timestamp: u64(event.timestamp),
      };
    },
  },
  escrow: {
    EscrowDeposited: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        payer: address(event.payer),
        asset: address(event.asset),
        amount: u64(event.amount),
        balance: u64(event.balance),
        timestamp: u64(event.timestamp),
      };
    },
    EscrowRefunded: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        to: address(event.to),
        amount: u64(event.amount),
        balance: u64(event.balance),
        timestamp: u64(event.timestamp),
      };
    },
  },
  stream: {
    StreamOpened: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        payer: address(event.payer),
        payee: address(event.payee),
        asset: address(event.asset),
        rate_per_hour: u64(event.rate_per_hour),
        deposited: u64(event.deposited),
        fee_bps: u64(event.fee_bps),
        keeper_share_bps: u64(event.keeper_share_bps),
        max_duration_secs: u64(event.max_duration_secs),
        holdback_secs: u64(event.holdback_secs),
        started_at: u64(event.started_at),
        timestamp: u64(event.timestamp),
      };
    },
    StreamSettled: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        payee: address(event.payee),
        keeper: address(event.keeper),
        seq: u64(event.seq),
        seconds_attested: u64(event.seconds_attested),
        seconds_confirmed: u64(event.seconds_confirmed),
        seconds_billed: u64(event.seconds_billed),
        amount: u64(event.amount),
        fee: u64(event.fee),
        keeper_fee: u64(event.keeper_fee),
        paid: u64(event.paid),
        fee_paid: u64(event.fee_paid),
        keeper_paid: u64(event.keeper_paid),
        balance: u64(event.balance),
        timestamp: u64(event.timestamp),
      };
    },
    StreamExtended: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        max_duration_secs: u64(event.max_duration_secs),
        deposited: u64(event.deposited),
        funded_secs: u64(event.funded_secs),
        balance: u64(event.balance),
        timestamp: u64(event.timestamp),
      };
    },
    StreamRateChanged: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        rate_per_hour: u64(event.rate_per_hour),
        changed_by: address(event.changed_by),
        seconds_billed: u64(event.seconds_billed),
        funded_secs: u64(event.funded_secs),
        timestamp: u64(event.timestamp),
      };
    },
    StreamStalled: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        flagged_by: address(event.flagged_by),
        answer_by: u64(event.answer_by),
        timestamp: u64(event.timestamp),
      };
    },
    StreamSealed: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        seconds_billed: u64(event.seconds_billed),
        unreleased: u64(event.unreleased),
        timestamp: u64(event.timestamp),
      };
    },
    SettlementSkipped: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        keeper: address(event.keeper),
        code: u64(event.code),
        timestamp: u64(event.timestamp),
      };
    },
    StreamClosed: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        seconds_billed: u64(event.seconds_billed),
        paid: u64(event.paid),
        fee_paid: u64(event.fee_paid),
        keeper_paid: u64(event.keeper_paid),
        timestamp: u64(event.timestamp),
      };
    },
  },
  job: {
    JobCreated: (data) => {
      const event = struct(data);
      const terms = struct(event.terms);
      const requirements = struct(terms.requirements);
      return {
        gpu_model: text(requirements.gpu_model),
        gpus: u64(requirements.gpus),
        vram_gb: u64(requirements.vram_gb),
        cpu_cores: u64(requirements.cpu_cores),
        ram_gb: u64(requirements.ram_gb),
        disk_gb: u64(requirements.disk_gb),
        region: text(requirements.region),
        sandbox: text(requirements.sandbox),
        min_stake: u64(requirements.min_stake),
        buyer: address(terms.buyer),
        provider: address(terms.provider),
        asset: address(terms.asset),
        image: text(terms.image),
        rate_per_hour: u64(terms.rate_per_hour),
        max_duration_secs: u64(terms.max_duration_secs),
        deposit: u64(terms.deposit),
        holdback_secs: u64(terms.holdback_secs),
        priority: u8(terms.priority),
        buyer_key: hex(terms.buyer_key),
        spec: text(terms.job_spec),
        job: address(event.job),
        is_open: flag(event.is_open),
        terms_hash: hex(event.terms_hash),
        accept_by: u64(event.accept_by),
        timestamp: u64(event.timestamp),
      };
    },
    JobAccepted: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        provider: address(event.provider),
        operator: address(event.operator),
        rate_per_hour: u64(event.rate_per_hour),
        terms_hash: hex(event.terms_hash),
        gpu_mask: u64(event.gpu_mask),
        start_by: u64(event.start_by),
        timestamp: u64(event.timestamp),
      };
    },
    JobStarted: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        provider: address(event.provider),
        started_at: u64(event.started_at),
        timestamp: u64(event.timestamp),
      };
    },
    JobCompleted: (data) => {
      const event = struct(data);
      const output = struct(event.output);
      return {
        exit_code: u64(output.exit_code),
        reason: text(output.reason),
        output_uris: list(output.output_uris, text),
        output_sha256: hex(output.output_sha256),
        output_root: hex(output.output_root),
        output_size: u64(output.output_size),
        job: address(event.job),
        provider: address(event.provider),
        claim_until: u64(event.claim_until),
        challenge_until: u64(event.challenge_until),
        timestamp: u64(event.timestamp),
      };
    },
    JobFailed: (data) => {
      const event = struct(data);
      const output = struct(event.output);
      return {
        exit_code: u64(output.exit_code),
        reason: text(output.reason),
        output_uris: list(output.output_uris, text),
        output_sha256: hex(output.output_sha256),
        output_root: hex(output.output_root),
        output_size: u64(output.output_size),
        job: address(event.job),
        provider: address(event.provider),
        claim_until: u64(event.claim_until),
        challenge_until: u64(event.challenge_until),
        timestamp: u64(event.timestamp),
      };
    },
    JobCancelled: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        buyer: address(event.buyer),
        timestamp: u64(event.timestamp),
      };
    },
    JobTerminated: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        buyer: address(event.buyer),
        ended_at: u64(event.ended_at),
        claim_until: u64(event.claim_until),
        challenge_until: u64(event.challenge_until),
        timestamp: u64(event.timestamp),
      };
    },
    JobExpired: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        expired_by: address(event.expired_by),
        claim_until: u64(event.claim_until),
        challenge_until: u64(event.challenge_until),
        timestamp: u64(event.timestamp),
      };
    },
    JobWaived: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        claim_until: u64(event.claim_until),
        challenge_until: u64(event.challenge_until),
        timestamp: u64(event.timestamp),
      };
    },
    JobForfeited: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        provider: address(event.provider),
        timestamp: u64(event.timestamp),
      };
    },
    JobSettled: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        buyer: address(event.buyer),
        provider: address(event.provider),
        outcome: u8(event.outcome),
        seconds: u64(event.seconds),
        deposited: u64(event.deposited),
        paid: u64(event.paid),
        fees: u64(event.fees),
        refunded: u64(event.refunded),
        timestamp: u64(event.timestamp),
      };
    },
  },
  job_registry: {
    JobReclaimed: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        reclaimed_by: address(event.reclaimed_by),
        timestamp: u64(event.timestamp),
      };
    },
  },
  job_quotes: {
    QuoteRedeemed: (data) => {
      const event = struct(data);
      return {
        quote: address(event.quote),
        payer: address(event.payer),
        job: address(event.job),
        asset: address(event.asset),
        amount: u64(event.amount),
        redeemed_by: address(event.redeemed_by),
        timestamp: u64(event.timestamp),
      };
    },
    QuoteRefunded: (data) => {
      const event = struct(data);
      return {
        quote: address(event.quote),
        payer: address(event.payer),
        asset: address(event.asset),
        amount: u64(event.amount),
        refunded_by: address(event.refunded_by),
        timestamp: u64(event.timestamp),
      };
    },
  },
  dispute: {
    FaultProven: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        provider: address(event.provider),
        fault: u8(event.fault),
        reporter: address(event.reporter),
        slashed: u64(event.slashed),
        reward: u64(event.reward),
        timestamp: u64(event.timestamp),
      };
    },
    OutputChallenged: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        buyer: address(event.buyer),
        chunk_index: u64(event.chunk_index),
        bond: u64(event.bond),
        answer_by: u64(event.answer_by),
        timestamp: u64(event.timestamp),
      };
    },
    ChallengeAnswered: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        answered_by: address(event.answered_by),
        chunk_index: u64(event.chunk_index),
        bond: u64(event.bond),
        timestamp: u64(event.timestamp),
      };
    },
    ChallengeLost: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        provider: address(event.provider),
        refunded_bond: u64(event.refunded_bond),
        timestamp: u64(event.timestamp),
      };
    },
    ArbitrationOpened: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        buyer: address(event.buyer),
        arbiter: address(event.arbiter),
        reason: text(event.reason),
        unreleased: u64(event.unreleased),
        bond: u64(event.bond),
        decide_by: u64(event.decide_by),
        timestamp: u64(event.timestamp),
      };
    },
    ArbitrationDecided: (data) => {
      const event = struct(data);
      return {
        job: address(event.job),
        arbiter: address(event.arbiter),
        award: u64(event.award),
        unreleased: u64(event.unreleased),
        bond_to: address(event.bond_to),
        by_default: flag(event.by_default),
        timestamp: u64(event.timestamp),
      };
    },
  },
};
