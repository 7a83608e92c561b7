/**
 * A step of a history becomes an action and a time: one that mostly succeeds in the state it meets.
 * It doesn't run anything.
 */

import type { State } from "../model/types.ts";
import { createDice, type Step, type StepKind } from "../steps.ts";
import { confirmSigned } from "./agreement.ts";
import { attest, batch, contradiction, impossibleTime } from "./attestations.ts";
import type { Intent, Memory, Scene } from "./context.ts";
import * as disputes from "./disputes.ts";
import { draw } from "./draws.ts";
import * as endings from "./endings.ts";
import * as ghosts from "./ghosts.ts";
import * as issuer from "./issuer.ts";
import * as orders from "./orders.ts";
import * as parties from "./parties.ts";
import { quote } from "./quotes.ts";

const RESOLVERS: Record<StepKind, (scene: Scene) => Intent | null> = {
  proceed: endings.proceed,
  attest,
  order: orders.order,
  order_open: orders.orderOpen,
  batch,
  extend: orders.extend,
  change_rate: orders.changeRate,
  complete: endings.complete,
  fail: endings.fail,
  cancel: endings.cancel,
  terminate: endings.terminate,
  confirm: endings.confirm,
  confirm_signed: confirmSigned,
  flag_stalled: endings.flagStalled,
  expire: endings.expire,
  finalize: endings.finalize,
  reclaim: endings.reclaim,
  contradiction,
  impossible_time: impossibleTime,
  overlap: disputes.overlap,
  challenge: disputes.challenge,
  answer: disputes.answer,
  arbitrate: disputes.arbitrate,
  rule: disputes.rule,
  resolve: disputes.resolveCase,
  provider: parties.provider,
  stake: parties.stake,
  admin: parties.admin,
  issuer: issuer.issuer,
  quote,
  draw,
  ghost: ghosts.ghost,
};

/** A step that finds nothing to act on orders a job instead, so that early steps aren't lost. */
export function resolveStep(step: Step, state: State, memory: Memory): Intent | null {
  const scene: Scene = { state, memory, dice: createDice(step.dice) };
  return RESOLVERS[step.kind](scene) ?? endings.proceed(scene) ?? orders.order(scene);
}
