/**
 * Quotes: drawn up and paid, redeemed, sent back, and everything that somebody could try with one.
 * It doesn't know what becomes of their jobs.
 */
import { BUYERS, EVERYBODY, KEEPERS, OWNERS, STRANGER } from "../cast.ts";
import type { Action } from "../model/actions.ts";
import { PACKAGE } from "../model/attestation.ts";
import { type QuoteTerms, quoteAddress } from "../model/quotes.ts";
import type { Address, Quote } from "../model/types.ts";
import { balanceOf, walletKey } from "../model/wallets.ts";
import { around, type Intent, now, type Scene, thief } from "./context.ts";
import { storeOf } from "./issuer.ts";
import { atMost, randomBuyer, randomDirectOrder, specs } from "./orders.ts";

/** Long ones, and some that run out between payment and order. */
const VALID_SECS = [7200, 100_000_000, 300, 7200, 60, 100_000_000, 1, 0];

function draft(scene: Scene): QuoteTerms {
  const { dice, state } = scene;
  const { provider, gpus, terms: order } = randomDirectOrder(scene);
  return {
    payer: randomBuyer(scene),
    clerk: dice.pick([KEEPERS[0], STRANGER, OWNERS[1]]),
    redeemBy: state.now + BigInt(dice.pick(VALID_SECS)),
    nonce: dice.pick(["0x01", "0x02", "0x", `0x${"07".repeat(32)}`]),
    ...{ provider: provider.provider, gpus, order, spec: specs(scene, false)[0] ?? "" },
  };
}

const assetOf = ({ state, memory }: Scene, { provider }: QuoteTerms): Address =>
  state.providers.get(provider)?.asset ?? (memory.assets[0] as Address);

const lies = (scene: Scene, terms: QuoteTerms): bigint =>
  balanceOf(scene.state, assetOf(scene, terms), quoteAddress(terms));

const isOpen = ({ job }: Quote): boolean => job === null;

const isPaid = (scene: Scene, { terms }: Quote): boolean => lies(scene, terms) >= terms.order.deposit;

/** The one it was drawn up for, mostly; others may pay for it too. */
function pay(scene: Scene, terms: QuoteTerms): Intent | null {
  const { dice, memory, state } = scene;
  const who = dice.chance(10) ? dice.pick([BUYERS[0], BUYERS[1], OWNERS[1]] as Address[]) : terms.payer;
  const asset = dice.chance(5) ? dice.pick(memory.assets) : assetOf(scene, terms);
  const missing = terms.order.deposit - lies(scene, terms);
  const due = missing > 0n ? missing : 1n;
  const amount = dice.pick([due, due, due, due + 7n, due > 1n ? due - 1n : 1n, 1n]);
  // Nobody sends what it doesn't have, but for the poor one.
  if (balanceOf(state, asset, who) === 0n) return null;
  return now({ type: "pay_quote", who, asset, quote: terms, amount: atMost(amount) }, scene);
}

/** The same quote with one thing changed: another address, where nothing lies. */
function tamper({ dice }: Scene, terms: QuoteTerms): QuoteTerms {
  const { order } = terms;
  const other = (who: Address): Address => (who === STRANGER ? (BUYERS[0] as Address) : STRANGER);
  return dice.pick<QuoteTerms>([
    { ...terms, payer: other(terms.payer) },
    { ...terms, clerk: other(terms.clerk) },
    { ...terms, redeemBy: terms.redeemBy + 1n },
    { ...terms, nonce: `${terms.nonce}00` },
    { ...terms, gpus: terms.gpus + 1n },
    { ...terms, spec: `${terms.spec}!` },
    { ...terms, order: { ...order, deposit: order.deposit > 1n ? order.deposit - 1n : 2n } },
    {
      ...terms,
      order: { ...order, maxRatePerHour: order.maxRatePerHour - (order.maxRatePerHour > 0n ? 1n : -1n) },
    },
    { ...terms, order: { ...order, maxDurationSecs: order.maxDurationSecs + 1n } },
    { ...terms, order: { ...order, holdbackSecs: order.holdbackSecs + 1n } },
    { ...terms, order: { ...order, priority: order.priority + 1n } },
    { ...terms, order: { ...order, image: `${order.image}:other` } },
    { ...terms, order: { ...order, buyerKey: order.buyerKey === "0x" ? "0x01" : "0x" } },
  ]);
}

/** Whoever tries, the payer gets the job. */
function redeem(scene: Scene, terms: QuoteTerms): Intent {
  const { dice } = scene;
  const chosen = dice.chance(8) ? tamper(scene, terms) : terms;
  const provider = dice.chance(2) ? PACKAGE : chosen.provider;
  const who = dice.pick([terms.clerk, terms.clerk, terms.payer, ...EVERYBODY]);
  const action: Action = { type: "redeem", who, quote: { ...chosen, provider } };
  return dice.chance(8)
    ? around(terms.redeemBy, action, scene)
    : { action, at: scene.state.now + BigInt(dice.pick([0, 0, 1])) };
}

function sendBack(scene: Scene, { terms, job }: Quote): Intent {
  const { dice, memory } = scene;
  const chosen = dice.chance(6) ? tamper(scene, terms) : terms;
  const asset = dice.chance(10) ? dice.pick(memory.assets) : assetOf(scene, terms);
  const who = dice.pick([terms.payer, terms.clerk, STRANGER, ...EVERYBODY]);
  const action: Action = { type: "refund", who, asset, quote: chosen };
  const waits = job === null && dice.chance(40);
  return waits ? around(terms.redeemBy, action, scene) : now(action, scene);
}

/**
 * What comes late to a used quote lies with an object that another one owns: who owns that one could draw from all of
 * them. Null before any quote was used.
 */
export function drawLate(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const used = [...state.quotes.values()].filter((q) => !isOpen(q));
  const late = used.filter(({ terms }) => lies(scene, terms) > 0n);
  if (late.length === 0) return used.length > 0 ? pay(scene, dice.pick(used).terms) : null;
  const { terms } = dice.pick(late);
  const store = storeOf(walletKey(assetOf(scene, terms), quoteAddress(terms)), scene);
  const amount = dice.pick([1n, lies(scene, terms)]);
  return now({ type: "draw", who: thief(scene), ...store, amount }, scene);
}

/** Mostly on with one that is there, else a new one. */
export function quote(scene: Scene): Intent | null {
  const { dice, state } = scene;
  const known = [...state.quotes.values()];
  const paid = known.filter((q) => isOpen(q) && isPaid(scene, q) && state.now < q.terms.redeemBy);
  if (paid.length > 0 && !dice.chance(35)) return redeem(scene, dice.pick(paid).terms);
  const late = dice.chance(20) ? drawLate(scene) : null;
  if (late) return late;
  if (known.length > 0 && dice.chance(45)) {
    const used = known.filter((q) => !isOpen(q));
    const chosen = dice.pick(used.length > 0 && dice.chance(30) ? used : known);
    switch (dice.roll(4)) {
      case 0:
        return pay(scene, chosen.terms);
      case 1:
        // Also what was used before, or isn't paid yet.
        return redeem(scene, chosen.terms);
      default:
        return sendBack(scene, chosen);
    }
  }
  const terms = draft(scene);
  // Nothing was paid for it, or nothing would have to be.
  if (dice.chance(4)) {
    const free = { ...terms, order: { ...terms.order, deposit: 0n } };
    return redeem(scene, dice.chance(50) ? free : terms);
  }
  return pay(scene, terms);
}
