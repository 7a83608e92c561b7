/**
 * Gives MOVE to anybody: an account with nearly all of the supply, whose key is public, and ordinary transfers from it.
 * It doesn't know HTTP.
 */
import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import type { Accounts } from "./chain/accounts.ts";
import { FRAMEWORK_ADDRESS } from "./chain/accounts.ts";
import type { Chain } from "./chain/chain.ts";
import type { State } from "./chain/state.ts";
import { ENTRY_FUNCTION_PAYLOAD, RAW_TRANSACTION_SALT } from "./chain/transaction.ts";
import { BcsWriter } from "./codec/bcs.ts";
import { parseAddress, sha3 } from "./codec/bytes.ts";
import type { MoveVm, VmEnv } from "./vm/types.ts";

export interface Faucet {
  /** Creates the account when it is absent and gives it `amount` base units; the hash of the committed transaction. */
  fund(address: Uint8Array, amount: bigint): Promise<Uint8Array>;
}

export class FaucetError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "FaucetError";
  }
}

/** Base units in one request: 100 million MOVE. */
export const MAX_FUNDING = 10n ** 16n;
const GENESIS_FUNDS = 10n ** 19n;
/** Where the localnet of Aptos has its faucet, too. */
const FAUCET_ADDRESS = parseAddress("0xa550c18") as Buffer;
const MAX_GAS_AMOUNT = 200_000n;
const GAS_UNIT_PRICE = 100n;
const EXPIRATION_SECS = 60;
const COMMIT_TIMEOUT_MS = 20_000;

/** PKCS #8 of an Ed25519 key before its 32 bytes. */
const PKCS8_PREFIX = Buffer.from("302e020100300506032b657004220420", "hex");
/** Not a secret: whoever reaches a devnet may have all the MOVE there is. */
const privateKey = createPrivateKey({
  key: Buffer.concat([PKCS8_PREFIX, sha3(Buffer.from("ComputeStream devnet faucet"))]),
  format: "der",
  type: "pkcs8",
});
const publicKey = createPublicKey(privateKey).export({ format: "der", type: "spki" }).subarray(-32);

/** Part of genesis: the faucet's account and its funds. */
export function fundFaucet(context: { vm: MoveVm; accounts: Accounts; state: State; env: VmEnv }): void {
  const { vm, accounts, state, env } = context;
  accounts.create(state, FAUCET_ADDRESS, sha3(Buffer.concat([publicKey, Buffer.from([0])])));
  const result = vm.executeEntry(
    state,
    env,
    [FRAMEWORK_ADDRESS],
    {
      moduleAddress: FRAMEWORK_ADDRESS,
      module: "transaction_validation",
      function: "fund",
      typeArgs: [],
      args: [FAUCET_ADDRESS, new BcsWriter(8).u64(GENESIS_FUNDS).finish()],
    },
    1_000_000_000n,
  );
  if (!result.ok) throw new Error(`genesis could not fund the faucet: ${result.vmStatus}`);
}

export function createFaucet(chain: Chain): Faucet {
  let last: Promise<unknown> = Promise.resolve();

  function build(recipient: Uint8Array, amount: bigint): Buffer {
    const { sequenceNumber } = chain.accounts.read(chain.state, FAUCET_ADDRESS) ?? { sequenceNumber: 0n };
    const raw = new BcsWriter(256)
      .raw(FAUCET_ADDRESS)
      .u64(sequenceNumber)
      .uleb(ENTRY_FUNCTION_PAYLOAD)
      .raw(FRAMEWORK_ADDRESS)
      .str("aptos_account")
      .str("transfer")
      .uleb(0)
      .vector([recipient, new BcsWriter(8).u64(amount).finish()], (w, arg) => w.bytes(arg))
      .u64(MAX_GAS_AMOUNT)
      .u64(GAS_UNIT_PRICE)
      .u64(BigInt(Math.floor(chain.nowUsecs() / 1_000_000) + EXPIRATION_SECS))
      .u8(chain.chainId)
      .finish();
    const signature = sign(null, Buffer.concat([RAW_TRANSACTION_SALT, raw]), privateKey);
    return new BcsWriter(raw.length + 100).raw(raw).uleb(0).bytes(publicKey).bytes(signature).finish();
  }

  async function fund(address: Uint8Array, amount: bigint): Promise<Uint8Array> {
    const { hash } = await chain.submit(build(address, amount));
    const entry = await chain.waitFor(hash, COMMIT_TIMEOUT_MS);
    if (!entry) throw new FaucetError("the funding transaction was not committed");
    if (!entry.success) throw new FaucetError(`the funding transaction failed: ${entry.vmStatus}`);
    return hash;
  }

  return {
    // One after the other: each takes the faucet's next sequence number.
    fund(address, amount) {
      const result = last.then(() => fund(address, amount));
      last = result.catch(() => undefined);
      return result;
    },
  };
}
