/**
 * Calls for jobs and providers that don't exist, or don't any more.
 * It doesn't know what they would do to real ones.
 */
import { STRANGER } from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { PACKAGE } from "../model/attestation.ts";
import type { Address } from "../model/types.ts";
import { NOTHING_NEW } from "./attestations.ts";
import { type Intent, jobsOf, now, providersOf, type Scene } from "./context.ts";

export function ghost(scene: Scene): Intent {
  const { dice, memory, state } = scene;
  const gone = [...memory.attestations.keys()].filter((job) => !state.jobs.has(job));
  const provider: Address = dice.pick([PACKAGE, ...jobsOf(scene).map(({ job }) => job)]);
  const job: Address = dice.pick([PACKAGE, ...gone, ...providersOf(scene).map((p) => p.provider)]);
  const who = STRANGER;
  const none = { attestation: { ...NOTHING_NEW, logRoot: `0x${"01".repeat(32)}` } };
  const calls: Action[] = [
    { type: "start", who, job },
    { type: "accept", who, job, provider: providersOf(scene)[0]?.provider ?? PACKAGE, mask: 0n },
    { type: "cancel", who, job },
    { type: "expire", who, job },
    { type: "finalize", who, job },
    { type: "confirm", who, job },
    {
      ...{ type: "confirm_signed", who, job, statement: none.attestation },
      ...{ countersignature: `0x${"00".repeat(64)}`, forged: true },
    },
    { type: "reclaim", who, job },
    { type: "resolve", who, job },
    { type: "terminate", who, job, ...none },
    { type: "process_payment", who, job, ...none, countersignature: "0x", forged: true },
    { type: "report_device_overlap", who, job, other: job },
    { type: "heartbeat", who, provider },
    { type: "withdraw_stake", who, provider },
    { type: "set_status", who, provider, status: 0n },
  ];
  return now(dice.pick(calls), scene);
}
