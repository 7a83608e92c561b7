/**
 * A quote's address, worked out without the chain: a hash of payer, clerk, deadline, nonce and order.
 * It doesn't know prices, and no payment: whoever pays checks the address here before trusting anyone with money.
 */
import { sha3_256 } from "@noble/hashes/sha3.js";
import { bytesField, concat, exactly, textField, u8, u64 } from "./bcs.ts";
import { fromHex, toHex } from "./primitives.ts";

/** The arguments of `job_orders::create_job`: what the money at a quote's address can become. */
export interface QuotedOrder {
  provider: string;
  image: string;
  spec: string;
  gpus: bigint;
  maxDurationSecs: bigint;
  maxRatePerHour: bigint;
  deposit: bigint;
  holdbackSecs: bigint;
  priority: number;
  /** 32 bytes as hex, or 0x. */
  buyerKey: string;
}

export interface QuoteTerms {
  /** The buyer of the job, and the only one the money can go back to. */
  payer: string;
  /** May have the money sent back at any time, and nothing else. */
  clerk: string;
  /** Unix seconds from which the quote makes no job any more. */
  redeemBy: bigint;
  /** Tells equal quotes apart; bytes as hex. */
  nonce: string;
  orderHash: string;
}

const FACTORY_SEED = new TextEncoder().encode("computestream::quotes");
/** Object addresses made of a creator and a seed end their preimage so. */
const NAMED_OBJECT = 0xfe;

/** SHA3-256 of the order in BCS, as hex. Addresses are normalised ones; throws RangeError on a bad length or range. */
export function orderHash(order: QuotedOrder): string {
  return toHex(
    sha3_256(
      concat(
        exactly(32, order.provider, "provider"),
        textField(order.image),
        textField(order.spec),
        u64(order.gpus),
        u64(order.maxDurationSecs),
        u64(order.maxRatePerHour),
        u64(order.deposit),
        u64(order.holdbackSecs),
        u8(order.priority),
        bytesField(fromHex(order.buyerKey)),
      ),
    ),
  );
}

/** Where the quote is paid: `job_quotes::quote_address` of the package. */
export function quoteAddress(packageAddress: string, quote: QuoteTerms): string {
  const factory = namedObject(exactly(32, packageAddress, "package"), FACTORY_SEED);
  const seed = concat(
    exactly(32, quote.payer, "payer"),
    exactly(32, quote.clerk, "clerk"),
    u64(quote.redeemBy),
    bytesField(fromHex(quote.nonce)),
    bytesField(exactly(32, quote.orderHash, "orderHash")),
  );
  return toHex(namedObject(factory, seed));
}

function namedObject(creator: Uint8Array, seed: Uint8Array): Uint8Array {
  return sha3_256(concat(creator, seed, u8(NAMED_OBJECT)));
}
