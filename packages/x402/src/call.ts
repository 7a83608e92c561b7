/**
 * Entry function calls compared by what the chain would execute: function, type arguments and the bytes of each argument.
 * It doesn't know what any of them does.
 */
import {
  generateTransactionPayloadWithABI,
  type InputEntryFunctionData,
  type TransactionPayload,
  TransactionPayloadEntryFunction,
} from "@aptos-labs/ts-sdk";
import { normalizeAddress, toHex } from "@computestream/protocol";

export interface Call {
  /** `address::module::name`, the address in its long form. */
  function: string;
  typeArguments: string[];
  /** BCS of each as hex. */
  args: string[];
}

/** Null for a script, a multisig's payload or whatever else isn't a plain entry function. */
export function callOf(payload: TransactionPayload): Call | null {
  if (!(payload instanceof TransactionPayloadEntryFunction)) return null;
  const { module_name, function_name, type_args, args } = payload.entryFunction;
  const address = normalizeAddress(module_name.address.toString());
  return {
    function: `${address}::${module_name.name.identifier}::${function_name.identifier}`,
    typeArguments: type_args.map((tag) => tag.toString()),
    args: args.map((argument) => toHex(argument.bcsToBytes())),
  };
}

/** The call that a payload with its ABI makes. */
export function callFrom(data: InputEntryFunctionData): Call {
  if (!data.abi) throw new TypeError(`${data.function} has no ABI beside it`);
  const call = callOf(generateTransactionPayloadWithABI({ ...data, abi: data.abi }));
  if (!call) throw new TypeError(`${data.function} is not an entry function`);
  return call;
}

/** The index of the first argument that differs; -1 when the calls are one; null when it isn't the same function. */
export function firstDifference(call: Call, expected: Call): number | null {
  if (call.function !== expected.function) return null;
  if (call.typeArguments.join() !== expected.typeArguments.join()) return null;
  if (call.args.length !== expected.args.length) return null;
  return call.args.findIndex((argument, index) => argument !== expected.args[index]);
}
