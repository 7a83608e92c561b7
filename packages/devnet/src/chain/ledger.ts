/**
 * Everything committed, by version: one transaction a version, one version a block, genesis at 0.
 * It doesn't run transactions nor know how they are shown.
 */
import { BcsReader, BcsWriter } from "../codec/bcs.ts";
import { latin1, sha3 } from "../codec/bytes.ts";
import type { Write } from "./state.ts";
import { decodeSignedTransaction, type SignedTransaction } from "./transaction.ts";

/** What running a transaction came to. */
export interface Outcome {
  success: boolean;
  vmStatus: string;
  gasUsed: bigint;
  /** JSON array of `{type, data}`, the order of emission. */
  eventsJson: string;
  writes: Write[];
}

export interface LedgerEntry extends Omit<Outcome, "writes"> {
  version: number;
  /** The writes as one piece of memory: a million small ones would keep the garbage collector busy. */
  writesBcs: Buffer;
  timestampUsecs: number;
  /** null for genesis. */
  transaction: SignedTransaction | null;
  hash: Buffer;
  stateChangeHash: Buffer;
  eventRootHash: Buffer;
  accumulatorRootHash: Buffer;
}

export interface Ledger {
  /** Number of versions; the newest is `length - 1`. */
  readonly length: number;
  readonly last: LedgerEntry;
  /** Makes the entry of the next version and its record for the log, without adding it. */
  prepare(
    transaction: SignedTransaction | null,
    timestampUsecs: number,
    outcome: Outcome,
  ): { entry: LedgerEntry; record: Buffer };
  add(entry: LedgerEntry): void;
  /** Adds what `prepare` recorded; throws when it isn't the next version of this chain. */
  replay(record: Uint8Array): LedgerEntry;
  at(version: number): LedgerEntry | null;
  byHash(hash: Uint8Array): LedgerEntry | null;
  /** Versions of the sender's transactions, ascending. */
  bySender(address: Uint8Array): readonly number[];
}

const GENESIS_HASH = sha3(Buffer.from("COMPUTESTREAM_DEVNET::Genesis"));
const EMPTY_ACCUMULATOR = Buffer.alloc(32);

export function createLedger(): Ledger {
  const entries: LedgerEntry[] = [];
  const versions = new Map<string, number>();
  const senders = new Map<string, number[]>();
  const noVersions: readonly number[] = [];

  const root = () => entries[entries.length - 1]?.accumulatorRootHash ?? EMPTY_ACCUMULATOR;

  function info(outcome: Omit<Outcome, "writes">, hash: Buffer, state: Buffer, events: Buffer): Buffer {
    const summary = new BcsWriter(160)
      .raw(root())
      .raw(hash)
      .raw(state)
      .raw(events)
      .u64(outcome.gasUsed)
      .bool(outcome.success)
      .str(outcome.vmStatus);
    return sha3(summary.finish());
  }

  function add(entry: LedgerEntry): void {
    if (entry.version !== entries.length)
      throw new Error(`version ${entry.version} added where ${entries.length} is next`);
    entries.push(entry);
    versions.set(latin1(entry.hash), entry.version);
    if (!entry.transaction) return;
    const sender = latin1(entry.transaction.sender);
    const own = senders.get(sender);
    if (own) own.push(entry.version);
    else senders.set(sender, [entry.version]);
  }

  return {
    get length() {
      return entries.length;
    },
    get last() {
      const entry = entries[entries.length - 1];
      if (!entry) throw new Error("the ledger has no genesis");
      return entry;
    },
    prepare(transaction, timestampUsecs, outcome) {
      const { writes, ...result } = outcome;
      const writesBcs = new BcsWriter(1024).vector(writes, writeWrite).finish();
      const hash = transaction?.hash ?? GENESIS_HASH;
      const stateChangeHash = sha3(writesBcs);
      const eventRootHash = sha3(Buffer.from(outcome.eventsJson));
      const accumulatorRootHash = info(outcome, hash, stateChangeHash, eventRootHash);
      const entry: LedgerEntry = {
        ...result,
        version: entries.length,
        writesBcs,
        timestampUsecs,
        transaction,
        hash,
        stateChangeHash,
        eventRootHash,
        accumulatorRootHash,
      };
      const record = new BcsWriter(writesBcs.length + outcome.eventsJson.length + 1024)
        .u64(BigInt(entry.version))
        .u64(BigInt(timestampUsecs))
        .bytes(transaction?.bytes ?? new Uint8Array())
        .bool(outcome.success)
        .str(outcome.vmStatus)
        .u64(outcome.gasUsed)
        .str(outcome.eventsJson)
        .bytes(writesBcs)
        .raw(accumulatorRootHash)
        .finish();
      return { entry, record };
    },
    add,
    replay(record) {
      const reader = new BcsReader(record);
      const version = Number(reader.u64());
      const timestampUsecs = Number(reader.u64());
      const bytes = reader.bytes();
      const success = reader.bool();
      const vmStatus = reader.str();
      const gasUsed = reader.u64();
      const eventsJson = reader.str();
      // A copy: a view would keep the whole record.
      const writesBcs = Buffer.from(reader.bytes());
      const result = { success, vmStatus, gasUsed, eventsJson };
      const transaction = bytes.length > 0 ? decodeSignedTransaction(bytes) : null;
      const hash = transaction?.hash ?? GENESIS_HASH;
      const stateChangeHash = sha3(writesBcs);
      const eventRootHash = sha3(Buffer.from(eventsJson));
      const accumulatorRootHash = info(result, hash, stateChangeHash, eventRootHash);
      if (!accumulatorRootHash.equals(reader.take(32)))
        throw new Error(`version ${version} does not follow from the versions before it`);
      const entry: LedgerEntry = {
        ...result,
        version,
        writesBcs,
        timestampUsecs,
        transaction,
        hash,
        stateChangeHash,
        eventRootHash,
        accumulatorRootHash,
      };
      add(entry);
      return entry;
    },
    at: (version) => entries[version] ?? null,
    byHash: (hash) => entries[versions.get(latin1(hash)) ?? -1] ?? null,
    bySender: (address) => senders.get(latin1(address)) ?? noVersions,
  };
}

export function writesOf(entry: LedgerEntry): Write[] {
  return new BcsReader(entry.writesBcs).vector(readWrite);
}

function writeWrite(writer: BcsWriter, { key, value }: Write): void {
  writer.bytes(key).bool(value !== null);
  if (value) writer.bytes(value);
}

function readWrite(reader: BcsReader): Write {
  const key = Uint8Array.from(reader.bytes());
  return { key, value: reader.bool() ? Uint8Array.from(reader.bytes()) : null };
}
