/**
 * Reads the current data of WebSocket topics, many at once.
 * It doesn't know who subscribed.
 */
import { normalizeAddress } from "@computestream/protocol";
import type { Deployment } from "@computestream/protocol/deployment";
import { readCheapestProviders, readJobs, readProviders, readStats } from "../api/snapshots.ts";
import { readCursor } from "../db/cursor.ts";
import type { Queryable } from "../db/table.ts";

export interface TopicData {
  /** The mirror held at least everything up to this version when `data` was read. */
  version: bigint;
  data: unknown;
}

/** One spelling per topic: addresses as 0x and 64 hex digits. */
export function canonicalTopic(topic: string): string {
  const [kind, address] = topic.split(":");
  return address === undefined ? topic : `${kind}:${normalizeAddress(address)}`;
}

export async function readTopics(
  db: Queryable,
  asset: Deployment["asset"],
  topics: string[],
): Promise<Map<string, TopicData>> {
  // Read first: what follows may be newer than this, never older.
  const version = ((await readCursor(db))?.nextVersion ?? 1n) - 1n;
  const addresses = (kind: string) =>
    topics.filter((t) => t.startsWith(kind)).map((t) => t.slice(kind.length));
  const jobs = await readJobs(db, asset, addresses("job:"));
  const providers = await readProviders(db, asset, addresses("provider:"));
  const result = new Map<string, TopicData>();
  for (const topic of topics) {
    const [kind, address] = topic.split(":");
    let data: unknown;
    if (kind === "network") data = await readStats(db, asset);
    else if (kind === "providers") data = await readCheapestProviders(db, asset);
    else if (kind === "job") data = jobs.get(address ?? "") ?? null;
    else data = providers.get(address ?? "") ?? null;
    result.set(topic, { version: version < 0n ? 0n : version, data });
  }
  return result;
}
