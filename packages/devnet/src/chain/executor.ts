/**
 * Runs one validated transaction on a state: Move, then gas and sequence number.
 * It doesn't order transactions, store them, or check signatures.
 */
import { formatType, parseType } from "../codec/type-tag.ts";
import type { MoveVm, VmEnv, VmEvent, VmResult, VmStore } from "../vm/types.ts";
import type { Accounts } from "./accounts.ts";
import { gasUnits, intrinsicGas, vmGasLimit } from "./gas.ts";
import type { Outcome } from "./ledger.ts";
import type { StatusCode } from "./rejection.ts";
import { createOverlay, type Overlay } from "./state.ts";
import { gasPayer, type SignedTransaction, signers, typeArgBytes } from "./transaction.ts";
import { checkState } from "./validation.ts";

export interface Block {
  height: number;
  timestampUsecs: number;
  /** What expiry is measured against. */
  expiryUsecs: number;
}

export interface Executor {
  /** The outcome to commit, or why the transaction can't be committed at all. */
  execute(state: VmStore, transaction: SignedTransaction, block: Block): Outcome | { discarded: StatusCode };
}

export interface ExecutorOptions {
  vm: MoveVm;
  accounts: Accounts;
  chainId: number;
  onInternalError(error: unknown, transaction: SignedTransaction): void;
}

export function createExecutor(options: ExecutorOptions): Executor {
  const { vm, accounts, chainId } = options;

  function run(store: VmStore, env: VmEnv, transaction: SignedTransaction, limit: bigint): VmResult {
    const { payload } = transaction;
    const senders = signers(transaction);
    const typeArgs = typeArgBytes(payload);
    if (payload.kind === "script") {
      const args = payload.args.map((arg) => arg.bytes);
      return vm.executeScript(store, env, senders, { code: payload.code, typeArgs, args }, limit);
    }
    const { moduleAddress, module, function: name, args } = payload;
    return vm.executeEntry(
      store,
      env,
      senders,
      { moduleAddress, module, function: name, typeArgs, args },
      limit,
    );
  }

  /** Gas and sequence number on top of whatever `overlay` holds; false when the payer can't pay any more. */
  function settle(overlay: Overlay, transaction: SignedTransaction, gasUsed: bigint): boolean {
    const payer = gasPayer(transaction);
    const fee = gasUsed * transaction.gasUnitPrice;
    if (accounts.moveBalance(overlay, payer) < fee) return false;
    accounts.burnMove(overlay, payer, fee);
    if (transaction.nonce === null) {
      const next = transaction.sequenceNumber + 1n;
      accounts.setSequenceNumber(overlay, transaction.sender, next);
    }
    return true;
  }

  return {
    execute(state, transaction, block) {
      const refused = checkState(transaction, state, accounts, block.expiryUsecs);
      if (refused) return { discarded: refused };
      const env: VmEnv = {
        blockHeight: BigInt(block.height),
        timestampUsecs: BigInt(block.timestampUsecs),
        chainId,
        transactionHash: transaction.hash,
      };
      const begin = (): Overlay => {
        const overlay = createOverlay(state);
        // A sponsored sender may be new.
        if (!accounts.read(overlay, transaction.sender)) accounts.create(overlay, transaction.sender);
        return overlay;
      };
      const intrinsic = intrinsicGas(transaction.bytes.length);
      const { maxGasAmount } = transaction;

      let overlay = begin();
      let result: VmResult;
      try {
        result = run(overlay, env, transaction, vmGasLimit(maxGasAmount, intrinsic));
      } catch (error) {
        options.onInternalError(error, transaction);
        result = { ok: false, gasUsed: 0n, vmStatus: INTERNAL_STATUS, abort: null };
      }
      const gasUsed = gasUnits(result.gasUsed, intrinsic, maxGasAmount);
      if (result.ok && settle(overlay, transaction, gasUsed)) {
        return {
          success: true,
          vmStatus: "Executed successfully",
          gasUsed,
          eventsJson: renderEvents(result.events, gasUsed, intrinsic),
          writes: overlay.writes(),
        };
      }
      overlay = begin();
      if (!settle(overlay, transaction, gasUsed))
        return { discarded: "INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE" };
      return {
        success: false,
        vmStatus: result.ok ? SPENT_ITS_GAS_MONEY : failure(result.vmStatus, gasUsed, maxGasAmount),
        gasUsed,
        eventsJson: renderEvents([], gasUsed, intrinsic),
        writes: overlay.writes(),
      };
    },
  };
}

/** The transaction spent the MOVE that its own gas needed. */
const SPENT_ITS_GAS_MONEY =
  "Move abort in 0x1::transaction_validation: EOUT_OF_GAS(0x20006): Transaction exceeded its allocated max gas";
const INTERNAL_STATUS = "Transaction Executed and Committed with Error UNKNOWN_INVARIANT_VIOLATION_ERROR";

/** Out of gas with gas left to pay for more: the bound on execution, not the sender's, was reached. */
function failure(vmStatus: string, gasUsed: bigint, maxGasAmount: bigint): string {
  return vmStatus === "Out of gas" && gasUsed < maxGasAmount
    ? "Transaction Executed and Committed with Error EXECUTION_LIMIT_REACHED"
    : vmStatus;
}

const eventTypes = new Map<string, string>();

/** The type tag with addresses spelled as the fullnode does. */
function eventType(type: string): string {
  const known = eventTypes.get(type);
  if (known) return known;
  const formatted = formatType(parseType(type));
  eventTypes.set(type, formatted);
  return formatted;
}

/** Module events, and the fee statement that ends every transaction. */
export function renderEvents(events: readonly VmEvent[], gasUsed: bigint, intrinsic: bigint): string {
  const render = (type: string, data: unknown): string =>
    `{"guid":{"creation_number":"0","account_address":"0x0"},"sequence_number":"0","type":${JSON.stringify(type)},"data":${JSON.stringify(data)}}`;
  const fee = render("0x1::transaction_fee::FeeStatement", {
    execution_gas_units: String(gasUsed - intrinsic),
    io_gas_units: String(intrinsic),
    storage_fee_octas: "0",
    storage_fee_refund_octas: "0",
    total_charge_gas_units: String(gasUsed),
  });
  return `[${[...events.map((e) => render(eventType(e.type), e.data)), fee].join(",")}]`;
}
