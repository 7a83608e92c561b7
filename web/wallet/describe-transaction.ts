/**
 * A raw transaction in words, from its bytes and not from what the site says it is: function, arguments, amounts.
 * It doesn't sign and doesn't ask the chain.
 */
import {
  AccountAddress,
  Deserializer,
  type RawTransaction,
  TransactionPayloadEntryFunction,
} from "@aptos-labs/ts-sdk";
import { toHex } from "@computestream/protocol";
import { type AssetUnit, formatAmount, formatDuration, shortAddress } from "../lib/format.ts";
import type { ApprovalRequest } from "./approvals.ts";

type Kind = "address" | "text" | "number" | "seconds" | "amount" | "price" | "bytes" | "raw";
type Layout = Array<[label: string, kind: Kind]>;

const ATTESTATION: Layout = [
  ["Attestation number", "number"],
  ["Seconds proven", "seconds"],
  ["Proven up to (unix time)", "number"],
  ["Log root", "bytes"],
  ["Provider's signature", "bytes"],
];

/** Argument layouts of the entry functions that the site builds (docs/protocol.md). */
const LAYOUTS: Record<string, { title: string; args: Layout; locks?: number }> = {
  "job_registry::create_job": {
    title: "Create and fund a job",
    args: [
      ["Machine", "address"],
      ["Image", "text"],
      ["Job", "text"],
      ["Longest run", "seconds"],
      ["Highest price per hour", "price"],
      ["Locked in escrow", "amount"],
    ],
    locks: 5,
  },
  "job_registry::cancel": { title: "Cancel a job", args: [["Job", "address"]] },
  "job_registry::terminate": { title: "Stop a running job", args: [["Job", "address"], ...ATTESTATION] },
  "job_registry::finalize": { title: "Finish settling a job", args: [["Job", "address"]] },
  "job_registry::flag_stalled": { title: "Flag a silent machine", args: [["Job", "address"]] },
  "job_registry::expire": { title: "Expire a job", args: [["Job", "address"]] },
  "provider_registry::register": {
    title: "Register a machine",
    args: [
      ["Operator", "address"],
      ["Attestation key", "bytes"],
      ["Name", "text"],
      ["GPU", "text"],
      ["GPUs", "number"],
      ["GPU memory (GB)", "number"],
      ["Cores", "number"],
      ["Memory (GB)", "number"],
      ["Disk (GB)", "number"],
      ["Region", "text"],
      ["Sandbox", "text"],
      ["Slots", "number"],
      ["Price per hour", "price"],
      ["Asset", "address"],
      ["Stake", "amount"],
    ],
    locks: 14,
  },
};

/** Throws when the transaction is none that can be told in words: then it isn't signed either. */
export function describeTransaction(
  raw: RawTransaction,
  known: { packageAddress: string; asset: AssetUnit },
): ApprovalRequest {
  if (!(raw.payload instanceof TransactionPayloadEntryFunction)) {
    throw new Error("The development wallet signs calls of entry functions only.");
  }
  const call = raw.payload.entryFunction;
  const moduleAddress = call.module_name.address.toStringLong();
  const name = `${call.module_name.name.identifier}::${call.function_name.identifier}`;
  const ours = moduleAddress === AccountAddress.from(known.packageAddress).toStringLong();
  const layout = ours ? LAYOUTS[name] : undefined;
  const { symbol, decimals } = known.asset;
  const lines: ApprovalRequest["lines"] = [
    { label: "Function", value: `${shortAddress(call.module_name.address.toString())}::${name}` },
  ];
  call.args.forEach((arg, index) => {
    const bytes = arg.bcsToBytes();
    const [label, kind] = layout?.args[index] ?? [`Argument ${index + 1}`, "raw" as const];
    const value = readArgument(bytes, kind, { symbol, decimals });
    lines.push({ label, value, ...(index === layout?.locks ? { strong: true } : {}) });
  });
  const maxFee = raw.max_gas_amount * raw.gas_unit_price;
  // The network's fee is always in its native coin, whatever the market's asset is.
  lines.push({ label: "Network fee, at most", value: `${formatAmount(maxFee, 8)} MOVE` });
  lines.push({ label: "Chain", value: String(raw.chain_id.chainId) });
  return {
    kind: "transaction",
    title: layout?.title ?? `Call ${name}`,
    lines,
    text: null,
  };
}

function readArgument(bytes: Uint8Array, kind: Kind, unit: AssetUnit): string {
  const reader = new Deserializer(bytes);
  try {
    switch (kind) {
      case "address":
        return shortAddress(reader.deserialize(AccountAddress).toString());
      case "text":
        return reader.deserializeStr() || "—";
      case "number":
        return reader.deserializeU64().toString();
      case "seconds":
        return formatDuration(Number(reader.deserializeU64()));
      case "amount":
      case "price":
        return `${formatAmount(reader.deserializeU64(), unit.decimals)} ${unit.symbol}`;
      case "bytes":
        return shortBytes(reader.deserializeBytes());
      default:
        return shortBytes(bytes);
    }
  } catch {
    throw new Error("The transaction's arguments aren't what this function takes; it isn't signed.");
  }
}

function shortBytes(bytes: Uint8Array): string {
  const hex = toHex(bytes);
  return hex.length > 42 ? `${hex.slice(0, 26)}… (${bytes.length} bytes)` : hex;
}
