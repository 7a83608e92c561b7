/**
 * How far jobs are when a history begins: nothing ordered, several running, some ended with money held back, some contested.
 * It doesn't know the random steps that follow.
 */
import { BUYERS, KEEPERS, PROVIDER_KEYS } from "./cast.ts";
import { GENESIS_SECS } from "./chain.ts";
import type { Action } from "./model/actions.ts";
import { type Order, onlyGpus } from "./model/jobs.ts";
import { type Address, type Hex, type Job, type Provider, STATE } from "./model/types.ts";
import { NOTHING_NEW, signed } from "./resolve/attestations.ts";
import { FALSE_ROOTS, type KnownOutput, THREE_CHUNKS } from "./resolve/context.ts";
import type { Session } from "./session.ts";
import { createDice } from "./steps.ts";

type Do = (action: Action, at: bigint) => void;

const START = GENESIS_SECS + 2n;
const [first, second] = BUYERS as [Address, Address];

function orderOf(p: Provider, gpus: bigint, secs: bigint, holdbackSecs: bigint, buyerKey: Hex): Order {
  const rate = p.pricePerHour + gpus * p.gpuPricePerHour;
  return {
    image: "image",
    maxDurationSecs: secs,
    maxRatePerHour: rate,
    deposit: (rate * secs + 3599n) / 3600n,
    holdbackSecs,
    priority: 1n,
    buyerKey,
  };
}

/** Two jobs on the same GPUs, one on another machine with all its money held back, and an open one that waits; some stake unbonds. */
function running(session: Session, perform: Do): void {
  const providers = [...session.state.providers.values()] as [Provider, Provider, Provider, Provider];
  const buyerKey = session.memory.signatures.keys[PROVIDER_KEYS] as Hex;
  const plans: Array<[Address, Provider, bigint, Order]> = [
    [first, providers[0], 2n, orderOf(providers[0], 2n, 600n, 20n, buyerKey)],
    [second, providers[1], 1n, orderOf(providers[1], 1n, 3600n, 0n, "0x")],
    [first, providers[2], 1n, orderOf(providers[2], 1n, 100n, 3600n, buyerKey)],
    [second, providers[0], 0n, orderOf(providers[0], 0n, 300n, 30n, "0x")],
  ];
  for (const [who, { provider, operator }, gpus, order] of plans) {
    perform({ type: "create_job", who, provider, gpus, order, specs: ["spec"] }, GENESIS_SECS + 1n);
    const { job } = [...session.state.jobs.values()].at(-1) as Job;
    perform({ type: "accept", who: operator, provider, job, mask: (1n << gpus) - 1n }, GENESIS_SECS + 1n);
    perform({ type: "start", who: operator, job }, START);
  }
  const { provider, owner } = providers[1];
  perform({ type: "request_unstake", who: owner, provider, amount: 10_000_000n }, START);
  const { asset } = providers[3];
  const order = orderOf(providers[3], 1n, 50n, 10n, "0x");
  const requirements = onlyGpus(1n);
  perform({ type: "create_open_job", who: second, asset, requirements, order, specs: ["spec"] }, START);
}

/** Seconds are proven; two jobs are completed, one of them with a false root, one is terminated with seconds to prove. */
function ended(session: Session, perform: Do, preset: number): void {
  const at = START + 50n;
  const dice = createDice([]);
  const jobs = [...session.state.jobs.values()].filter((job) => job.state === STATE.running);
  for (const { job } of jobs) {
    const { state, memory } = session;
    const current = state.jobs.get(job) as Job;
    if (!current.stream) continue;
    const usage = { seq: 1n, secondsCum: 40n, tLast: at, logRoot: `0x${"01".repeat(32)}` };
    const attestation = signed({ state, memory, dice }, current, current.stream, usage);
    memory.attestations.set(job, [attestation]);
    const who = KEEPERS[0];
    perform({ type: "process_payment", who, job, attestation, countersignature: "0x", forged: false }, at);
  }
  const [honest, , terminated, cheating] = jobs as [Job, Job, Job, Job];
  for (const [{ job, terms }, known] of [
    [honest, THREE_CHUNKS],
    [cheating, FALSE_ROOTS[preset % FALSE_ROOTS.length] as KnownOutput],
  ] as const) {
    const output = {
      exitCode: 0n,
      reason: "",
      outputUris: [],
      outputSha256: "0x",
      outputRoot: known.root,
      outputSize: known.size,
    };
    const who = session.state.providers.get(terms.provider)?.operator ?? first;
    perform({ type: "complete", who, job, output, attestation: NOTHING_NEW }, at);
  }
  perform({ type: "terminate", who: first, job: terminated.job, attestation: NOTHING_NEW }, at);
}

/** The outputs of the completed jobs are challenged, and about the terminated one the arbiter is asked. */
function contested(session: Session, perform: Do): void {
  const jobs = [...session.state.jobs.values()];
  const terminated = jobs.find((job) => job.state === STATE.terminated) as Job;
  const { now } = session.state;
  for (const { job, terms, state } of jobs)
    if (state === STATE.completed)
      perform({ type: "challenge_output", who: terms.buyer, job, chunkIndex: 0n }, now);
  const reason = "wrong result";
  perform({ type: "open_arbitration", who: first, job: terminated.job, reason }, terminated.claimUntil);
}

/** Each goes on from the one before it. */
export const STAGES: Array<(session: Session, perform: Do, preset: number) => void> = [
  running,
  ended,
  contested,
];
