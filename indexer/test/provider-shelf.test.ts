/** The list of providers from memory against the same list from the database, while rows come and change. */
import type { Pool } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool } from "../src/db/client.ts";
import { createCursor } from "../src/db/cursor.ts";
import {
  figureOf,
  listProviders,
  type ProviderFilter,
  type ProviderKey,
} from "../src/db/queries/providers.ts";
import { upsert } from "../src/db/table.ts";
import { PROVIDERS, type ProviderRow } from "../src/db/tables.ts";
import { createProviderShelf, type ProviderShelf } from "../src/discovery/provider-shelf.ts";
import { blankProvider } from "../src/handlers/provider-registry.ts";
import { migrate } from "../src/migrate.ts";
import { address } from "./histories.ts";
import { startDatabases } from "./parts.ts";

const SORTS: Array<ProviderKey["sort"]> = ["price", "newest", "score", "stake", "vram", "served"];

let databases: Awaited<ReturnType<typeof startDatabases>>;
let pool: Pool;

beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterAll(() => databases?.close());

async function emptyMirror(): Promise<void> {
  const databaseUrl = await databases.database();
  await migrate({ databaseUrl });
  pool = createPool({ databaseUrl, onError: () => undefined });
  await createCursor(pool, {
    chainId: 4,
    packageAddress: "0x1",
    genesisHash: null,
    nextVersion: 0n,
    lastHash: null,
    lastTimestampUsecs: 0n,
  });
}

function numbers(seed: number) {
  let state = seed;
  return (below: number) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
type Random = ReturnType<typeof numbers>;

const pick = <T>(random: Random, items: readonly T[]): T => items[random(items.length)] as T;

/** Few different figures, so that orders have many that are equal. */
function provider(random: Random, n: number, version: bigint): ProviderRow {
  const registeredVersion = BigInt(n);
  return {
    ...blankProvider(address(`f${n.toString(16)}`)),
    owner: address(`a${n % 7}`),
    asset: n % 5 === 0 ? address("bb") : address("a"),
    name: pick(random, ["North Rig", "south_rig", "100% box", "back\\slash", "Ünïcode"]),
    gpu_model: pick(random, ["NVIDIA H100 80GB", "RTX 4090", "", "nvidia l4"]),
    gpu_count: BigInt(random(4)),
    vram_gb: BigInt(pick(random, [0, 24, 80])),
    region: pick(random, ["eu-west", "EU-West", "us-east"]),
    sandbox: pick(random, ["docker", "gVisor"]),
    slots: 2n,
    slots_busy: BigInt(random(3)),
    price_per_hour: BigInt(random(5) * 1000),
    // Beyond what a JavaScript number tells apart.
    staked: 2n ** 60n + BigInt(random(3)),
    status: random(3),
    score: BigInt(random(4) * 2500),
    seconds_served: BigInt(random(3)),
    registered_version: registeredVersion,
    last_version: version,
  };
}

async function write(rows: ProviderRow[], version: bigint): Promise<void> {
  await upsert(pool, PROVIDERS, rows);
  await pool.query("UPDATE chain_cursor SET next_version = $1", [(version + 1n).toString()]);
}

function filter(random: Random): ProviderFilter {
  const maybe = <T>(value: () => T): T | undefined => (random(4) === 0 ? value() : undefined);
  return {
    available: maybe(() => random(2) === 0),
    status: maybe(() => random(4)),
    hasFreeCapacity: maybe(() => random(2) === 0),
    q: maybe(() => pick(random, ["rig", "RIG eu", "100%", "_rig", "back\\", "h100  us", "ünï", "", " "])),
    gpu: maybe(() => pick(random, ["h100", "NVIDIA", "4090", "x%y", ""])),
    region: maybe(() => pick(random, ["eu-west", "US-EAST", "eu", ""])),
    sandbox: maybe(() => pick(random, ["DOCKER", "gvisor", "kata"])),
    minVramGb: maybe(() => pick(random, [0, 24, 25])),
    minGpus: maybe(() => random(4)),
    minScore: maybe(() => random(3) * 2500),
    minStake: maybe(() => (2n ** 60n + BigInt(random(4))).toString()),
    maxPricePerHour: maybe(() => String(random(6) * 1000)),
    owner: maybe(() => address(`a${random(8)}`)),
    asset: maybe(() => address(random(3) === 0 ? "bb" : "a")),
  };
}

function keyOf(sort: ProviderKey["sort"], row: ProviderRow): ProviderKey {
  return sort === "newest"
    ? { sort, version: row.registered_version.toString(), index: row.registered_index }
    : { sort, value: figureOf(sort, row).toString(), provider: row.provider };
}

/** Every page of random lists; returns how many rows they had. */
async function compare(shelf: ProviderShelf, random: Random, lists: number): Promise<number> {
  let compared = 0;
  for (let n = 0; n < lists; n += 1) {
    const [sort, wanted, limit] = [pick(random, SORTS), filter(random), 1 + random(20)];
    let after: ProviderKey | null = null;
    for (let page = 0; page < 4; page += 1) {
      const query = { filter: wanted, sort, after, limit };
      const rows = await shelf.list(query);
      expect(rows, JSON.stringify(query)).toEqual(await listProviders(pool, query));
      compared += rows.length;
      const last = rows.at(-1);
      if (!last || rows.length < limit) break;
      after = keyOf(sort, last);
    }
  }
  return compared;
}

describe("the list from memory", () => {
  it("is the database's, whatever is asked and after every change", async () => {
    await emptyMirror();
    const random = numbers(11);
    const shelf = createProviderShelf(pool, { maxRows: 1_000 });
    try {
      expect(await shelf.list({ filter: {}, sort: "price", after: null, limit: 5 })).toEqual([]);
      let count = 0;
      for (let version = 0n; version < 12n; version += 1n) {
        const changed = Array.from({ length: count === 0 ? 0 : 15 }, () =>
          provider(random, random(count), version),
        );
        const added = Array.from({ length: 20 }, () => provider(random, count++, version));
        const rows = new Map([...changed, ...added].map((row) => [row.provider, row]));
        await write([...rows.values()], version);
        expect(await compare(shelf, random, 25)).toBeGreaterThan(0);
      }
    } finally {
      await pool.end();
    }
  }, 60_000);

  it("has what was committed before it was asked, however many ask at once", async () => {
    await emptyMirror();
    const shelf = createProviderShelf(pool, { maxRows: 1_000 });
    const all = { filter: {}, sort: "price", after: null, limit: 100 } as const;
    try {
      for (let version = 0n; version < 40n; version += 1n) {
        const early = shelf.list(all);
        await write([provider(numbers(3), Number(version), version)], version);
        const late = await Promise.all([shelf.list(all), shelf.list(all), shelf.list(all)]);
        expect(late.map((rows) => rows.length)).toEqual(Array(3).fill(Number(version) + 1));
        await early;
      }
    } finally {
      await pool.end();
    }
  }, 30_000);

  it("starts over where the mirror was built anew", async () => {
    await emptyMirror();
    const shelf = createProviderShelf(pool, { maxRows: 1_000 });
    const names = async () =>
      (await shelf.list({ filter: {}, sort: "newest", after: null, limit: 9 })).map((row) => row.name);
    const row = provider(numbers(3), 1, 5n);
    try {
      await write([{ ...row, name: "old" }], 5n);
      expect(await names()).toEqual(["old"]);
      // As a reindex does it: another table of the same name, at the same version.
      await pool.query("CREATE TABLE anew (LIKE providers INCLUDING ALL)");
      await pool.query("DROP TABLE providers; ALTER TABLE anew RENAME TO providers");
      await write([{ ...row, name: "anew" }], 5n);
      expect(await names()).toEqual(["anew"]);
    } finally {
      await pool.end();
    }
  }, 30_000);

  it("is left to the database beyond so many providers, and at 0", async () => {
    await emptyMirror();
    const random = numbers(5);
    try {
      await write(
        Array.from({ length: 10 }, (_, n) => provider(random, n, 0n)),
        0n,
      );
      const shelves = [10, 9, 0].map((maxRows) => createProviderShelf(pool, { maxRows }));
      for (const shelf of shelves) expect(await compare(shelf, numbers(7), 20)).toBeGreaterThan(0);
      await write([provider(random, 10, 1n)], 1n);
      for (const shelf of shelves) expect(await compare(shelf, numbers(7), 20)).toBeGreaterThan(0);
    } finally {
      await pool.end();
    }
  }, 30_000);
});
