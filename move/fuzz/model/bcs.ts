/**
 * The bytes of what is hashed and signed: terms, attestations and quotes, in BCS, as hex.
 * It doesn't know who signs, nor what a valid value is.
 */
import { hash } from "node:crypto";
import type { QuoteTerms } from "./quotes.ts";
import type { Address, Hex, Terms } from "./types.ts";

const strip = (hex: Hex): string => hex.slice(2);

function uleb(value: number): string {
  let rest = value;
  let out = "";
  while (rest >= 0x80) {
    out += ((rest & 0x7f) | 0x80).toString(16).padStart(2, "0");
    rest >>>= 7;
  }
  return out + rest.toString(16).padStart(2, "0");
}

function u64(value: bigint): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes.toString("hex");
}

const bytes = (hex: Hex): string => uleb(strip(hex).length / 2) + strip(hex);
const text = (value: string): string => bytes(`0x${Buffer.from(value, "utf8").toString("hex")}`);
const address = strip;

export function termsHash(job: Address, terms: Terms): Hex {
  const { requirements: r } = terms;
  const body = [
    address(job),
    address(terms.buyer),
    address(terms.provider),
    address(terms.asset),
    text(terms.image),
    text(terms.jobSpec),
    text(r.gpuModel),
    u64(r.gpus),
    u64(r.vramGb),
    u64(r.cpuCores),
    u64(r.ramGb),
    u64(r.diskGb),
    text(r.region),
    text(r.sandbox),
    u64(r.minStake),
    u64(terms.ratePerHour),
    u64(terms.maxDurationSecs),
    u64(terms.deposit),
    u64(terms.holdbackSecs),
    terms.priority.toString(16).padStart(2, "0"),
    bytes(terms.buyerKey),
  ].join("");
  return `0x${hash("sha3-256", Buffer.from(body, "hex"), "hex")}`;
}

/** What a quote promises. */
export function orderHash({ provider, order, spec, gpus }: QuoteTerms): Hex {
  const body = [
    address(provider),
    text(order.image),
    text(spec),
    u64(gpus),
    u64(order.maxDurationSecs),
    u64(order.maxRatePerHour),
    u64(order.deposit),
    u64(order.holdbackSecs),
    order.priority.toString(16).padStart(2, "0"),
    bytes(order.buyerKey),
  ].join("");
  return `0x${hash("sha3-256", Buffer.from(body, "hex"), "hex")}`;
}

/** What its address is made of. */
export function quoteSeed({ payer, clerk, redeemBy, nonce }: QuoteTerms, order: Hex): Hex {
  return `0x${[address(payer), address(clerk), u64(redeemBy), bytes(nonce), bytes(order)].join("")}`;
}

export interface Usage {
  chainId: number;
  module: Address;
  job: Address;
  termsHash: Hex;
  seq: bigint;
  secondsCum: bigint;
  tLast: bigint;
  logRoot: Hex;
}

export const USAGE_DOMAIN = "computestream::usage.v1";

export function usageMessage(usage: Usage, domain = USAGE_DOMAIN): Hex {
  return `0x${[
    text(domain),
    usage.chainId.toString(16).padStart(2, "0"),
    address(usage.module),
    address(usage.job),
    bytes(usage.termsHash),
    u64(usage.seq),
    u64(usage.secondsCum),
    u64(usage.tLast),
    bytes(usage.logRoot),
  ].join("")}`;
}
