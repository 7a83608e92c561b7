/**
 * Who pays: an address and a way to have a transaction signed, whether by a key at hand or by a wallet.
 * It doesn't keep keys and doesn't send anything.
 */
import type { Account, AccountAuthenticator, SimpleTransaction } from "@aptos-labs/ts-sdk";
import { normalizeAddress } from "@computestream/protocol";

export interface MovementSigner {
  address: string;
  /** Signs the transaction with its fee payer set, and doesn't send it. */
  sign(transaction: SimpleTransaction): Promise<AccountAuthenticator>;
}

export function signerOf(account: Account): MovementSigner {
  return {
    address: normalizeAddress(account.accountAddress.toString()),
    sign: async (transaction) => account.signTransactionWithAuthenticator(transaction),
  };
}
