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
import { PROVIDER_STATUSES, toHex } from "@computestream/protocol";
import { type AssetUnit, formatAmount, formatDuration, shortAddress } from "../lib/format.ts";
import type { ApprovalRequest } from "./approvals.ts";

type Kind =
  | "address"
  | "text"
  | "number"
  | "small-number"
  | "status"
  | "seconds"
  | "amount"
  | "price"
  | "bytes"
  | "byte-lists"
  | "raw";
type Layout = Array<[label: string, kind: Kind]>;

const JOB: Layout = [["Job", "address"]];
const MACHINE: Layout = [["Machine", "address"]];
const ATTESTATION: Layout = [
  ["Attestation number", "number"],
  ["Seconds proven", "seconds"],
  ["Proven up to (unix time)", "number"],
  ["Log root", "bytes"],
  ["Provider's signature", "bytes"],
];
const WORK: Layout = [
  ["Image", "text"],
  ["Job", "text"],
];
const TERMS: Layout = [
  ["Longest run", "seconds"],
  ["Highest price per hour", "price"],
  ["Locked in escrow", "amount"],
  ["Held back until you confirm", "seconds"],
  ["Priority", "small-number"],
  ["Confirmation key", "bytes"],
];

interface Told {
  title: string;
  args: Layout;
  /** The argument that is the money at stake. */
  locks?: string;
  /** What follows where the arguments don't tell. */
  effect?: string;
}

/** Argument layouts of the entry functions that the site builds (docs/protocol.md). */
const LAYOUTS: Record<string, Told> = {
  "job_orders::create_job": {
    title: "Create and fund a job",
    args: [["Machine", "address"], ...WORK, ["GPUs", "number"], ...TERMS],
    locks: "Locked in escrow",
  },
  "job_orders::create_open_job": {
    title: "Create and fund a job for any machine that fits",
    args: [
      ["Asset", "address"],
      ...WORK,
      ["GPU model", "text"],
      ["GPUs", "number"],
      ["GPU memory (GB), at least", "number"],
      ["Cores, at least", "number"],
      ["Memory (GB), at least", "number"],
      ["Disk (GB), at least", "number"],
      ["Region", "text"],
      ["Sandbox", "text"],
      ["Machine's stake, at least", "amount"],
      ...TERMS,
    ],
    locks: "Locked in escrow",
  },
  "job_registry::cancel": { title: "Cancel a job", args: JOB, effect: "The whole deposit comes back" },
  "job_registry::terminate": {
    title: "Stop a running job",
    args: [...JOB, ...ATTESTATION],
    effect: "Proven seconds are paid, what can't be earned any more comes back",
  },
  "job_registry::extend": {
    title: "Extend a running job",
    args: [...JOB, ["Longer by", "seconds"], ["Added to the escrow", "amount"]],
    locks: "Added to the escrow",
  },
  "job_registry::confirm": {
    title: "Confirm the work and release its money",
    args: JOB,
    effect: "Everything held for the seconds billed so far is paid; it can't be taken back",
  },
  "job_registry::confirm_signed": {
    title: "Bring the buyer's signed agreement",
    args: [...JOB, ...ATTESTATION.slice(0, -1), ["Buyer's signature", "bytes"]],
    effect: "What is held for the seconds the buyer signed for is paid",
  },
  "job_registry::finalize": {
    title: "Finish settling a job",
    args: JOB,
    effect: "What is held goes to the machine, the rest to the buyer",
  },
  "job_registry::flag_stalled": { title: "Flag a silent machine", args: JOB },
  "job_registry::expire": { title: "Expire a job", args: JOB },
  "dispute::challenge_output": {
    title: "Challenge a job's output",
    args: [...JOB, ["Piece of the output", "number"]],
    effect: "Locks the job's bond until the machine answers or its time is over",
  },
  "dispute::open_arbitration": {
    title: "Ask the arbiter",
    args: [...JOB, ["Your reason, public", "text"]],
    effect: "Locks the job's bond until the arbiter decides or its time is over",
  },
  "dispute::rule": {
    title: "Decide a case",
    args: [...JOB, ["Of what was held at its opening, to the machine", "amount"]],
    effect: "The rest goes back to the buyer; a buyer who gets nothing loses the bond",
  },
  "dispute::resolve": {
    title: "Close a case whose time is over",
    args: JOB,
    effect: "The held money goes where the case's rules send it",
  },
  "provider_registry::set_status": {
    title: "Open or close a machine for new jobs",
    args: [...MACHINE, ["Status", "status"]],
  },
  "provider_registry::update_price": {
    title: "Change a machine's prices",
    args: [...MACHINE, ["Price per hour", "price"], ["Added for each GPU", "price"]],
    effect: "New jobs pay this; those that were ordered before don't",
  },
  "provider_registry::add_stake": {
    title: "Add to a machine's stake",
    args: [...MACHINE, ["Stake", "amount"]],
    locks: "Stake",
  },
  "provider_registry::request_unstake": {
    title: "Take stake out of a machine",
    args: [...MACHINE, ["Leaves the stake", "amount"]],
    effect: "It can be withdrawn once the market's time is over; until then a fault may cost it",
  },
  "provider_registry::withdraw_stake": {
    title: "Withdraw stake that has waited",
    args: MACHINE,
    effect: "All of it goes to the machine's owner",
  },
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
      ["GPU commitments", "byte-lists"],
      ["Slots", "number"],
      ["Price per hour", "price"],
      ["Added for each GPU", "price"],
      ["Asset", "address"],
      ["Stake", "amount"],
    ],
    locks: "Stake",
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
    lines.push({ label, value, ...(label === layout?.locks ? { strong: true } : {}) });
  });
  // What is at stake comes first: a long list is scrolled, a number below the fold isn't read.
  lines.sort((x, y) => Number(y.strong ?? false) - Number(x.strong ?? false));
  if (layout?.effect) lines.push({ label: "What happens", value: layout.effect });
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
      case "small-number":
        return reader.deserializeU8().toString();
      case "status": {
        const status = PROVIDER_STATUSES[reader.deserializeU8()];
        if (status === undefined) throw new RangeError("no such status");
        return status;
      }
      case "seconds":
        return formatDuration(Number(reader.deserializeU64()));
      case "amount":
      case "price":
        return `${formatAmount(reader.deserializeU64(), unit.decimals)} ${unit.symbol}`;
      case "bytes":
        return shortBytes(reader.deserializeBytes());
      case "byte-lists":
        return reader.deserializeUleb128AsU32().toString();
      default:
        return shortBytes(bytes);
    }
  } catch {
    throw new Error("The transaction's arguments aren't what this function takes; it isn't signed.");
  }
}

function shortBytes(bytes: Uint8Array): string {
  if (bytes.length === 0) return "none";
  const hex = toHex(bytes);
  return hex.length > 42 ? `${hex.slice(0, 26)}… (${bytes.length} bytes)` : hex;
}
