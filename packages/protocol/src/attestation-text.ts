/**
 * Attestation messages of the hub read straight from their text, as nodes write nearly all of them.
 * It doesn't judge: whatever is spelled differently is left to `zNodeMessage`, which says what is wrong with it.
 */
import type { SignedUsage } from "./attestation.ts";

/** What `JSON.stringify` makes of the message: nothing in it can be escaped, and 19 digits are always below 2^64. */
const ATTESTATION =
  /^\{"type":"attestation","usage":\{"job":"(0x[0-9a-f]{64})","seq":"(\d{1,19})","secondsCum":"(\d{1,19})","tLast":"(\d{1,19})","logRoot":"(0x[0-9a-f]{64})","signature":"(0x[0-9a-f]{128})"\}\}$/;
/** Digits that are exact as a JavaScript number, which is quicker to read. */
const SAFE_DIGITS = 15;

/** The same usage that `zNodeMessage` reads from `text`, or null where it must be asked. */
export function readAttestationText(text: string): SignedUsage | null {
  const found = ATTESTATION.exec(text);
  if (!found) return null;
  const [, job, seq, secondsCum, tLast, logRoot, signature] = found as unknown as Groups;
  return {
    job,
    seq: integer(seq),
    secondsCum: integer(secondsCum),
    tLast: integer(tLast),
    logRoot,
    signature,
  };
}

type Groups = [string, string, string, string, string, string, string];

function integer(digits: string): bigint {
  return BigInt(digits.length <= SAFE_DIGITS ? Number(digits) : digits);
}
