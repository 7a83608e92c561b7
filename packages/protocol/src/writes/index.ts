/**
 * Every write of the market by name: what is asked for, which entry function it becomes, and its old names.
 * It doesn't know HTTP, senders or gas; the market's admin sends its own transactions.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import { JOB_WRITES } from "./jobs.ts";
import { MONEY_WRITES } from "./money.ts";
import { PROVIDER_WRITES } from "./providers.ts";
import type { Write } from "./write.ts";

export * from "./status.ts";
export * from "./wire.ts";
export type { EntryPath, Signer, Write, WriteAlias } from "./write.ts";

export const WRITES = { ...PROVIDER_WRITES, ...JOB_WRITES, ...MONEY_WRITES } as const;
export type WriteName = keyof typeof WRITES;
export const WRITE_NAMES = Object.keys(WRITES) as WriteName[];

export function writeOf(name: WriteName): Write {
  return WRITES[name];
}

type JsonArgument = string | number | boolean | JsonArgument[];

/** What `signAndSubmitTransaction` of a wallet takes as `data`, in JSON. */
export interface PayloadJson {
  /** `address::module::name` */
  function: string;
  typeArguments: string[];
  /** Integers above 32 bits as decimal strings, bytes as lists of numbers: wallets read a string as UTF-8. */
  functionArguments: JsonArgument[];
}

export function payloadToJson(payload: InputEntryFunctionData): PayloadJson {
  return {
    function: payload.function,
    typeArguments: [],
    functionArguments: payload.functionArguments.map((argument) => jsonOf(argument)),
  };
}

function jsonOf(argument: unknown): JsonArgument {
  if (typeof argument === "bigint") return argument.toString();
  if (argument instanceof Uint8Array) return [...argument];
  if (Array.isArray(argument)) return argument.map(jsonOf);
  if (typeof argument === "string" || typeof argument === "number" || typeof argument === "boolean")
    return argument;
  throw new TypeError("an argument that JSON has no form for");
}
