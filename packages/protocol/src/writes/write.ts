/**
 * What a write is: one entry function under a name that callers know, and the JSON that its arguments are made of.
 * It doesn't know any write.
 */
import type { InputEntryFunctionData } from "@aptos-labs/ts-sdk";
import type { z } from "zod";
import type { Payloads } from "../client/payloads.ts";
import type { ENTRY_FUNCTIONS } from "../generated/abi.ts";

type Functions = typeof ENTRY_FUNCTIONS;
/** `module::function` of the package. */
export type EntryPath = {
  [M in keyof Functions]: `${M & string}::${keyof Functions[M] & string}`;
}[keyof Functions];

/** Whose signature the chain asks for. */
export type Signer = "anyone" | "buyer" | "owner" | "operator" | "owner or operator" | "arbiter";

/** A name that an earlier system used. Parameters of its path are fields of the body. */
export interface WriteAlias {
  method: "POST" | "PATCH";
  path: string;
}

export interface Write {
  summary: string;
  calls: EntryPath;
  signer: Signer;
  /** An object; bigints where it has decimal strings. */
  body: z.ZodObject;
  /** Throws RangeError for what no schema can see. */
  build: (payloads: Payloads, body: never) => InputEntryFunctionData;
  aliases?: readonly WriteAlias[];
}

/** Lets a write's builder be checked against its own schema. */
export function write<S extends z.ZodObject>(
  definition: Omit<Write, "body" | "build"> & {
    body: S;
    build: (payloads: Payloads, body: z.output<S>) => InputEntryFunctionData;
  },
): Write {
  return definition;
}
