/**
 * Refusals of the chain and failures of the node as one error with a stable code and a sentence.
 * It doesn't know which call failed, nor whether to try again: `retryable` only says that asking later may help.
 */
import { ABORTS } from "../generated/errors.ts";
import { normalizeAddress } from "../primitives.ts";
import type { ChainFailure } from "./types.ts";

export class ChainError extends Error {
  readonly failure: ChainFailure;
  /** The node may answer otherwise later (connection, 5xx, 429, outcome unknown). */
  readonly retryable: boolean;
  /** How long the node asks to be left alone (its Retry-After); 0 when it doesn't say. */
  readonly retryAfterMs: number;
  constructor(
    failure: ChainFailure,
    options: { retryable?: boolean; retryAfterMs?: number; cause?: unknown } = {},
  ) {
    super(`${failure.code}: ${failure.message}`, { cause: options.cause });
    this.name = "ChainError";
    this.failure = failure;
    this.retryable = options.retryable ?? false;
    this.retryAfterMs = options.retryAfterMs ?? 0;
  }
}

/** A failure that did not come from a module. */
export function chainError(
  code: string,
  message: string,
  options: { retryable?: boolean; retryAfterMs?: number; cause?: unknown } = {},
): ChainError {
  return new ChainError({ code, module: null, message }, options);
}

/** What the VM or the mempool says in one word, and the sentence for a person. */
const VM_STATUSES: Record<string, string> = {
  OUT_OF_GAS: "The transaction ran out of gas; raise its maximum gas amount.",
  INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE: "The account can't pay the maximum transaction fee; fund it.",
  SEQUENCE_NUMBER_TOO_OLD: "The account has already used this sequence number for another transaction.",
  SEQUENCE_NUMBER_TOO_NEW: "An earlier transaction of this account is missing.",
  TRANSACTION_EXPIRED: "The transaction expired before it was committed.",
  INVALID_SIGNATURE: "The transaction's signature doesn't match its content.",
  INVALID_AUTH_KEY: "The transaction was signed with a key that isn't the account's.",
  SENDING_ACCOUNT_DOES_NOT_EXIST: "The sending account doesn't exist on this chain; fund it first.",
  BAD_CHAIN_ID: "The transaction was signed for another chain.",
  GAS_UNIT_PRICE_BELOW_MIN_BOUND: "The gas price is below the chain's minimum.",
  MAX_GAS_UNITS_EXCEEDS_MAX_GAS_UNITS_BOUND: "The maximum gas amount is above what the chain allows.",
  MAX_GAS_UNITS_BELOW_MIN_TRANSACTION_GAS_UNITS:
    "The maximum gas amount is below what the transaction's size costs.",
  EXCEEDED_MAX_TRANSACTION_SIZE: "The transaction is larger than the chain allows; split it.",
  LINKER_ERROR: "A module that the transaction calls isn't published on this chain.",
  FUNCTION_RESOLUTION_FAILURE: "The function that the transaction calls doesn't exist on this chain.",
  BACKWARD_INCOMPATIBLE_MODULE_UPDATE:
    "The new modules can't replace those on chain: they remove or change what others may use.",
  MEMPOOL_IS_FULL: "The node's queue is full; try again later.",
};

/** Aborts of the framework that a user of the market meets, by module and reason (the low 16 bits of the code). */
const FRAMEWORK_ABORTS: Record<string, Record<number, { name: string; sentence: string }>> = {
  fungible_asset: {
    3: { name: "ESTORE_IS_FROZEN", sentence: "The account's store of this asset is frozen." },
    4: { name: "EINSUFFICIENT_BALANCE", sentence: "The account doesn't hold enough of the asset." },
  },
  coin: { 6: { name: "EINSUFFICIENT_BALANCE", sentence: "The account doesn't hold enough of the coin." } },
  object: { 2: { name: "EOBJECT_DOES_NOT_EXIST", sentence: "There is no object at this address." } },
};

interface Abort {
  /** null when the text names no package. */
  address: string | null;
  module: string;
  code: bigint | null;
  name: string | null;
  description: string | null;
}

/**
 * A VM status, a submit error or a view error as a named failure.
 * Named: `Move abort in 0x1::m: E_NAME(0x1): sentence`; raw: `Move abort in 0x1::m: 0x1`,
 * `VM aborted: location=0x1::m, code=1`, and the debug form of a VMError in a view's answer.
 */
export function explainFailure(packageAddress: string, vmStatus: string): ChainFailure {
  const abort = parseAbort(vmStatus);
  if (abort) return explainAbort(packageAddress, abort);
  for (const [code, message] of Object.entries(VM_STATUSES)) {
    if (new RegExp(`\\b${code}\\b`, "i").test(vmStatus)) return { code, module: null, message };
  }
  if (/out of gas/i.test(vmStatus)) {
    return { code: "OUT_OF_GAS", module: null, message: VM_STATUSES.OUT_OF_GAS ?? vmStatus };
  }
  if (/execution failed/i.test(vmStatus)) {
    return { code: "EXECUTION_FAILED", module: null, message: clip(vmStatus) };
  }
  const word = /\b[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+\b/.exec(vmStatus)?.[0];
  return { code: word ?? "UNKNOWN_FAILURE", module: null, message: clip(vmStatus) };
}

function parseAbort(text: string): Abort | null {
  const fullnode =
    /Move abort in (0x[0-9a-fA-F]+)::(\w+):\s*(?:([A-Za-z_]\w*)\((0x[0-9a-fA-F]+|\d+)\)(?::\s*([\s\S]*))?|(0x[0-9a-fA-F]+|\d+))/.exec(
      text,
    );
  if (fullnode) {
    const [, address = "", module = "", name, named, description, raw] = fullnode;
    return {
      address,
      module,
      code: BigInt(named ?? raw ?? "0"),
      name: name ?? null,
      description: description?.trim() || null,
    };
  }
  const vm = /location=(?:(0x[0-9a-fA-F]+|[0-9a-fA-F]{1,64})::)?(\w+),\s*code=(\d+)/.exec(text);
  if (vm) {
    const [, address, module = "", code = "0"] = vm;
    return { address: address ?? null, module, code: BigInt(code), name: null, description: null };
  }
  const subStatus = /ABORTED[\s\S]*?sub_status:\s*Some\((\d+)\)/.exec(text)?.[1];
  const location = /ModuleId\s*\{\s*address:\s*(?:0x)?([0-9a-fA-F]+),\s*name:\s*Identifier\("(\w+)"\)/.exec(
    text,
  );
  if (subStatus && location) {
    const [, address = "", module = ""] = location;
    return { address, module, code: BigInt(subStatus), name: null, description: null };
  }
  return null;
}

function explainAbort(packageAddress: string, abort: Abort): ChainFailure {
  const ours =
    abort.address === null
      ? abort.module in ABORTS
      : normalizeAddress(abort.address) === normalizeAddress(packageAddress);
  const known = ours ? lookup(ABORTS[abort.module], abort) : lookup(FRAMEWORK_ABORTS[abort.module], abort);
  const number = abort.code === null ? "" : `0x${abort.code.toString(16)}`;
  const module = ours || abort.address === null ? abort.module : `${shorten(abort.address)}::${abort.module}`;
  return {
    code: known?.name ?? abort.name ?? `ABORT_${number}`,
    module,
    message: known?.sentence ?? abort.description ?? `${module} aborted with code ${number || "unknown"}.`,
  };
}

/** Codes may carry a category in the bits above the low 16 (std::error); ours and the framework's reasons stand below. */
function lookup(
  table: Record<number, { name: string; sentence: string }> | undefined,
  abort: Abort,
): { name: string; sentence: string } | undefined {
  if (!table || abort.code === null) return undefined;
  return table[Number(abort.code)] ?? table[Number(abort.code & 0xffffn)];
}

function shorten(address: string): string {
  return `0x${address.replace(/^0x0*/i, "") || "0"}`;
}

function clip(text: string): string {
  return text.length > 500 ? `${text.slice(0, 500)}…` : text;
}
