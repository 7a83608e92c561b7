/**
 * Runs one history step by step with all checks, and says what happened when one fails.
 * It doesn't know where histories come from.
 */
import type { Chain } from "./chain.ts";
import { Violation } from "./compare.ts";
import { type Coverage, count } from "./coverage.ts";
import { drain } from "./drain.ts";
import { checkBatchEqualsSerial, createPathCheck } from "./forks.ts";
import type { Action } from "./model/actions.ts";
import { resolveStep } from "./resolve/index.ts";
import type { Performed, Session } from "./session.ts";
import type { History } from "./steps.ts";
import type { World } from "./world.ts";

/** A check failed; the trace is what was done up to it. */
export class HistoryFailed extends Error {
  readonly check: string;
  readonly trace: string[];
  constructor(violation: Violation, trace: string[]) {
    super(violation.message);
    this.name = "HistoryFailed";
    this.check = violation.check;
    this.trace = trace;
  }
}

export interface Runner {
  /** How many actions ran. Throws `HistoryFailed`. */
  run(history: History, coverage: Coverage): number;
}

export function createRunner(chain: Chain, world: World): Runner {
  function play(history: History, session: Session): void {
    const path = createPathCheck(chain);
    for (const step of history.steps) {
      const intent = resolveStep(step, session.state, session.memory);
      if (!intent) continue;
      const { action, at } = intent;
      path.before(session, action);
      const before = action.type === "process_payments" ? session.split() : null;
      const performed = session.perform(action, at);
      if (before && performed.result.ok && action.type === "process_payments")
        checkBatchEqualsSerial(chain, before, session, action, at);
      path.after(session, performed);
    }
    session.compareAll();
    if (history.drain === 0) drain(chain, session, world.initial(history.preset));
  }

  return {
    run(history, coverage) {
      const trace: string[] = [];
      let actions = 0;
      const begun = world.begin(history.preset, history.stage);
      const session: Session = {
        ...begun,
        get state() {
          return begun.state;
        },
        get store() {
          return begun.store;
        },
        perform(action, at) {
          actions += 1;
          trace.push(describe(action, at - begun.state.now));
          const performed: Performed = begun.perform(action, at);
          count(coverage, performed);
          if (!performed.result.ok) trace.push(`    refused: ${performed.result.code}`);
          return performed;
        },
      };
      try {
        play(history, session);
      } catch (error) {
        if (error instanceof Violation) throw new HistoryFailed(error, trace);
        throw error;
      }
      return actions;
    },
  };
}

const LONG_TEXT = 80;

function describe(action: Action, waited: bigint): string {
  const { type, ...fields } = action;
  const text = JSON.stringify(fields, (_, value: unknown) => {
    if (typeof value === "bigint") return value.toString();
    return typeof value === "string" && value.length > LONG_TEXT ? `${value.slice(0, LONG_TEXT)}…` : value;
  });
  return `${waited > 0n ? `+${waited} s  ` : ""}${type} ${text}`;
}
