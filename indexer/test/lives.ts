/**
 * The life that tests of the handlers share: one job at 10,000 base units a second, one event a transaction.
 * It asserts one thing only: that the job's money adds up after each event.
 */
import { applyTransactions, type Draft, emptyDraft } from "../src/handlers/index.ts";
import { record, type Step } from "./draft-of.ts";
import type { RawEvent } from "./hand-written-chain.ts";
import {
  accepted,
  address,
  completed,
  counted,
  created,
  jobSettled,
  parameters,
  refunded,
  registered,
  sealed,
  settledTo,
  started,
  T0,
} from "./histories.ts";

export const PROVIDER = address("f1");
export const JOB = address("e1");
/** The job's container starts then. */
export const T1 = T0 + 10;

/** Throws at the first event after which money is missing or told of differently. */
export async function live(...steps: Step[]): Promise<Draft> {
  const draft = emptyDraft();
  const single = steps.flatMap(([atSecs, events]) => events.map((event): Step => [atSecs, [event]]));
  for (const transaction of await record(...single)) {
    applyTransactions(draft, [transaction]);
    const name = transaction.events[0]?.event.name;
    const job = draft.jobs.get(JOB);
    const accounted = job && job.paid + job.refunded + job.balance;
    if (job?.deposited !== accounted) throw new Error(`${name}: ${job?.deposited} is not ${accounted}`);
    const [violation] = draft.violations.values();
    if (violation) throw new Error(`${name}: ${violation}`);
  }
  return draft;
}

export const jobOf = (draft: Draft) => draft.jobs.get(JOB);
export const providerOf = (draft: Draft) => draft.providers.get(PROVIDER);

/** 36,000,000 an hour is 10,000 a second; the fee is 1 %, a tenth of it the keeper's; 60 s are 600,000. */
export function running(holdback = "0"): Step[] {
  return [
    [T0, [parameters(), registered(PROVIDER)]],
    [T0 + 1, created(JOB, { provider: PROVIDER, deposit: "600000", holdback })],
    [T0 + 2, [accepted(JOB, PROVIDER)]],
    [T1, started(JOB, { provider: PROVIDER, atSecs: T1, deposit: "600000", holdback })],
  ];
}

/** Two seconds proven and paid: 20,000, of it 200 fee, of that 20 the keeper's. */
export const twoSeconds: RawEvent = settledTo(JOB, {
  seq: 2,
  secs: 2,
  amount: "20000",
  fee: "200",
  keeperFee: "20",
  paid: "20000",
  feePaid: "200",
  keeperPaid: "20",
  balance: "580000",
});

/** Ran 5 s, all held: 50,000 wait, 550,000 went back. */
export const heldWhole: Step[] = [
  ...running("5"),
  [
    T1 + 5,
    [
      counted(JOB, { seq: 5, secs: 5, balance: "600000" }),
      refunded(JOB, "550000", "50000"),
      sealed(JOB, 5, "50000"),
      completed(JOB, PROVIDER, { claimUntil: T1 + 5, challengeUntil: T1 + 3605 }),
    ],
  ],
];

export const settledWith = (p: {
  outcome: number;
  seconds: string;
  paid: string;
  fees: string;
  refunded: string;
  deposited?: string;
}): RawEvent => jobSettled(JOB, { provider: PROVIDER, deposited: "600000", ...p });
