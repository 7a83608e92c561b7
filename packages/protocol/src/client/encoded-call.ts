/**
 * Calls whose arguments are BCS already: what a caller makes thousands of a second must not go through an ABI.
 * It doesn't know senders, gas or sequence numbers.
 */
import {
  EntryFunction,
  type EntryFunctionArgument,
  Identifier,
  ModuleId,
  Serializable,
  type Serializer,
  TransactionPayloadEntryFunction,
} from "@aptos-labs/ts-sdk";
import { fromHex } from "../primitives.ts";
import type { PayableUsage } from "./args.ts";

export interface EncodedCall {
  /** `<package>::<module>` */
  module: `${string}::${string}`;
  function: string;
  /** BCS of each argument. */
  encodedArguments: Uint8Array[];
}

export function isEncoded(payload: object): payload is EncodedCall {
  return "encodedArguments" in payload;
}

class EncodedArgument extends Serializable implements EntryFunctionArgument {
  private readonly bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    super();
    this.bytes = bytes;
  }
  serialize(serializer: Serializer): void {
    serializer.serializeFixedBytes(this.bytes);
  }
  serializeForEntryFunction(serializer: Serializer): void {
    serializer.serializeBytes(this.bytes);
  }
}

export function encodedPayload(call: EncodedCall): TransactionPayloadEntryFunction {
  return new TransactionPayloadEntryFunction(
    new EntryFunction(
      ModuleId.fromStr(call.module),
      new Identifier(call.function),
      [],
      call.encodedArguments.map((bytes) => new EncodedArgument(bytes)),
    ),
  );
}

const HASH_BYTES = 32;
const SIGNATURE_BYTES = 64;

/** Bytes that one entry of a batch takes in its transaction, without and with a countersignature. */
export const PAYMENT_ENTRY_BYTES = 32 + 8 + 8 + 8 + (1 + HASH_BYTES) + (1 + SIGNATURE_BYTES);
export const COUNTERSIGNATURE_BYTES = 1 + SIGNATURE_BYTES;

/** `process_payments` of `usages`: byte for byte what the payload of the same name comes to. */
export function encodeProcessPayments(packageAddress: string, usages: PayableUsage[]): EncodedCall {
  const count = usages.length;
  const countersigned = usages.some((usage) => "countersignature" in usage);
  const vectors = [
    vectorOf(count, 32),
    vectorOf(count, 8),
    vectorOf(count, 8),
    vectorOf(count, 8),
    vectorOf(count, 1 + HASH_BYTES),
    vectorOf(count, 1 + SIGNATURE_BYTES),
    vectorOf(countersigned ? count : 0, 1 + SIGNATURE_BYTES),
  ] as const;
  const [jobs, seqs, seconds, times, roots, signatures, countersignatures] = vectors;
  for (const usage of usages) {
    jobs.bytes(usage.job, false);
    seqs.u64(usage.seq);
    seconds.u64(usage.secondsCum);
    times.u64(usage.tLast);
    roots.bytes(usage.logRoot, true);
    signatures.bytes(usage.signature, true);
    if (countersigned) {
      countersignatures.bytes("countersignature" in usage ? usage.countersignature : "0x", true);
    }
  }
  return {
    module: `${packageAddress}::payment_stream`,
    function: "process_payments",
    encodedArguments: vectors.map((vector) => vector.finish()),
  };
}

/** A BCS vector of `count` elements of at most `elementBytes` (below 128) each. */
function vectorOf(count: number, elementBytes: number) {
  const buffer = new Uint8Array(5 + count * elementBytes);
  const view = new DataView(buffer.buffer);
  let at = 0;
  for (let rest = count; ; rest >>>= 7) {
    buffer[at++] = rest >= 0x80 ? (rest & 0x7f) | 0x80 : rest;
    if (rest < 0x80) break;
  }
  return {
    u64(value: bigint): void {
      view.setBigUint64(at, value, true);
      at += 8;
    },
    bytes(hex: string, withLength: boolean): void {
      const bytes = fromHex(hex);
      if (withLength) buffer[at++] = bytes.length;
      buffer.set(bytes, at);
      at += bytes.length;
    },
    finish: () => buffer.subarray(0, at),
  };
}
