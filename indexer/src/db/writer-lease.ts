/**
 * The right to write a mirror: an advisory lock on the very connection that writes, so both end together.
 * It doesn't know what is written.
 */
import type { Client } from "pg";
import { sleep } from "../retry.ts";
import { connectClient, type DatabaseOptions } from "./client.ts";

const LOCK_CLASS = 0x43534958; // "CSIX"

export interface WriterLease {
  client: Client;
  /** Aborts when the connection, and with it the lock, is gone. */
  lost: AbortSignal;
  close(): Promise<void>;
}

/** Waits until no other instance writes to this database and schema. Null when `signal` aborted first. */
export async function acquireWriterLease(
  options: DatabaseOptions & { signal: AbortSignal; retryMs?: number; onWaiting?: () => void },
): Promise<WriterLease | null> {
  const lost = new AbortController();
  const client = await connectClient({ ...options, onLost: (error) => lost.abort(error) });
  const close = () => client.end().catch(() => undefined);
  try {
    let waiting = false;
    while (!options.signal.aborted) {
      const { rows } = await client.query(
        "SELECT pg_try_advisory_lock($1, hashtext(current_schema())) AS locked",
        [LOCK_CLASS],
      );
      if (rows[0].locked) return { client, lost: lost.signal, close };
      if (!waiting) options.onWaiting?.();
      waiting = true;
      await sleep(options.retryMs ?? 1_000, options.signal);
    }
  } catch (error) {
    await close();
    throw error;
  }
  await close();
  return null;
}
