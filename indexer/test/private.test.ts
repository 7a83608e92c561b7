/** What only some may read, role by role, and the admin's routes; whoever isn't named is refused. */
import { API_ROUTES, type zMe } from "@computestream/protocol/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { z } from "zod";
import {
  ADMIN,
  type ApiWorld,
  CHALLENGED,
  FOREIGN,
  FOREIGN_OWNER,
  JOBS,
  OPEN,
  PROVIDER,
  RATED,
  RUNNING,
  startApiWorld,
  T1,
} from "./api-world.ts";
import {
  ARBITER,
  accepted,
  address,
  arbitrationOpened,
  BUYER,
  completed,
  counted,
  created,
  OPERATOR,
  OWNER,
  refunded,
  sealed,
  started,
} from "./histories.ts";
import { run, untilMirrored } from "./parts.ts";
import { bearer, keyFor, post, signIn } from "./sign-in.ts";

/** Its case is open, and ARBITER's to decide. */
const DISPUTED = address("e7");
const STRANGER = address("57");

let world: ApiWorld;
const headers: Record<string, Record<string, string>> = {};

beforeAll(async () => {
  world = await startApiWorld();
  const { chain, databaseUrl, url } = world;
  const terms = { provider: PROVIDER, deposit: "600000", holdback: "5" };
  chain.append(T1 + 10, [...created(DISPUTED, terms), accepted(DISPUTED, PROVIDER)]);
  chain.append(T1 + 10, started(DISPUTED, { ...terms, atSecs: T1 + 10 }));
  chain.append(T1 + 15, [
    counted(DISPUTED, { seq: 5, secs: 5, balance: "600000" }),
    refunded(DISPUTED, "550000", "50000"),
    sealed(DISPUTED, 5, "50000"),
    completed(DISPUTED, PROVIDER, { claimUntil: T1 + 15, challengeUntil: T1 + 3615 }),
  ]);
  chain.append(T1 + 16, [
    arbitrationOpened(DISPUTED, { unreleased: "50000", bond: "6000", decideBy: T1 + 86_400 }),
  ]);
  await untilMirrored(url, chain.head);
  for (const wallet of [BUYER, OWNER, OPERATOR, FOREIGN_OWNER, ARBITER, ADMIN, STRANGER]) {
    headers[wallet] = bearer(await signIn(url, keyFor(chain, wallet), wallet));
  }
  // The running job began at T1 - 10: one line before it, three in its time, two of them in one millisecond.
  for (const [at, jobs] of [
    [`${T1 - 60}.000000`, 0],
    [`${T1}.000000`, 1],
    [`${T1 + 5}.000001`, 2],
    [`${T1 + 5}.000002`, 3],
  ] as const) {
    await run(
      databaseUrl,
      `INSERT INTO provider_telemetry (occurred_at, provider, status, jobs_running, cpu_percent, ram_used_mb, gpu_percent,
         vram_used_mb, node_version)
       VALUES ('epoch'::timestamptz + $1::numeric * interval '1 second', $2, 'busy', $3, 12.5, 4096, '{50}', '{70000}', '1.0')`,
      [at, PROVIDER, jobs],
    );
  }
  for (const job of [RATED, DISPUTED]) {
    for (const [seq, at] of [
      [1, T1],
      [2, T1 + 1],
      [2, T1 + 2],
      [10, T1 + 3],
    ]) {
      await run(
        databaseUrl,
        `INSERT INTO attestations (occurred_at, job, seq, provider, seconds_cum, t_last, log_root, signature)
         VALUES (to_timestamp($1), $2, $3, $4, $3, $1, '0x22', '0xab')`,
        [at, job, seq, PROVIDER],
      );
    }
  }
}, 60_000);

afterAll(() => world?.close());

type Page = { items: Array<Record<string, unknown>>; nextCursor: string | null };
const get = (path: string, wallet: string) =>
  fetch(`${world.url}/api/v1${path}`, { headers: headers[wallet] ?? {} });
const pageOf = async (path: string, wallet: string) => (await (await get(path, wallet)).json()) as Page;
async function statusesOf(path: string, wallets: string[]): Promise<number[]> {
  return Promise.all(wallets.map(async (wallet) => (await get(path, wallet)).status));
}

describe("who am I", () => {
  const me = async (wallet: string) =>
    API_ROUTES["/api/v1/me"].parse(await (await get("/me", wallet)).json()) as z.output<typeof zMe>;

  it("tells each wallet what it is", async () => {
    expect(await me(BUYER)).toMatchObject({
      wallet: BUYER,
      chainId: 4,
      domain: "localhost:3000",
      roles: {
        buyer: { jobs: JOBS.length + 1, running: [{ job: RUNNING, provider: PROVIDER }] },
        provider: { owned: [], operated: [] },
        arbiter: { ofMarket: false, openCases: [] },
        admin: false,
      },
    });
    expect((await me(OWNER)).roles.provider).toEqual({ owned: [PROVIDER], operated: [] });
    expect((await me(OPERATOR)).roles.provider).toEqual({ owned: [], operated: [FOREIGN, PROVIDER] });
    expect((await me(ARBITER)).roles.arbiter).toEqual({ ofMarket: true, openCases: [DISPUTED] });
    expect((await me(ADMIN)).roles.admin).toBe(true);
  });

  it("says that it doesn't know the admin while the chain is away", async () => {
    const { admin } = world.chain;
    world.chain.admin = () => Promise.reject(new Error("away"));
    expect((await me(ADMIN)).roles.admin).toBeNull();
    world.chain.admin = admin;
  });
});

describe("a provider's telemetry", () => {
  const path = `/providers/${PROVIDER}/telemetry`;

  it("is its owner's, in pages, newest first, to the microsecond", async () => {
    const seen: unknown[] = [];
    let cursor: string | null = "";
    while (cursor !== null) {
      const page: Page = await pageOf(`${path}?limit=1${cursor && `&cursor=${cursor}`}`, OWNER);
      seen.push(...page.items.map(({ jobsRunning }) => jobsRunning));
      cursor = page.nextCursor;
    }
    expect(seen).toEqual([3, 2, 1, 0]);
    expect((await pageOf(path, OWNER)).items[0]).toEqual({
      at: (T1 + 5) * 1000,
      status: "busy",
      jobsRunning: 3,
      cpuPercent: 12.5,
      ramUsedMb: 4096,
      ramTotalMb: null,
      diskUsedMb: null,
      diskTotalMb: null,
      cpuCelsius: null,
      gpuPercent: [50],
      gpuCelsius: [],
      gpuWatts: [],
      vramUsedMb: [70000],
      vramTotalMb: [],
      nodeVersion: "1.0",
    });
  });

  it("is a buyer's from the start of the job that runs on it, and no longer than it runs", async () => {
    expect((await pageOf(path, BUYER)).items.map(({ jobsRunning }) => jobsRunning)).toEqual([3, 2, 1]);
    expect((await get(`/providers/${FOREIGN}/telemetry`, BUYER)).status).toBe(403);
    const setState = (state: number) =>
      run(world.databaseUrl, "UPDATE jobs SET state = $1 WHERE job = $2", [state, RUNNING]);
    await setState(3);
    expect((await get(path, BUYER)).status).toBe(403);
    await setState(2);
    expect((await get(path, BUYER)).status).toBe(200);
  });

  it("is nobody else's: not another owner's, the operator's, the arbiter's, the admin's or a stranger's", async () => {
    const others = [FOREIGN_OWNER, OPERATOR, ARBITER, ADMIN, STRANGER];
    expect(await statusesOf(path, others)).toEqual(others.map(() => 403));
    const refused = await get(path, STRANGER);
    expect(refused.headers.get("www-authenticate")).toContain("insufficient_scope");
    expect(await refused.json()).toMatchObject({ error: { code: "NOT_ALLOWED" } });
    expect((await fetch(`${world.url}/api/v1${path}`)).status).toBe(401);
  });

  it("goes by who owns it now: one who was the owner is refused", async () => {
    const setOwner = (owner: string) =>
      run(world.databaseUrl, "UPDATE providers SET owner = $1 WHERE provider = $2", [owner, PROVIDER]);
    await setOwner(STRANGER);
    expect(await statusesOf(path, [OWNER, STRANGER])).toEqual([403, 200]);
    await setOwner(OWNER);
    expect(await statusesOf(path, [OWNER, STRANGER])).toEqual([200, 403]);
  });
});

describe("a job's attestations", () => {
  it("are its buyer's and its provider's owner's, in pages", async () => {
    for (const wallet of [BUYER, OWNER]) {
      const seen: unknown[] = [];
      let cursor: string | null = "";
      while (cursor !== null) {
        const page: Page = await pageOf(
          `/jobs/${RATED}/attestations?limit=1${cursor && `&cursor=${cursor}`}`,
          wallet,
        );
        seen.push(...page.items.map(({ seq, at }) => [seq, at]));
        cursor = page.nextCursor;
      }
      // By number, not by letter: 10 is more than 2.
      expect(seen).toEqual([
        ["10", (T1 + 3) * 1000],
        ["2", (T1 + 2) * 1000],
        ["2", (T1 + 1) * 1000],
        ["1", T1 * 1000],
      ]);
    }
  });

  it("are the arbiter's while the job's case is open, and of no other job", async () => {
    const paths = [DISPUTED, RATED, CHALLENGED].map((job) => `/jobs/${job}/attestations`);
    expect(await Promise.all(paths.map(async (path) => (await get(path, ARBITER)).status))).toEqual([
      200, 403, 403,
    ]);
    const close = (version: number | null) =>
      run(world.databaseUrl, "UPDATE cases SET closed_version = $1 WHERE job = $2", [version, DISPUTED]);
    await close(1);
    expect((await get(`/jobs/${DISPUTED}/attestations`, ARBITER)).status).toBe(403);
    await close(null);
  });

  it("are nobody else's, also of a job that nobody has taken", async () => {
    const others = [FOREIGN_OWNER, OPERATOR, ADMIN, STRANGER];
    for (const job of [RATED, OPEN]) {
      expect(await statusesOf(`/jobs/${job}/attestations`, others)).toEqual(others.map(() => 403));
    }
    const { nextCursor } = await pageOf(`/jobs/${RATED}/attestations?limit=1`, BUYER);
    expect((await get(`/jobs/${RATED}/attestations?limit=1&cursor=${nextCursor}`, STRANGER)).status).toBe(
      403,
    );
  });
});

describe("the admin", () => {
  it("sees how the service is", async () => {
    const status = API_ROUTES["/api/v1/admin/status"].parse(await (await get("/admin/status", ADMIN)).json());
    expect(status).toMatchObject({
      version: world.chain.head.toString(),
      chainVersion: world.chain.head.toString(),
      lagVersions: "0",
      indexing: { role: "writer", problem: null },
      sessions: { alive: 7, wallets: 7, ended: 0, usedNonces: 7 },
    });
    const table = (name: string) => status.database.tables.find((one) => one.name === name);
    expect(table("stream_ticks")?.partitions).toBeGreaterThanOrEqual(2);
    expect(table("jobs")?.bytes).toBeGreaterThan(8_192);
    expect(status.database.tables.map(({ name }) => name)).not.toContain("stream_ticks_default");
    expect(status.figures).toMatchObject({
      computestream_indexer_conservation_violations_total: 0,
      computestream_indexer_ws_connections: 0,
      computestream_indexer_cursor_version: Number(world.chain.head),
    });
  });

  it("is whom the chain names at each request: a replaced one is refused at once, the next one let in", async () => {
    expect(await statusesOf("/admin/status", [ADMIN, STRANGER])).toEqual([200, 403]);
    world.chain.adminAddress = STRANGER;
    expect(await statusesOf("/admin/status", [ADMIN, STRANGER])).toEqual([403, 200]);
    world.chain.adminAddress = ADMIN;
    expect(await statusesOf("/admin/status", [ADMIN, STRANGER])).toEqual([200, 403]);
  });

  it("is nobody while the chain can't be asked", async () => {
    const { admin } = world.chain;
    world.chain.admin = async () => {
      world.chain.failNext(1);
      return admin();
    };
    const refused = await get("/admin/audit", ADMIN);
    expect([refused.status, await refused.json()]).toMatchObject([
      503,
      { error: { code: "CHAIN_UNAVAILABLE" } },
    ]);
    world.chain.admin = admin;
  });

  it("ends sessions at once, and what was done stands in the audit", async () => {
    const key = keyFor(world.chain, STRANGER);
    const made: Array<Awaited<ReturnType<typeof signIn>>> = [];
    for (let i = 0; i < 3; i++) made.push(await signIn(world.url, key, STRANGER));
    const list = await pageOf(`/admin/sessions?wallet=${STRANGER}&limit=2`, ADMIN);
    expect(list.items.map(({ sid }) => sid)).toEqual([made[2]?.sid, made[1]?.sid]);
    const rest = await pageOf(`/admin/sessions?wallet=${STRANGER}&limit=2&cursor=${list.nextCursor}`, ADMIN);
    expect(rest.items.map(({ sid }) => sid)[0]).toBe(made[0]?.sid);
    const revoke = async (body: object, wallet = ADMIN) =>
      (await post(world.url, "/admin/sessions/revoke", body, headers[wallet])).json();
    expect(await revoke({ wallet: STRANGER, sid: made[0]?.sid })).toEqual({ revoked: 1 });
    // A session goes with its wallet: another's isn't ended by naming it.
    expect(await revoke({ wallet: BUYER, sid: made[1]?.sid })).toEqual({ revoked: 0 });
    const alive = () =>
      Promise.all(
        made.map(
          async (tokens) =>
            (await fetch(`${world.url}/api/v1/me`, { headers: bearer(tokens) })).status === 200,
        ),
      );
    expect(await alive()).toEqual([false, true, true]);
    expect(await revoke({ wallet: STRANGER })).toEqual({ revoked: 3 });
    expect(await alive()).toEqual([false, false, false]);
    expect((await get("/me", BUYER)).status).toBe(200);
    expect(await revoke({ wallet: BUYER }, BUYER)).toMatchObject({ error: { code: "NOT_ADMIN" } });

    const audit = await pageOf("/admin/audit", ADMIN);
    expect(audit.items.map(({ wallet, action, detail }) => [wallet, action, detail])).toEqual([
      [ADMIN, "sessions.revoke", { wallet: STRANGER, revoked: 3 }],
      [ADMIN, "sessions.revoke", { wallet: BUYER, sid: made[1]?.sid, revoked: 0 }],
      [ADMIN, "sessions.revoke", { wallet: STRANGER, sid: made[0]?.sid, revoked: 1 }],
      [ADMIN, "sessions.list", { wallet: STRANGER }],
      [ADMIN, "sessions.list", { wallet: STRANGER }],
    ]);
    const first = await pageOf("/admin/audit?limit=4", ADMIN);
    expect((await pageOf(`/admin/audit?cursor=${first.nextCursor}`, ADMIN)).items).toEqual(
      audit.items.slice(4),
    );
  });

  it("can't take a line of the audit back, nor can the service", async () => {
    for (const sql of [
      "DELETE FROM admin_audit",
      "UPDATE admin_audit SET wallet = '0x1'",
      "TRUNCATE admin_audit",
    ]) {
      await expect(run(world.databaseUrl, sql), sql).rejects.toThrow(/admin_audit only grows/);
    }
  });
});
