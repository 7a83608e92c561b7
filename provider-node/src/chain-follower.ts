/**
 * Reads the chain in version order from a cursor on disk and tells which jobs changed.
 * It doesn't decide anything: what it tells is a hint, and every job is read again by view before acting.
 */
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { ProtocolEvent } from "@computestream/protocol";
import type { ChainClient } from "@computestream/protocol/client";
import { NodeError } from "./errors.ts";

export interface ChainFollower {
  /** Reads what is new; the cursor moves only after `onJob` has resolved for all of it. */
  poll(): Promise<void>;
  readonly cursor: bigint;
}

export interface FollowerOptions {
  client: ChainClient;
  provider: string;
  cursorFile: string;
  startVersion: bigint;
  /** Must have persisted the job, where it is one to keep, when it resolves. */
  onJob(job: string, why: Sighting): Promise<void>;
}

/** What an event makes of its job: it names our provider, it offers the job to all, or another one's it may be. */
export type Sighting = "ours" | "on-offer" | "mentioned";

const BATCH = 100;

export async function createChainFollower(options: FollowerOptions): Promise<ChainFollower> {
  const { client, provider, cursorFile, onJob } = options;
  let cursor = (await readCursor(cursorFile)) ?? options.startVersion;
  let saved = cursor;

  function sightingOf(event: ProtocolEvent, chainNow: bigint): Sighting {
    if ("provider" in event.data && event.data.provider === provider) return "ours";
    const isOffer = event.name === "JobCreated" && event.data.is_open && chainNow < event.data.accept_by;
    return isOffer ? "on-offer" : "mentioned";
  }

  return {
    get cursor() {
      return cursor;
    },
    async poll() {
      const { version, timestampUsecs } = await client.ledger();
      if (version + 1n < cursor) {
        throw new NodeError("CHAIN_RESET", `the chain ends at version ${version}, our cursor is ${cursor}`, {
          remedy: "The chain was reset or the node lags: deploy again, or point NODE_URL to a node in sync.",
          retryable: true,
        });
      }
      while (cursor <= version) {
        const records = await client.transactions(cursor, BATCH);
        if (records.length === 0) break;
        for (const { events, success } of records) {
          if (!success) continue;
          for (const { event } of events) {
            if (!("job" in event.data)) continue;
            await onJob(event.data.job, sightingOf(event, timestampUsecs / 1_000_000n));
          }
        }
        cursor = (records.at(-1) as { version: bigint }).version + 1n;
      }
      if (cursor === saved) return;
      await writeCursor(cursorFile, cursor);
      saved = cursor;
    },
  };
}

async function readCursor(file: string): Promise<bigint | null> {
  try {
    const text = (await readFile(file, "utf8")).trim();
    return /^\d+$/.test(text) ? BigInt(text) : null;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

/** Losing a cursor only means reading again: renamed into place, not fsynced on every poll. */
async function writeCursor(file: string, cursor: bigint): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const next = `${file}.next`;
  const handle = await open(next, "w", 0o600);
  try {
    await handle.writeFile(`${cursor}\n`);
  } finally {
    await handle.close();
  }
  await rename(next, file);
}
