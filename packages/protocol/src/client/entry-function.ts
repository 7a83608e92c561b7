/**
 * Calls of the package's entry functions, with their ABI beside them so that building needs no remote lookup.
 * It doesn't know senders, gas or sequence numbers.
 */
import { type InputEntryFunctionData, parseTypeTag } from "@aptos-labs/ts-sdk";
import { ENTRY_FUNCTIONS } from "../generated/abi.ts";
import { fromHex } from "../primitives.ts";
import type { MaybeUsage } from "./args.ts";

export type EntryModule = keyof typeof ENTRY_FUNCTIONS;
export type EntryName<M extends EntryModule> = keyof (typeof ENTRY_FUNCTIONS)[M] & string;
export type Argument = string | bigint | number | boolean | Uint8Array | Array<string | bigint | Uint8Array>;

/** A call of any entry function of the package; arguments in the order of docs/protocol.md, without the signer. */
export function entryFunction<M extends EntryModule>(
  packageAddress: string,
  module: M,
  name: EntryName<M>,
  args: Argument[],
): InputEntryFunctionData {
  const parameters = (ENTRY_FUNCTIONS[module] as Record<string, readonly string[]>)[name] ?? [];
  return {
    function: `${packageAddress}::${module}::${name}` as `${string}::${string}::${string}`,
    functionArguments: args,
    abi: {
      signers: 1,
      typeParameters: [],
      parameters: parameters.map((type) => parseTypeTag(type.replaceAll("{package}", packageAddress))),
    },
  };
}

/** `entryFunction` of one module. */
export function callsOf<M extends EntryModule>(packageAddress: string, module: M) {
  return (name: EntryName<M>, ...args: Argument[]) => entryFunction(packageAddress, module, name, args);
}

/** `(seq, seconds_cum, t_last, log_root, signature)`; an empty signature tells the chain "nothing new". */
export function usageArgs(usage: MaybeUsage): [bigint, bigint, bigint, Uint8Array, Uint8Array] {
  if (!usage) return [0n, 0n, 0n, new Uint8Array(), new Uint8Array()];
  return [usage.seq, usage.secondsCum, usage.tLast, fromHex(usage.logRoot), fromHex(usage.signature)];
}
