/**
 * How a signed, not yet sponsored transaction travels in a payment: the form of the reference code for Aptos, base64 of
 * `{"transaction":[bytes of the transaction],"senderAuthenticator":[bytes]}`.
 * It doesn't check signatures and doesn't know what the transaction does.
 */
import { AccountAuthenticator, Deserializer, SimpleTransaction } from "@aptos-labs/ts-sdk";
import { z } from "zod";

export interface SignedPayment {
  transaction: SimpleTransaction;
  authenticator: AccountAuthenticator;
}

/** A chain takes no larger transactions; each byte is at most four characters of JSON. */
const MAX_TRANSACTION_BYTES = 65_536;
const MAX_ENCODED_CHARS = 400_000;

const zBytes = z.array(z.number().int().min(0).max(255)).min(1).max(MAX_TRANSACTION_BYTES);
const zEnvelope = z.object({ transaction: zBytes, senderAuthenticator: zBytes });

export function encodePayment({ transaction, authenticator }: SignedPayment): string {
  const envelope: z.output<typeof zEnvelope> = {
    transaction: [...transaction.bcsToBytes()],
    senderAuthenticator: [...authenticator.bcsToBytes()],
  };
  return btoa(JSON.stringify(envelope));
}

/** Null for anything that isn't exactly one transaction and one authenticator. */
export function decodePayment(text: string): SignedPayment | null {
  if (text.length > MAX_ENCODED_CHARS) return null;
  try {
    const envelope = zEnvelope.parse(JSON.parse(atob(text)));
    const transaction = whole(envelope.transaction, SimpleTransaction.deserialize);
    const authenticator = whole(envelope.senderAuthenticator, AccountAuthenticator.deserialize);
    return { transaction, authenticator };
  } catch {
    return null;
  }
}

/** Bytes left over would be read by nobody, so they may hide nothing. */
function whole<T>(bytes: number[], read: (deserializer: Deserializer) => T): T {
  const deserializer = new Deserializer(Uint8Array.from(bytes));
  const value = read(deserializer);
  if (deserializer.remaining() > 0) throw new RangeError("bytes left over");
  return value;
}
