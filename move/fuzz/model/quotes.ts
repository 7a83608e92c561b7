/**
 * Quotes: money that lies at an address which only its payer's promised job, or its payer, can have.
 * It doesn't know what becomes of the job, nor how a quote's price came about.
 */
import { hash } from "node:crypto";
import { PACKAGE } from "./attestation.ts";
import { orderHash, quoteSeed } from "./bcs.ts";
import { createJobs, type Order } from "./jobs.ts";
import { providerOf } from "./providers.ts";
import {
  type Address,
  abort,
  type Context,
  emit,
  type Hex,
  type Quote,
  require,
  type State,
  ZERO_ADDRESS,
} from "./types.ts";
import { assertMovable, balanceOf, give, takeFrom, walletKey } from "./wallets.ts";

/** Everything that a quote's address is made of. */
export interface QuoteTerms {
  payer: Address;
  clerk: Address;
  redeemBy: bigint;
  nonce: Hex;
  provider: Address;
  gpus: bigint;
  order: Order;
  spec: string;
}

const FACTORY_SEED = Buffer.from("computestream::quotes").toString("hex");
/** How the chain marks an address that was made of another one and a seed. */
const NAMED_OBJECT = "fe";

function namedObject(creator: Address, seed: string): Address {
  const bytes = Buffer.from(creator.slice(2) + seed + NAMED_OBJECT, "hex");
  return `0x${hash("sha3-256", bytes, "hex")}`;
}

const FACTORY = namedObject(PACKAGE, FACTORY_SEED);

export const quoteAddress = (terms: QuoteTerms): Address =>
  namedObject(FACTORY, quoteSeed(terms, orderHash(terms)).slice(2));

/** What was at least paid to it once; null for addresses that were never. */
const quoteOf = (state: State, address: Address): Quote | null => state.quotes.get(address) ?? null;

/** Nothing of the protocol: a transfer to an address that happens to be a quote's. */
export function payQuote(
  ctx: Context,
  who: Address,
  asset: Address,
  terms: QuoteTerms,
  amount: bigint,
): void {
  const { state } = ctx;
  if (balanceOf(state, asset, who) < amount) abort("EINSUFFICIENT_BALANCE", "OBJECT");
  takeFrom(ctx, asset, who, amount);
  const address = quoteAddress(terms);
  const key = walletKey(asset, address);
  assertMovable(state, key);
  state.wallets.set(key, (state.wallets.get(key) ?? 0n) + amount);
  if (!quoteOf(state, address)) state.quotes.set(address, { quote: address, terms, job: null });
}

export function redeem(ctx: Context, who: Address, terms: QuoteTerms): void {
  const { state } = ctx;
  const { payer, order } = terms;
  const { asset } = providerOf(state, terms.provider);
  require(state.now < terms.redeemBy, "E_QUOTE_EXPIRED");
  const address = quoteAddress(terms);
  const quote = quoteOf(state, address);
  require(!quote || quote.job === null, "E_QUOTE_USED");
  require(order.deposit > 0n && balanceOf(state, asset, address) >= order.deposit, "E_NOT_PAID");
  const [job] = createJobs(ctx, payer, terms.provider, terms.gpus, order, [terms.spec], address);
  if (!quote || job === undefined) throw new Error("a paid quote isn't known");
  quote.job = job;
  emit(ctx, "job_quotes::QuoteRedeemed", {
    ...{ quote: address, payer, job, asset, amount: order.deposit, redeemed_by: who },
  });
  returnAll(ctx, address, asset, payer, who);
}

export function refund(ctx: Context, who: Address, asset: Address, terms: QuoteTerms): void {
  const { state } = ctx;
  const { payer, clerk } = terms;
  const address = quoteAddress(terms);
  const quote = quoteOf(state, address);
  const isUsed = quote !== null && quote.job !== null;
  const isOver = state.now >= terms.redeemBy;
  require(who === payer || who === clerk || isUsed || isOver, "E_STILL_REDEEMABLE");
  require(balanceOf(state, asset, address) > 0n, "E_NOTHING_TO_REFUND");
  if (!quote) throw new Error("a paid quote isn't known");
  quote.job ??= ZERO_ADDRESS;
  returnAll(ctx, address, asset, payer, who);
}

/** Whatever lies there, in one piece. */
function returnAll(ctx: Context, quote: Address, asset: Address, payer: Address, who: Address): void {
  const amount = balanceOf(ctx.state, asset, quote);
  if (amount === 0n) return;
  takeFrom(ctx, asset, quote, amount);
  give(ctx.state, asset, payer, amount);
  emit(ctx, "job_quotes::QuoteRefunded", { quote, payer, asset, amount, refunded_by: who });
}
