import { get as httpGet } from "node:http";
import { type JobDto, type ProviderAnswer, zApiError } from "@computestream/protocol/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Service } from "../src/service.ts";
import { ASSET, createHandWrittenChain, type HandWrittenChain, type RawEvent } from "./hand-written-chain.ts";
import {
  accepted,
  address,
  closed,
  completed,
  created,
  HASH,
  jobSettled,
  KEY,
  OPERATOR,
  OWNER,
  parameters,
  refunded,
  registered,
  sealed,
  settledTo,
  started,
  stats,
  T0,
} from "./histories.ts";
import { readerOf, run, serve, startDatabases, untilMirrored } from "./parts.ts";

const CHEAP = address("f1");
const DEAR = address("f2");
const SETTLED = address("e1");
const RUNNING = address("e2");
const PENDING = address("e3");
const ORIGIN = "http://localhost:3000";

let databases: Awaited<ReturnType<typeof startDatabases>>;
let databaseUrl: string;
let chain: HandWrittenChain;
let service: Service;

beforeAll(async () => {
  databases = await startDatabases();
  databaseUrl = await databases.database();
  chain = createHandWrittenChain();
  chain.append(T0, [parameters(250)]);
  chain.append(T0, [
    registered(CHEAP, {
      price_per_hour: "20",
      gpu_price_per_hour: "5",
      region: "EU-West",
      gpu_model: "RTX 4090 100%",
      gpu_count: "3",
      devices: [KEY, HASH, `0x${"cd".repeat(32)}`],
    }),
    [
      "provider_registry::ProviderCapacityChanged",
      { provider: CHEAP, slots_busy: "1", slots: "2", gpus_busy: "5" },
    ],
  ]);
  chain.append(T0, [
    // As a string "100" sorts before "20"; as a price it doesn't.
    registered(DEAR, { price_per_hour: "100", owner: address("cc"), name: "dear" }),
    ["provider_registry::ProviderStatusChanged", { provider: DEAR, status: 1 }],
    stats(DEAR, { jobs_completed: "1", score: "6666" }),
  ]);
  for (const job of [SETTLED, RUNNING, PENDING]) {
    chain.append(T0 + 1, created(job, { provider: CHEAP, deposit: "600000", title: `job ${job.slice(-2)}` }));
  }
  for (const job of [SETTLED, RUNNING]) {
    chain.append(T0 + 2, [accepted(job, CHEAP)]);
    chain.append(T0 + 10, started(job, { provider: CHEAP, atSecs: T0 + 10, deposit: "600000" }));
    chain.append(T0 + 11, [tickOne(job), ["provider_registry::ProviderHeartbeat", { provider: CHEAP }]]);
  }
  chain.append(T0 + 13, [
    refunded(SETTLED, "590000", "0"),
    sealed(SETTLED, 1, "0"),
    completed(SETTLED, CHEAP, { claimUntil: T0 + 13 }),
    closed(SETTLED, { secs: 1, paid: "10000", feePaid: "100" }),
    jobSettled(SETTLED, {
      provider: CHEAP,
      outcome: 3,
      seconds: "1",
      deposited: "600000",
      paid: "9900",
      fees: "100",
      refunded: "590000",
    }),
  ]);
  chain.append(T0 + 14, [
    ["stream::StreamStalled", { job: RUNNING, flagged_by: address("1"), answer_by: "9" }],
  ]);
  service = await serve(databaseUrl, chain);
  await untilMirrored(service.url, chain.head);
}, 60_000);

afterAll(async () => {
  await service?.close();
  await databases?.close();
});

function tickOne(job: string): RawEvent {
  return settledTo(job, {
    seq: 1,
    secs: 1,
    amount: "10000",
    fee: "100",
    paid: "10000",
    feePaid: "100",
    balance: "590000",
  });
}

const get: ReturnType<typeof readerOf> = (route, query, params) =>
  readerOf(service.url)(route, query, params);

async function refusal(path: string, init?: RequestInit) {
  const response = await fetch(`${service.url}${path}`, init);
  return { status: response.status, ...zApiError.parse(await response.json()).error };
}

describe("each route answers its schema", () => {
  it("one provider, whichever way its address is spelled", async () => {
    const provider = await get("/api/v1/providers/:address", "", { address: "0x00F1" });
    expect(provider).toEqual({
      provider: CHEAP,
      owner: OWNER,
      operator: OPERATOR,
      name: "rig",
      gpuModel: "RTX 4090 100%",
      gpuCount: 3,
      vramGb: 80,
      cpuCores: 16,
      ramGb: 128,
      diskGb: 500,
      region: "EU-West",
      sandbox: "docker",
      slots: 2,
      slotsBusy: 1,
      // The mask 5 is two GPUs.
      gpusBusy: 2,
      devices: 3,
      pricePerHour: "20",
      gpuPricePerHour: "5",
      asset: { address: ASSET, symbol: "MOVE", decimals: 8 },
      stake: "100000000",
      status: "Active",
      available: true,
      registeredAt: T0,
      lastHeartbeatAt: T0 + 11,
      jobsCompleted: 0,
      jobsFailed: 0,
      jobsExpired: 0,
      faults: 0,
      score: 5000,
      secondsServed: 0,
      earned: "0",
      pricePerSecond: { numerator: "20", denominator: "3600" },
      gpuPricePerSecond: { numerator: "5", denominator: "3600" },
      unbonding: "0",
      unlocksAt: 0,
      slashed: "0",
      boundStake: "0",
      liableUntil: 0,
      // By the wall clock, which these histories know nothing of.
      online: expect.any(Boolean),
    } satisfies ProviderAnswer);
  });

  it("one settled job, to the base unit", async () => {
    const job = await get("/api/v1/jobs/:address", "", { address: SETTLED });
    expect(job).toMatchObject({
      state: "Settled",
      outcome: "Completed",
      title: "job e1",
      createdAt: T0 + 1,
      startedAt: T0 + 10,
      endedAt: T0 + 13,
      settledAt: T0 + 13,
      exitCode: 0,
      outputUris: ["s3://outputs/a.tar"],
      outputRoot: HASH,
      outputSize: 40_000,
      isOpen: false,
      priority: 5,
      gpus: 0,
      holdbackSecs: 0,
      claimUntil: T0 + 13,
      challengeUntil: 0,
      case: null,
      fault: null,
      held: "0",
      keeperFees: "0",
      sealed: true,
      fundedSecs: 60,
      secondsConfirmed: 0,
      deposited: "600000",
      paidToProvider: "9900",
      fees: "100",
      refunded: "590000",
      balance: "0",
      feeBps: 100,
      secondsBilled: 1,
    } satisfies Partial<JobDto>);
  });

  it("a pending job shows the market's fee and no output", async () => {
    expect(await get("/api/v1/jobs/:address", "", { address: PENDING })).toMatchObject({
      state: "Pending",
      outcome: null,
      feeBps: 250,
      keeperShareBps: 1000,
      exitCode: null,
      outputSha256: null,
      outputSize: null,
      fundedSecs: 0,
      sealed: false,
      balance: "600000",
      stalledAt: 0,
    });
  });

  it("jobs newest first, by state, buyer and provider", async () => {
    const addresses = async (query: string) => (await get("/api/v1/jobs", query)).items.map((j) => j.job);
    expect(await addresses("")).toEqual([PENDING, RUNNING, SETTLED]);
    expect(await addresses("?state=Running")).toEqual([RUNNING]);
    expect(await addresses("?buyer=0xB0&limit=1")).toEqual([PENDING]);
    expect(await addresses(`?provider=${DEAR}`)).toEqual([]);
  });

  it("running streams only", async () => {
    const { items } = await get("/api/v1/streams");
    expect(items.map((j) => [j.job, j.state, j.stalledAt])).toEqual([[RUNNING, "Running", T0 + 14]]);
  });

  it("providers by price, by filter", async () => {
    const names = async (query: string) =>
      (await get("/api/v1/providers", query)).items.map((p) => p.provider);
    expect(await names("")).toEqual([CHEAP, DEAR]);
    expect(await names("?sort=newest")).toEqual([DEAR, CHEAP]);
    expect(await names("?available=true")).toEqual([CHEAP]);
    expect(await names("?available=false")).toEqual([DEAR]);
    expect(await names("?status=Draining")).toEqual([DEAR]);
    expect(await names("?status=Offline")).toEqual([]);
    expect(await names("?sort=score")).toEqual([DEAR, CHEAP]);
    expect(await names("?gpu=rtx")).toEqual([CHEAP]);
    expect(await names("?gpu=100%25")).toEqual([CHEAP]);
    expect(await names("?gpu=4_90")).toEqual([]);
    expect(await names("?region=eu-west")).toEqual([CHEAP, DEAR]);
    expect(await names("?maxPricePerHour=20")).toEqual([CHEAP]);
    expect(await names(`?maxPricePerHour=${"9".repeat(78)}`)).toEqual([CHEAP, DEAR]);
    expect(await names("?owner=0xcc")).toEqual([DEAR]);
  });

  it("a job's ticks and its history", async () => {
    const ticks = await get("/api/v1/jobs/:address/ticks", "", { address: SETTLED });
    expect(ticks).toEqual({
      items: [
        expect.objectContaining({
          job: SETTLED,
          seq: "1",
          amount: "10000",
          fee: "100",
          keeperFee: "0",
          secondsConfirmed: 0,
          paid: "10000",
          balance: "590000",
          timestamp: T0 + 11,
        }),
      ],
      nextCursor: null,
    });
    const { items } = await get("/api/v1/jobs/:address/events", "", { address: SETTLED });
    expect(items.map((e) => e.name)).toEqual([
      "JobCreated",
      "EscrowDeposited",
      "JobAccepted",
      "JobStarted",
      "StreamOpened",
      "StreamSettled",
      "EscrowRefunded",
      "StreamSealed",
      "JobCompleted",
      "StreamClosed",
      "JobSettled",
    ]);
    expect(items[0]).toMatchObject({
      module: "job",
      timestamp: T0 + 1,
      data: { job: SETTLED, provider: CHEAP, spec: expect.any(String), priority: 5, deposit: "600000" },
    });
    expect(items[1]).toMatchObject({
      module: "escrow",
      timestamp: T0 + 1,
      data: { job: SETTLED, amount: "600000", balance: "600000" },
    });
    expect(await get("/api/v1/jobs/:address/ticks", "", { address: PENDING })).toEqual({
      items: [],
      nextCursor: null,
    });
  });

  it("the network's totals, with two minutes of settlements up to chain time", async () => {
    const stats = await get("/api/v1/stats");
    expect(stats).toMatchObject({
      providers: 2,
      providersAvailable: 1,
      slots: 4,
      slotsBusy: 1,
      jobs: 3,
      jobsRunning: 1,
      jobsSettled: 1,
      secondsBilled: 2,
      volumeSettled: "20000",
      escrowLocked: "1190000",
      ratePerHourRunning: "36000000",
    });
    expect(stats.recent).toHaveLength(120);
    expect(stats.recent[0]).toEqual({ timestamp: T0 + 14 - 119, amount: "0", settlements: 0 });
    expect(stats.recent.at(-4)).toEqual({ timestamp: T0 + 11, amount: "20000", settlements: 2 });
    expect(stats.recent.at(-1)).toEqual({ timestamp: T0 + 14, amount: "0", settlements: 0 });
  });

  it("health, readiness and metrics", async () => {
    expect(await get("/api/v1/health")).toMatchObject({
      ok: true,
      chainId: 4,
      version: String(chain.head),
      chainVersion: String(chain.head),
      lagVersions: "0",
      timeseries: "postgresql",
      redis: "not configured",
    });
    expect((await fetch(`${service.url}/ready`)).status).toBe(200);
    const text = await (await fetch(`${service.url}/metrics`)).text();
    expect(text).toContain(`computestream_indexer_cursor_version ${chain.head}`);
    expect(text).toContain('computestream_indexer_events_total{module="stream",name="StreamSettled"} 2');
    expect(text).toContain("computestream_indexer_conservation_violations_total 0");
    expect(text).toContain('route="/api/v1/jobs/:address"');
  });
});

describe("pages", () => {
  it("neither repeat nor lose a job while new ones arrive", async () => {
    const seen: string[] = [];
    let cursor = "";
    let arrivals = 0;
    do {
      const page = await get("/api/v1/jobs", `?limit=1${cursor}`);
      seen.push(...page.items.map((j) => j.job));
      if (arrivals < 2) {
        arrivals += 1;
        const version = chain.append(
          T0 + 20,
          created(address(`99${arrivals}`), { provider: CHEAP, deposit: "1" }),
        );
        await untilMirrored(service.url, version);
      }
      cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
    } while (cursor !== "");
    expect(seen).toEqual([PENDING, RUNNING, SETTLED]);
  });

  it("go on over equal prices", async () => {
    const version = chain.append(T0 + 21, [
      registered(address("f5"), { price_per_hour: "20" }),
      registered(address("f4"), { price_per_hour: "20" }),
    ]);
    await untilMirrored(service.url, version);
    for (const sort of ["price", "newest", "score"]) {
      const whole = (await get("/api/v1/providers", `?sort=${sort}`)).items.map((p) => p.provider);
      const paged: string[] = [];
      let cursor = "";
      do {
        const page = await get("/api/v1/providers", `?sort=${sort}&limit=1${cursor}`);
        paged.push(...page.items.map((p) => p.provider));
        cursor = page.nextCursor === null ? "" : `&cursor=${page.nextCursor}`;
      } while (cursor !== "");
      expect(paged).toEqual(whole);
      expect(whole).toHaveLength(4);
    }
  });

  it("go on inside a job's history", async () => {
    const first = await get("/api/v1/jobs/:address/events", "?limit=4", { address: SETTLED });
    const rest = await get("/api/v1/jobs/:address/events", `?cursor=${first.nextCursor}`, {
      address: SETTLED,
    });
    expect([...first.items, ...rest.items].map((e) => e.name)).toHaveLength(11);
    expect(rest.items[0]?.name).toBe("StreamOpened");
    expect(rest.nextCursor).toBeNull();
  });
});

describe("bad input is refused by name", () => {
  it.each([
    ["/api/v1/jobs?limit=0", "INVALID_PARAMETER", "limit"],
    ["/api/v1/jobs?limit=201", "INVALID_PARAMETER", "limit"],
    ["/api/v1/jobs?limit=ten", "INVALID_PARAMETER", "limit"],
    ["/api/v1/jobs?limit=1&limit=2", "INVALID_PARAMETER", "limit"],
    ["/api/v1/jobs?state=Finished", "INVALID_PARAMETER", "state"],
    ["/api/v1/jobs?buyer=b0", "INVALID_PARAMETER", "buyer"],
    ["/api/v1/jobs?buyer=0xzz", "INVALID_PARAMETER", "buyer"],
    [`/api/v1/jobs?buyer=0x${"1".repeat(65)}`, "INVALID_PARAMETER", "buyer"],
    ["/api/v1/jobs?color=red", "UNKNOWN_PARAMETER", "color"],
    ["/api/v1/jobs?cursor=nonsense", "INVALID_CURSOR", "cursor"],
    ["/api/v1/jobs?cursor=", "INVALID_CURSOR", "cursor"],
    [
      `/api/v1/jobs?cursor=${Buffer.from('{"version":"1;DROP TABLE jobs","index":0}').toString("base64url")}`,
      "INVALID_CURSOR",
      "cursor",
    ],
    [
      `/api/v1/jobs?cursor=${Buffer.from('{"version":"99999999999999999999","index":0}').toString("base64url")}`,
      "INVALID_CURSOR",
      "cursor",
    ],
    ["/api/v1/providers?available=maybe", "INVALID_PARAMETER", "available"],
    ["/api/v1/providers?maxPricePerHour=-1", "INVALID_PARAMETER", "maxPricePerHour"],
    ["/api/v1/providers?maxPricePerHour=1e9", "INVALID_PARAMETER", "maxPricePerHour"],
    ["/api/v1/providers?status=Asleep", "INVALID_PARAMETER", "status"],
    ["/api/v1/jobs?open=maybe", "INVALID_PARAMETER", "open"],
    ["/api/v1/providers?sort=owner", "INVALID_PARAMETER", "sort"],
    ["/api/v1/streams?state=Running", "UNKNOWN_PARAMETER", "state"],
    ["/api/v1/providers/somebody", "INVALID_PARAMETER", "address"],
    ["/api/v1/jobs/0x", "INVALID_PARAMETER", "address"],
    ["/api/v1/jobs/0x1'%20OR%20'1'='1", "INVALID_PARAMETER", "address"],
    ["/api/v1/jobs/0xe1/ticks?limit=5001", "INVALID_PARAMETER", "limit"],
    ["/api/v1/jobs/0xe1/events?order=desc", "UNKNOWN_PARAMETER", "order"],
  ])("%s", async (path, code, field) => {
    expect(await refusal(path)).toMatchObject({ status: 400, code, field, requestId: expect.any(String) });
  });

  it("a cursor of one sort isn't taken by another", async () => {
    const { nextCursor } = await get("/api/v1/providers", "?sort=price&limit=1");
    expect(await refusal(`/api/v1/providers?sort=newest&cursor=${nextCursor}`)).toMatchObject({
      status: 400,
      code: "INVALID_CURSOR",
    });
  });

  it.each(["'; DROP TABLE jobs; --", "' OR 1=1 --", "\\", "%", "_", "$1", "\u0000'"])(
    "%j is only text to the database",
    async (text) => {
      const query = `?gpu=${encodeURIComponent(text)}&region=${encodeURIComponent(text)}`;
      const response = await fetch(`${service.url}/api/v1/providers${query}`);
      const expected = text.includes("\0") ? [400, undefined] : [200, []];
      const body = (await response.json()) as { items?: unknown[] };
      expect([response.status, body.items]).toEqual(expected);
      expect((await run(databaseUrl, "SELECT count(*)::int AS n FROM jobs"))[0]?.n).toBeGreaterThanOrEqual(3);
    },
  );

  it("unknown things are 404, writing is 405, a broken path is 400", async () => {
    expect(await refusal(`/api/v1/jobs/${address("dead")}`)).toMatchObject({
      status: 404,
      code: "JOB_NOT_FOUND",
      field: "address",
    });
    expect(await refusal(`/api/v1/jobs/${address("dead")}/ticks`)).toMatchObject({ status: 404 });
    expect(await refusal(`/api/v1/jobs/${address("dead")}/events`)).toMatchObject({ status: 404 });
    expect(await refusal(`/api/v1/providers/${SETTLED}`)).toMatchObject({ code: "PROVIDER_NOT_FOUND" });
    expect(await refusal("/api/v2/jobs")).toMatchObject({ status: 404, code: "ROUTE_NOT_FOUND" });
    expect(await refusal("/api/v1/jobs", { method: "POST" })).toMatchObject({ status: 405 });
    expect(await refusal("/api/v1/jobs/%E0%A4%A")).toMatchObject({ status: 400, code: "MALFORMED_REQUEST" });
  });
});

describe("headers", () => {
  it("let listed origins read and no other", async () => {
    const from = (origin: string, method = "GET") =>
      fetch(`${service.url}/api/v1/stats`, { method, headers: { origin } });
    const listed = await from(ORIGIN);
    expect(listed.headers.get("access-control-allow-origin")).toBe(ORIGIN);
    expect(listed.headers.get("vary")).toMatch(/Origin/);
    const other = await from("http://evil.example");
    expect(other.headers.get("access-control-allow-origin")).toBeNull();
    expect((await from(ORIGIN, "OPTIONS")).status).toBe(204);
    const refused = await from("http://evil.example", "OPTIONS");
    expect(refused.status).toBe(403);
    expect(refused.headers.get("access-control-allow-origin")).toBeNull();
  });

  it("are safe, carry the request id and save unchanged answers", async () => {
    const first = await fetch(`${service.url}/api/v1/jobs`, { headers: { "x-request-id": "abc-1" } });
    expect(first.headers.get("x-request-id")).toBe("abc-1");
    expect(first.headers.get("x-content-type-options")).toBe("nosniff");
    expect(first.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(first.headers.get("x-powered-by")).toBeNull();
    const etag = first.headers.get("etag") ?? "";
    // Not by fetch, which adds "cache-control: no-cache" to such a request.
    const status = await new Promise((resolve, reject) => {
      httpGet(`${service.url}/api/v1/jobs`, { headers: { "if-none-match": etag } }, (response) => {
        response.resume();
        resolve(response.statusCode);
      }).on("error", reject);
    });
    expect(status).toBe(304);
    const odd = await fetch(`${service.url}/api/v1/jobs`, { headers: { "x-request-id": "a b{}" } });
    expect(odd.headers.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
  });
});
