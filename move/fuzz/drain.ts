/**
 * The end of everything: with the market paused, strangers bring every job to its end, all money goes home, nothing stays.
 * It doesn't know how the jobs came to be where they are.
 */
import { EVERYBODY, STRANGER } from "./cast.ts";
import type { Chain } from "./chain.ts";
import { must } from "./compare.ts";
import { ADDRESS_LENGTH, type ForkStore } from "./fork-store.ts";
import type { Action } from "./model/actions.ts";
import { takesProofs } from "./model/settlement.ts";
import { type Address, type Job, MAX_U64, max, type Quote, STATE } from "./model/types.ts";
import { balanceOf } from "./model/wallets.ts";
import { isLive, signed } from "./resolve/attestations.ts";
import type { Session } from "./session.ts";
import { createDice } from "./steps.ts";

const MAX_ROUNDS = 4;

function demand(session: Session, check: string, action: Action, moment: bigint): void {
  const { result } = session.perform(action, max(session.state.now, moment));
  must(result.ok, check, () => `${action.type} is refused: ${result.ok ? "" : result.status}`);
}

/** Whoever ran is paid for what it can prove, whatever admin and buyer do. */
function claim(session: Session, job: Job): void {
  const { stream } = job;
  const at = session.state.now + 1n;
  if (!stream || !takesProofs(stream, at) || stream.seq === MAX_U64) return;
  const elapsed = at - stream.startedAt;
  const { secondsAttested } = stream.meter;
  // A clock that was ahead is believed once more.
  const tLast = max(at, stream.startedAt + secondsAttested);
  const usage = {
    seq: stream.seq + 1n,
    secondsCum: max(elapsed, secondsAttested),
    tLast,
    logRoot: `0x${"07".repeat(32)}`,
  };
  const scene = { state: session.state, memory: session.memory, dice: createDice([]) };
  const attestation = signed(scene, job, stream, usage);
  const common = { type: "process_payment", who: STRANGER, job: job.job, forged: false } as const;
  demand(session, "I10_claim_never_blocked", { ...common, attestation, countersignature: "0x" }, at);
}

function nextMove(job: Job): [Action, bigint] {
  const common = { who: STRANGER, job: job.job };
  if (job.state === STATE.pending) return [{ type: "expire", ...common }, job.acceptBy];
  if (job.state === STATE.accepted) return [{ type: "expire", ...common }, job.startBy];
  if (job.case) return [{ type: "resolve", ...common }, job.case.deadline];
  const { stream } = job;
  if (job.state !== STATE.running || !stream)
    return [{ type: "finalize", ...common }, max(job.claimUntil, job.challengeUntil)];
  if (stream.stalledAt > 0n)
    return [{ type: "expire", ...common }, stream.stalledAt + job.rules.stallGraceSecs];
  return [{ type: "flag_stalled", ...common }, stream.lastProgressAt + job.rules.stallAfterSecs];
}

/** Endings end, whatever an issuer does: up to where money must move. */
function end(session: Session, address: Address): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const job = session.state.jobs.get(address);
    if (!job || !isLive(job)) return;
    demand(session, "I10_claim_never_blocked", ...nextMove(job));
  }
}

function settle(session: Session, address: Address): void {
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const job = session.state.jobs.get(address);
    if (!job || job.state === STATE.settled) return;
    demand(session, "I14_dispute_terminates", ...nextMove(job));
  }
  must(
    session.state.jobs.get(address)?.state === STATE.settled,
    "I14_dispute_terminates",
    () => `${address} stays open`,
  );
}

function reclaim(session: Session, { job, terms, startedAt, settledAt, rules }: Job): void {
  const moment = startedAt === 0n ? 0n : settledAt + rules.reclaimAfterSecs;
  demand(session, "I12_closed_leaves_no_state", { type: "reclaim", who: terms.buyer, job }, moment);
}

function withdraw(session: Session, provider: Address): void {
  const p = session.state.providers.get(provider);
  if (!p) return;
  const common = { who: p.owner, provider };
  const check = "I10_claim_never_blocked";
  if (p.staked > 0n) demand(session, check, { type: "request_unstake", ...common, amount: p.staked }, 0n);
  const after = session.state.providers.get(provider) ?? p;
  if (after.unbonding > 0n)
    demand(session, check, { type: "withdraw_stake", ...common }, max(after.unlocksAt, after.liableUntil));
}

/** Anybody can, once the quote is used or its time is over; what was redeemed has left already. */
function sendBack(chain: Chain, session: Session, { quote, terms, job }: Quote): void {
  for (const asset of chain.assets) {
    if (balanceOf(session.state, asset, quote) === 0n) continue;
    const action: Action = { type: "refund", who: STRANGER, asset, quote: terms };
    demand(session, "I10_claim_never_blocked", action, job === null ? terms.redeemBy : 0n);
  }
}

function release(chain: Chain, session: Session, holder: string): void {
  const [asset, owner] = holder.split("|");
  const store = asset && owner ? chain.primaryStore(asset, owner) : holder;
  demand(session, "setup", { type: "freeze", who: STRANGER, store, holder, frozen: false }, 0n);
}

/** Addresses under which anything is kept. */
function livingAddresses(store: ForkStore): Set<string> {
  const living = new Set<string>();
  for (let layer: ForkStore | null = store; layer; layer = layer.below)
    for (const id of layer.own.keys()) if (store.lookup(id) !== null) living.add(id.slice(0, ADDRESS_LENGTH));
  return living;
}

/** `initial`: the market before any job. */
export function drain(
  chain: Chain,
  session: Session,
  initial: { store: ForkStore; providers: number },
): void {
  const { admin } = session.state.market;
  demand(session, "I10_claim_never_blocked", { type: "set_paused", who: admin, paused: true }, 0n);
  for (const job of [...session.state.jobs.values()]) claim(session, job);
  const addresses = [...session.state.jobs.keys()];
  for (const address of addresses) end(session, address);
  // An issuer can stop money; nothing in the protocol can, nor can an issuer stop anything else.
  for (const holder of session.state.frozen) release(chain, session, holder);
  for (const [job, dust] of [...session.state.dust])
    if (dust < 0n) demand(session, "setup", { type: "restore", who: STRANGER, job, amount: -dust }, 0n);
  for (const address of addresses) settle(session, address);
  for (const quote of session.state.quotes.values()) sendBack(chain, session, quote);
  for (const job of [...session.state.jobs.values()]) reclaim(session, job);
  for (const provider of session.state.providers.keys()) withdraw(session, provider);
  for (const asset of chain.assets) {
    for (const [key, amount] of chain.holdings(session.store)) {
      if (!key.startsWith(asset) || amount === 0n || session.state.dust.size > 0) continue;
      must(
        EVERYBODY.includes(key.slice(asset.length + 1)),
        "I1_conservation",
        () => `${amount} stays at ${key}`,
      );
    }
  }
  // A provider is never removed, nor is its vault.
  if (session.state.providers.size > initial.providers || session.state.aside.size > 0) return;
  const known = livingAddresses(initial.store);
  const latin1 = (address: Address): string => Buffer.from(address.slice(2), "hex").toString("latin1");
  for (const asset of chain.assets)
    for (const who of [...EVERYBODY, ...session.state.quotes.keys()])
      known.add(latin1(chain.primaryStore(asset, who)));
  // Used quotes stay, so that money which comes late finds its way back.
  for (const quote of session.state.quotes.keys()) known.add(latin1(quote));
  const left = [...livingAddresses(session.store)].filter((address) => !known.has(address));
  must(left.length === 0, "I12_closed_leaves_no_state", () =>
    left.map((address) => `0x${Buffer.from(address, "latin1").toString("hex")}`).join(", "),
  );
}
