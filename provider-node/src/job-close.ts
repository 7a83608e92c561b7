/**
 * A job that the chain has ended, until nothing of it is owed or asked for: last seconds, held money, challenges.
 * It doesn't choose its steps (reconcile.ts does).
 */
import { rm } from "node:fs/promises";
import type { JobView, Outcome } from "@computestream/protocol/client";
import { createDeadline } from "./deadline.ts";
import { BUSY_MS, type JobParts, refused, SOON } from "./job-parts.ts";
import { proveChunk } from "./publish/find-pack.ts";
import { conclude } from "./reconcile.ts";

export interface JobClose {
  /** Brings the last seconds to the chain. */
  prove(job: JobView): Promise<number>;
  /** Ends what the work needed; the output stays for as long as it may be asked for. */
  free(job: JobView): Promise<number>;
  answer(job: JobView): Promise<number>;
  resolve(): Promise<number>;
  /** Settles it, or gives up what can't be proven while the claim window is open. */
  finalize(): Promise<number>;
  /** Leaves nothing of the job on the machine but its log. */
  sweep(job: JobView): Promise<void>;
}

/** How long the hub gets to bring a terminated job's last seconds to the chain before the node does it itself. */
const PROVE_AFTER_MS = 2_000;
/** A try to find the output again; a store that never answers must not use up the time to answer a challenge. */
const FIND_MS = 60_000;
/** Until the next look at a job whose escrow its asset's issuer has frozen. */
const FROZEN_MS = 600_000;
/** Somebody else was faster, or our clock is: the next reading of the job tells which. */
const OVERTAKEN = [
  "E_NOT_ENDED",
  "E_CASE_OPEN",
  "E_CHALLENGE_WINDOW_OPEN",
  "E_CLAIM_WINDOW_OPEN",
  "E_NO_CASE",
  "E_ANSWER_WINDOW_OVER",
  "E_DEADLINE_NOT_REACHED",
  "E_STREAM_CLOSED",
];

export function createJobClose(parts: JobParts): JobClose {
  const { ctx, journal, log, workDir, chain, side, output, tell, ranSecs } = parts;
  const { client, runtime, hub } = ctx;
  const address = journal.job;
  let provingSince: number | null = null;

  async function prove(job: JobView): Promise<number> {
    const usage = await chain.attest(job, ranSecs(null), { logRoot: side.logRoot, force: true });
    if (usage) hub.attest(usage);
    provingSince ??= Date.now();
    chain.invalidate();
    if (usage && (!hub.connected || Date.now() - provingSince > PROVE_AFTER_MS)) {
      const payload = client.payloads.processPayment(usage);
      return afterAll(await chain.transact("process_payment", payload), "PROVE_REFUSED");
    }
    return BUSY_MS;
  }

  async function free(job: JobView): Promise<number> {
    await endWork();
    tellEnd(job);
    return SOON;
  }

  function tellEnd(job: JobView): void {
    const outcome = job.outcome ?? job.state;
    const conclusion = conclude(journal.state);
    const detail = conclusion.result === "fail" && outcome === "Failed" ? conclusion.reason : outcome;
    if (outcome === "Completed") tell("done");
    else tell("failed", { detail });
  }

  async function endWork(): Promise<void> {
    await output.close();
    await side.close();
    await runtime.remove(address);
  }

  async function answer(job: JobView): Promise<number> {
    const asked = await chain.readCase(job);
    if (asked?.kind !== "OutputChallenge") return SOON;
    const index = Number(asked.chunkIndex);
    log.warn(
      { chunk: index, deadline: asked.deadline.toString() },
      "the buyer asks for a part of the output",
    );
    const deadline = createDeadline(parts.signal, FIND_MS);
    try {
      const committed = { uris: job.outputUris, root: job.outputRoot, bytes: Number(job.outputSize) };
      const { chunk, proof } = await proveChunk(committed, index, {
        dir: workDir,
        stores: ctx.stores,
        signal: deadline.signal,
        onMiss: (place, err) => log.warn({ place, err }, "no copy of the output there"),
      });
      const payload = client.payloads.answerChallenge(address, chunk, proof);
      const outcome = await chain.transact("answer_challenge", payload);
      if (outcome.success) ctx.metrics.challengesAnswered.inc();
      return afterAll(outcome, "ANSWER_REFUSED");
    } finally {
      deadline.close();
    }
  }

  function afterAll(outcome: Outcome, code: string): number {
    if (outcome.success) return SOON;
    // Each try costs gas, and an issuer takes its time.
    if (outcome.failure?.code === "E_ESCROW_UNAVAILABLE") {
      log.warn("the asset's issuer has frozen the job's escrow: it settles once the issuer has restored it");
      return FROZEN_MS;
    }
    if (OVERTAKEN.includes(outcome.failure?.code ?? "")) return BUSY_MS;
    throw refused(code, outcome);
  }

  return {
    prove,
    free,
    answer,
    async resolve() {
      return afterAll(await chain.transact("resolve", client.payloads.resolve(address)), "RESOLVE_REFUSED");
    },
    async finalize() {
      return afterAll(
        await chain.transact("finalize", client.payloads.finalize(address)),
        "FINALIZE_REFUSED",
      );
    },
    async sweep(job) {
      await endWork();
      await rm(workDir, { recursive: true, force: true });
      if (job.outcome === "Expired" && journal.state.exited) {
        log.error("the job expired on chain before its result was there; only what was proven can be paid");
      }
      if (job.faulted)
        log.error("a fault of this provider was proven on the job: nothing more of it is paid");
      tellEnd(job);
    },
  };
}
