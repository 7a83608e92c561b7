/**
 * The VM's failures in the fullnode's words.
 * It doesn't run anything; abort constants come from the module's own metadata.
 */
import { parseAddress } from "../codec/bytes.ts";
import type { ErrorDescription } from "./module-binary.ts";

export interface Failure {
  vmStatus: string;
  abort: { module: string; code: bigint } | null;
}

/** Description of an abort code, null where the module names none. */
export type DescribeAbort = (address: Uint8Array, module: string, code: bigint) => ErrorDescription | null;

const ABORT = /^VM aborted: location=(\S+), code=(\d+)$/;
const FAILURE = /^VM failure: status (\w+)[\s\S]*, location=([^\s,]+), function=(\d+), code_offset=(\d+)$/;
const ERROR = /^VM error: status (\w+)/;

/** Of the code's lower bits only: the upper ones are the category that `std::error` adds. */
export const REASON_MASK = 0xfffn;

export function describeFailure(message: string, describe: DescribeAbort): Failure {
  const abort = ABORT.exec(message);
  if (abort?.[1] && abort[2]) {
    const code = BigInt(abort[2]);
    const module = shortModule(abort[1]);
    if (!module) return { vmStatus: `Move abort: code ${hex(code)}`, abort: { module: "script", code } };
    const found = describe(module.address, module.name, code);
    const reason = found ? `${found.name}(${hex(code)}): ${found.description}` : hex(code);
    return { vmStatus: `Move abort in ${module.text}: ${reason}`, abort: { module: module.text, code } };
  }
  const failure = FAILURE.exec(message);
  const status = failure?.[1] ?? ERROR.exec(message)?.[1];
  if (status === "OUT_OF_GAS") return { vmStatus: "Out of gas", abort: null };
  if (failure?.[2]) {
    const module = shortModule(failure[2]);
    const where = module ? `${module.text}::<function ${failure[3]}>` : "script";
    return {
      vmStatus: `Execution failed in ${where} at code offset ${failure[4]} (${status})`,
      abort: null,
    };
  }
  if (status) return { vmStatus: `Transaction Executed and Committed with Error ${status}`, abort: null };
  return { vmStatus: `Transaction Executed and Committed with Error: ${message}`, abort: null };
}

function hex(code: bigint): string {
  return `0x${code.toString(16)}`;
}

/** `000…0042::counter` or `0x42::counter` as `0x42::counter`; null for a script. */
function shortModule(location: string): { address: Uint8Array; name: string; text: string } | null {
  const [digits, name] = location.split("::");
  const address = digits === undefined ? null : parseAddress(digits);
  if (!address || name === undefined) return null;
  const short = (digits as string).replace(/^0x/, "").replace(/^0+(?=.)/, "");
  return { address, name, text: `0x${short}::${name}` };
}
