/**
 * The chain: accepts transactions, runs them in order, keeps the ledger and the state, answers views.
 * It doesn't know HTTP, JSON shapes, or files beyond the log it is given.
 */

import { BcsReader, BcsWriter } from "../codec/bcs.ts";
import { latin1 } from "../codec/bytes.ts";
import type { RecordLog } from "../persistence/log.ts";
import type { MoveVm, VmCall, VmEnv } from "../vm/types.ts";
import { type Accounts, createAccounts } from "./accounts.ts";
import { type Clock, createClock } from "./clock.ts";
import { createExecutor, renderEvents } from "./executor.ts";
import { MAX_GAS_AMOUNT, MAX_VM_GAS } from "./gas.ts";
import { createLedger, type Ledger, type LedgerEntry, type Outcome, writesOf } from "./ledger.ts";
import { createMempool } from "./mempool.ts";
import { createModules, type Modules } from "./modules.ts";
import { TransactionRejected } from "./rejection.ts";
import { createOverlay, createState, type State } from "./state.ts";
import { decodeSignedTransaction, gasPayer, type SignedTransaction } from "./transaction.ts";
import { checkForm, checkState, hasValidSignatures } from "./validation.ts";

export interface SimulationOptions {
  /** Take as much gas as the payer can pay for, up to the bound, instead of the transaction's maximum. */
  estimateMaxGas: boolean;
  /** Octas; null keeps the transaction's. */
  gasUnitPrice: bigint | null;
}

export interface Chain {
  readonly chainId: number;
  readonly vm: MoveVm;
  readonly state: State;
  readonly ledger: Ledger;
  readonly accounts: Accounts;
  readonly modules: Modules;
  /** Microseconds: the chain's clock, never before the newest block. */
  nowUsecs(): number;
  /**
   * Validates and queues; answers when it is accepted, which is before it is committed. What is known already
   * is accepted again. Throws `MalformedTransaction`, `TransactionRejected`, `ConflictingTransaction`, `MempoolFull`.
   */
  submit(bytes: Uint8Array): Promise<SignedTransaction>;
  pending(hash: Uint8Array): SignedTransaction | null;
  /** The committed transaction as soon as it is there, null when it isn't within `timeoutMs`. */
  waitFor(hash: Uint8Array, timeoutMs: number): Promise<LedgerEntry | null>;
  /** Throws `SimulationSigned` when the signatures are valid. */
  simulate(bytes: Uint8Array, options: SimulationOptions): Promise<LedgerEntry>;
  /** Throws `VmViewError`. */
  view(call: VmCall): unknown[];
  /** Moves the chain's clock forward. */
  advanceTime(secs: number): void;
  close(): void;
}

export interface ChainOptions {
  vm: MoveVm;
  chainId: number;
  manualTime: boolean;
  /** Opens the log and replays it; null keeps the chain in memory. */
  openLog: ((replay: (record: Buffer) => void) => RecordLog) | null;
  /** Written on top of the framework's genesis, for example the faucet's funds. */
  genesis?: (context: { vm: MoveVm; accounts: Accounts; state: State; env: VmEnv }) => void;
  onError(message: string, error: unknown): void;
  /** The log can't be written: the process must stop, since memory is ahead of the disk. */
  onFatal(error: unknown): void;
}

/** A simulation with valid signatures could be replayed as a real transaction by who sees it. */
export class SimulationSigned extends Error {
  constructor() {
    super("Simulated transactions must not have a valid signature");
    this.name = "SimulationSigned";
  }
}

export class ChainIdMismatch extends Error {}

const RECORD_HEADER = 0;
const RECORD_TRANSACTION = 1;
const RECORD_TIME = 2;
/** Runs at most this long before it lets requests in again. */
const SLICE_MS = 8;
const EXPIRY_SWEEP_MS = 1000;
const ZERO_HASH = new Uint8Array(32);

export function createChain(options: ChainOptions): Chain {
  const { vm, chainId } = options;
  const state = createState();
  const ledger = createLedger();
  const mempool = createMempool();
  const accounts = createAccounts(vm.keys);
  const modules = createModules(vm);
  const executor = createExecutor({
    vm,
    accounts,
    chainId,
    onInternalError: (error, transaction) =>
      options.onError(`the VM failed on 0x${transaction.hash.toString("hex")}`, error),
  });
  const waiters = new Map<string, Set<() => void>>();
  const nonces = new Map<string, bigint>();
  let offsetUsecs = 0;
  let unwritten: Buffer[] = [];
  let scheduled = false;
  let closed = false;

  let log: RecordLog | null = null;
  try {
    log = options.openLog?.(replay) ?? null;
    if (ledger.length === 0) createGenesis();
  } catch (error) {
    log?.close();
    vm.close();
    throw error;
  }
  const clock: Clock = createClock({
    manual: options.manualTime,
    genesisUsecs: ledger.at(0)?.timestampUsecs ?? 0,
    offsetUsecs,
    lastBlockUsecs: ledger.last.timestampUsecs,
  });

  function replay(bytes: Buffer): void {
    const kind = bytes[0];
    const body = bytes.subarray(1);
    if (kind === RECORD_HEADER) {
      const recorded = new BcsReader(body).u8();
      if (recorded !== chainId)
        throw new ChainIdMismatch(
          `the data directory holds chain ${recorded}, not ${chainId}: start with --chain-id ${recorded} or choose another directory`,
        );
    } else if (kind === RECORD_TRANSACTION) {
      const entry = ledger.replay(body);
      state.apply(writesOf(entry));
      rememberNonce(entry.transaction);
    } else if (kind === RECORD_TIME) {
      offsetUsecs = Number(new BcsReader(body).u64());
    } else {
      throw new Error(`unknown record kind ${kind} in the log`);
    }
  }

  function createGenesis(): void {
    const timestampUsecs = Date.now() * 1000;
    const env = environment(0, timestampUsecs, ZERO_HASH);
    const overlay = createOverlay(state);
    vm.initialize(overlay, env);
    state.apply(overlay.writes());
    options.genesis?.({ vm, accounts, state, env });
    const writes = [...state.scan(null, null, false)].map(([key, value]) => ({ key, value }));
    const outcome: Outcome = {
      success: true,
      vmStatus: "Executed successfully",
      gasUsed: 0n,
      eventsJson: "[]",
      writes,
    };
    const { entry, record } = ledger.prepare(null, timestampUsecs, outcome);
    log?.append([
      tagged(RECORD_HEADER, new BcsWriter(1).u8(chainId).finish()),
      tagged(RECORD_TRANSACTION, record),
    ]);
    ledger.add(entry);
  }

  function environment(height: number, timestampUsecs: number, hash: Uint8Array): VmEnv {
    return {
      blockHeight: BigInt(height),
      timestampUsecs: BigInt(timestampUsecs),
      chainId,
      transactionHash: hash,
    };
  }

  function nonceKey(transaction: SignedTransaction): string {
    return `${latin1(transaction.sender)}${transaction.nonce}`;
  }

  function rememberNonce(transaction: SignedTransaction | null): void {
    if (transaction && transaction.nonce !== null)
      nonces.set(nonceKey(transaction), transaction.expirationSecs);
  }

  function schedule(): void {
    if (scheduled || closed) return;
    scheduled = true;
    setImmediate(pump);
  }

  /** Runs what is ready, writes it to the log, and only then lets anybody see it. */
  function pump(): void {
    scheduled = false;
    if (closed) return;
    const until = performance.now() + SLICE_MS;
    const done: SignedTransaction[] = [];
    for (let next = mempool.takeReady(); next; next = mempool.takeReady()) {
      done.push(next);
      try {
        runOne(next);
      } catch (error) {
        // Nothing of it was applied: the transaction is dropped and the chain goes on.
        options.onError(`0x${next.hash.toString("hex")} could not be run`, error);
      }
      if (performance.now() >= until) break;
    }
    flush();
    for (const transaction of done) wake(transaction.hash);
    if (mempool.hasReady) schedule();
  }

  function runOne(transaction: SignedTransaction): void {
    const timestampUsecs = clock.nextBlockUsecs();
    const outcome = nonceUsed(transaction)
      ? ({ discarded: "SEQUENCE_NONCE_INVALID" } as const)
      : executor.execute(state, transaction, {
          height: ledger.length,
          timestampUsecs,
          expiryUsecs: clock.expiryUsecs(),
        });
    if (!("discarded" in outcome)) {
      const { entry, record } = ledger.prepare(transaction, timestampUsecs, outcome);
      unwritten.push(tagged(RECORD_TRANSACTION, record));
      state.apply(outcome.writes);
      ledger.add(entry);
      rememberNonce(transaction);
    }
    if (transaction.nonce === null)
      mempool.advance(transaction.sender, accounts.read(state, transaction.sender)?.sequenceNumber ?? 0n);
  }

  function nonceUsed(transaction: SignedTransaction): boolean {
    return transaction.nonce !== null && nonces.has(nonceKey(transaction));
  }

  function flush(): void {
    if (unwritten.length === 0) return;
    const records = unwritten;
    unwritten = [];
    try {
      log?.append(records);
    } catch (error) {
      closed = true;
      options.onFatal(error);
    }
  }

  function wake(hash: Uint8Array): void {
    const id = latin1(hash);
    const waiting = waiters.get(id);
    if (!waiting) return;
    waiters.delete(id);
    for (const resume of waiting) resume();
  }

  function isKnown(hash: Uint8Array): boolean {
    return mempool.byHash(hash) !== null || ledger.byHash(hash) !== null;
  }

  const sweep = setInterval(() => {
    const nowSecs = BigInt(Math.floor(clock.expiryUsecs() / 1_000_000));
    for (const transaction of mempool.expire(nowSecs)) wake(transaction.hash);
    for (const [key, expires] of nonces) if (expires <= nowSecs) nonces.delete(key);
  }, EXPIRY_SWEEP_MS);
  sweep.unref();

  return {
    chainId,
    vm,
    state,
    ledger,
    accounts,
    modules,
    nowUsecs: () => clock.nowUsecs(),
    async submit(bytes) {
      const transaction = decodeSignedTransaction(bytes);
      if (isKnown(transaction.hash)) return transaction;
      const refused =
        checkForm(transaction, chainId) ?? checkState(transaction, state, accounts, clock.expiryUsecs());
      if (refused) throw new TransactionRejected(refused);
      if (nonceUsed(transaction)) throw new TransactionRejected("SEQUENCE_NONCE_INVALID");
      if (!(await hasValidSignatures(transaction))) throw new TransactionRejected("INVALID_SIGNATURE");
      // The same bytes may have come twice while the signature was checked.
      if (isKnown(transaction.hash)) return transaction;
      mempool.add(transaction, accounts.read(state, transaction.sender)?.sequenceNumber ?? 0n);
      schedule();
      return transaction;
    },
    pending: (hash) => mempool.byHash(hash),
    async waitFor(hash, timeoutMs) {
      const known = ledger.byHash(hash);
      if (known) return known;
      const id = latin1(hash);
      await new Promise<void>((resolve) => {
        const waiting = waiters.get(id) ?? new Set<() => void>();
        const resume = (): void => {
          clearTimeout(timer);
          waiting.delete(resume);
          if (waiting.size === 0 && waiters.get(id) === waiting) waiters.delete(id);
          resolve();
        };
        const timer = setTimeout(resume, timeoutMs);
        waiting.add(resume);
        waiters.set(id, waiting);
      });
      return ledger.byHash(hash);
    },
    async simulate(bytes, { estimateMaxGas, gasUnitPrice }) {
      const submitted = decodeSignedTransaction(bytes);
      const refused = checkForm(submitted, chainId);
      if (refused) throw new TransactionRejected(refused);
      if (await hasValidSignatures(submitted)) throw new SimulationSigned();
      const transaction = { ...submitted, gasUnitPrice: gasUnitPrice ?? submitted.gasUnitPrice };
      if (estimateMaxGas) {
        const affordable = accounts.moveBalance(state, gasPayer(transaction)) / transaction.gasUnitPrice;
        transaction.maxGasAmount = affordable < MAX_GAS_AMOUNT ? affordable : MAX_GAS_AMOUNT;
      }
      const timestampUsecs = clock.nowUsecs();
      const run = executor.execute(createOverlay(state), transaction, {
        height: ledger.length,
        timestampUsecs,
        expiryUsecs: clock.expiryUsecs(),
      });
      const outcome: Outcome =
        "discarded" in run
          ? {
              success: false,
              vmStatus: `Transaction Executed and Committed with Error ${run.discarded}`,
              gasUsed: 0n,
              eventsJson: renderEvents([], 0n, 0n),
              writes: [],
            }
          : run;
      return ledger.prepare(transaction, timestampUsecs, outcome).entry;
    },
    view(call) {
      const env = environment(ledger.length - 1, clock.nowUsecs(), ZERO_HASH);
      return vm.view(createOverlay(state), env, call, MAX_VM_GAS);
    },
    advanceTime(secs) {
      clock.advance(secs * 1_000_000);
      unwritten.push(tagged(RECORD_TIME, new BcsWriter(8).u64(BigInt(clock.offsetUsecs)).finish()));
      flush();
    },
    close() {
      if (closed) return;
      closed = true;
      clearInterval(sweep);
      for (const waiting of waiters.values()) for (const resume of waiting) resume();
      flush();
      log?.close();
      vm.close();
    },
  };
}

function tagged(kind: number, body: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([kind]), body]);
}
