/**
 * A served market for tests of the whole API: one fleet owner, one buyer, and each kind of money that moves.
 * It doesn't assert anything. 36,000,000 an hour is 10,000 a second; the fee is 1 %, a tenth of it the keeper's.
 */
import { afterAll, beforeAll } from "vitest";
import type { RouteEntry } from "../src/api/table/types.ts";
import type { Service } from "../src/service.ts";
import { ASSET, createHandWrittenChain, type HandWrittenChain } from "./hand-written-chain.ts";
import {
  accepted,
  address,
  arbitrationDecided,
  arbitrationOpened,
  BUYER,
  closed,
  completed,
  counted,
  created,
  faultProven,
  jobSettled,
  KEEPER,
  OWNER,
  outputChallenged,
  parameters,
  quoteRedeemed,
  quoteRefunded,
  refunded,
  registered,
  sealed,
  settledTo,
  slashed,
  started,
  stats,
  T0,
} from "./histories.ts";
import { readerOf, serve, startDatabases, untilMirrored } from "./parts.ts";
import { bearer, keyFor, nonceFor, post, signed, signIn } from "./sign-in.ts";

export const PROVIDER = address("f1");
/** Of another owner and another asset. */
export const FOREIGN = address("f9");
export const OTHER_ASSET = address("bb");
/** 2 s at 10,000 and 3 s at 5,000, then settled. */
export const RATED = address("e1");
/** Held 50,000; a challenge that was answered. */
export const CHALLENGED = address("e2");
/** Held 50,000; a ruling gave all of it to the buyer. */
export const ARBITRATED = address("e3");
/** Held 50,000; a proven fault gave all of it to the buyer. */
export const FAULTY = address("e4");
export const OPEN = address("e5");
/** 5 s in the first hour, 10 s in the second, and goes on. */
export const RUNNING = address("e6");
/** Became the running job, with 5 as change; its money went back, and then 9 of another asset. */
export const REDEEMED = address("c1");
export const RETURNED = address("c2");
/** The second hour. T0 is a whole hour of UTC. */
export const T1 = T0 + 3600;
export const MOVE = { address: ASSET, symbol: "MOVE", decimals: 8 };
export const ORIGIN = "http://localhost:3000";

export interface ApiWorld {
  url: string;
  databaseUrl: string;
  chain: HandWrittenChain;
  service: Service;
  close(): Promise<void>;
}

export async function startApiWorld(): Promise<ApiWorld> {
  const databases = await startDatabases();
  const databaseUrl = await databases.database();
  const chain = createHandWrittenChain();
  appendMarket(chain);
  appendRated(chain);
  appendDisputes(chain);
  appendRunning(chain);
  const service = await serve(databaseUrl, chain);
  await untilMirrored(service.url, chain.head);
  return {
    url: service.url,
    databaseUrl,
    chain,
    service,
    async close() {
      await service.close();
      await databases.close();
    },
  };
}

/** A world for all tests of a file, and how they read it. */
export function useApiWorld() {
  let world: ApiWorld | undefined;
  const started = (): ApiWorld => {
    if (!world) throw new Error("the world isn't there before the tests are");
    return world;
  };
  beforeAll(async () => {
    world = await startApiWorld();
  }, 60_000);
  afterAll(() => world?.close());
  const get = ((...args: Parameters<Reader>) => readerOf(started().url)(...args)) as Reader;
  return { get, world: started };
}
type Reader = ReturnType<typeof readerOf>;

function appendMarket(chain: HandWrittenChain): void {
  chain.append(T0, [parameters(), ["market::AssetAllowanceChanged", { asset: ASSET, allowed: true }]]);
  chain.append(T0, [registered(PROVIDER), registered(FOREIGN, { owner: address("cc"), asset: OTHER_ASSET })]);
  const stake = (name: string, fields: Record<string, string>) =>
    chain.append(T0, [[`stake::${name}`, { provider: PROVIDER, ...fields }]]);
  const bound = { bound_stake: "120000000", liable_until: String(T0 + 86_400) };
  chain.append(T0, [["provider_registry::ProviderLiabilityChanged", { provider: PROVIDER, ...bound }]]);
  stake("StakeAdded", { amount: "50000000", staked: "150000000" });
  const leaving = { amount: "10000000", staked: "140000000" };
  stake("UnstakeRequested", { ...leaving, unbonding: "10000000", unlocks_at: String(T0) });
  stake("StakeWithdrawn", { ...leaving, unbonding: "0" });
}

function appendRated(chain: HandWrittenChain): void {
  chain.append(T0 + 1, created(RATED, { provider: PROVIDER, deposit: "600000", title: "=1+1, half price" }));
  chain.append(T0 + 2, [accepted(RATED, PROVIDER)]);
  chain.append(T0 + 10, started(RATED, { provider: PROVIDER, atSecs: T0 + 10, deposit: "600000" }));
  const first = { amount: "20000", fee: "200", keeperFee: "20" };
  const second = { amount: "15000", fee: "150", keeperFee: "15" };
  chain.append(T0 + 12, [
    settledTo(RATED, {
      seq: 2,
      secs: 2,
      ...first,
      paid: "20000",
      feePaid: "200",
      keeperPaid: "20",
      balance: "580000",
    }),
    [
      "stream::StreamRateChanged",
      { job: RATED, rate_per_hour: "18000000", changed_by: OWNER, seconds_billed: "2", funded_secs: "60" },
    ],
  ]);
  chain.append(T0 + 15, [
    settledTo(RATED, {
      seq: 5,
      secs: 5,
      ...second,
      paid: "35000",
      feePaid: "350",
      keeperPaid: "35",
      balance: "565000",
    }),
  ]);
  chain.append(T0 + 16, [
    refunded(RATED, "565000", "0"),
    sealed(RATED, 5, "0"),
    completed(RATED, PROVIDER, { claimUntil: T0 + 16 }),
    closed(RATED, { secs: 5, paid: "35000", feePaid: "350", keeperPaid: "35" }),
    settlement(RATED, { paid: "34650", fees: "350", refunded: "565000" }),
    stats(PROVIDER, { jobs_completed: "1", seconds_served: "5", earned: "34650", score: "6666" }),
  ]);
}

function appendDisputes(chain: HandWrittenChain): void {
  for (const job of [CHALLENGED, ARBITRATED, FAULTY]) {
    const terms = { provider: PROVIDER, deposit: "600000", holdback: "5" };
    chain.append(T0 + 20, [...created(job, terms), accepted(job, PROVIDER)]);
    chain.append(T0 + 20, started(job, { ...terms, atSecs: T0 + 20 }));
    chain.append(T0 + 25, [
      counted(job, { seq: 5, secs: 5, balance: "600000" }),
      refunded(job, "550000", "50000"),
      sealed(job, 5, "50000"),
      completed(job, PROVIDER, { claimUntil: T0 + 25, challengeUntil: T0 + 3625 }),
    ]);
  }
  chain.append(T0 + 30, [outputChallenged(CHALLENGED, "2", "6000", T0 + 3631)]);
  const case2 = { unreleased: "50000", bond: "6000", decideBy: T0 + 86_432 };
  chain.append(T0 + 31, [arbitrationOpened(ARBITRATED, case2)]);
  const toBuyer = (job: string) => [
    refunded(job, "50000", "0"),
    closed(job, { secs: 5, paid: "0", feePaid: "0" }),
    settlement(job, { paid: "0", fees: "0", refunded: "600000" }),
  ];
  chain.append(T0 + 32, [
    ["job::JobForfeited", { job: FAULTY, provider: PROVIDER }],
    ...toBuyer(FAULTY),
    slashed(PROVIDER, "70000000", "7000000", "70000000"),
    faultProven(FAULTY, { provider: PROVIDER, fault: 2, slashed: "70000000", reward: "7000000" }),
  ]);
  chain.append(T0 + 40, [
    ["dispute::ChallengeAnswered", { job: CHALLENGED, answered_by: OWNER, chunk_index: "2", bond: "6000" }],
  ]);
  chain.append(T0 + 50, [
    ...toBuyer(ARBITRATED),
    arbitrationDecided(ARBITRATED, { award: "0", unreleased: "50000", bondTo: BUYER }),
  ]);
}

function appendRunning(chain: HandWrittenChain): void {
  chain.append(T0 + 60, created(OPEN, { deposit: "600000" }));
  chain.append(T1 - 20, [
    ...created(RUNNING, { provider: PROVIDER, deposit: "600000" }),
    quoteRedeemed(REDEEMED, { job: RUNNING, amount: "600000", by: KEEPER }),
    quoteRefunded(REDEEMED, { amount: "5", by: KEEPER }),
  ]);
  chain.append(T1 - 19, [quoteRefunded(RETURNED, { amount: "600000", by: KEEPER })]);
  chain.append(T1 - 18, [quoteRefunded(RETURNED, { amount: "9", by: OWNER, asset: OTHER_ASSET })]);
  chain.append(T1 - 15, [accepted(RUNNING, PROVIDER)]);
  chain.append(T1 - 10, started(RUNNING, { provider: PROVIDER, atSecs: T1 - 10, deposit: "600000" }));
  const first = { amount: "50000", fee: "500", keeperFee: "50" };
  const second = { amount: "100000", fee: "1000", keeperFee: "100" };
  const after = [
    { paid: "50000", feePaid: "500", keeperPaid: "50", balance: "550000" },
    { paid: "150000", feePaid: "1500", keeperPaid: "150", balance: "450000" },
  ] as const;
  chain.append(T1 - 5, [settledTo(RUNNING, { seq: 5, secs: 5, ...first, ...after[0] })]);
  chain.append(T1 + 5, [settledTo(RUNNING, { seq: 15, secs: 15, ...second, ...after[1] })]);
}

function settlement(job: string, p: { paid: string; fees: string; refunded: string }) {
  return jobSettled(job, { provider: PROVIDER, outcome: 3, seconds: "5", deposited: "600000", ...p });
}

export const JOBS = [RATED, CHALLENGED, ARBITRATED, FAULTY, OPEN, RUNNING];

function addressesFor(route: string): string[] {
  if (route.includes("/jobs/")) return JOBS;
  if (route.includes("/quotes/")) return [REDEEMED, RETURNED];
  return route.includes("/wallets/") ? [BUYER, OWNER, KEEPER, address("dead")] : [PROVIDER, FOREIGN];
}

export const ADMIN = address("ad");
export const FOREIGN_OWNER = address("cc");

/** Headers for a route that needs a sign-in: of a wallet that may see what lies at `path`. None for the others. */
export function createCallers({ url, chain }: ApiWorld) {
  const keys = new Map<string, ReturnType<typeof keyFor>>(
    [BUYER, OWNER, ADMIN, FOREIGN_OWNER].map((of) => [of, keyFor(chain, of)] as const),
  );
  const tokens = new Map<string, Promise<Record<string, string>>>();
  const keyOf = (wallet: string) => {
    const key = keys.get(wallet);
    if (!key) throw new Error(`nobody has a key of ${wallet}`);
    return key;
  };
  const headersOf = (wallet: string) => {
    const known = tokens.get(wallet) ?? signIn(url, keyOf(wallet), wallet).then(bearer);
    tokens.set(wallet, known);
    return known;
  };
  return {
    keyOf,
    headersOf,
    async headersFor(entry: RouteEntry, path: string): Promise<Record<string, string>> {
      if (!entry.security) return {};
      if (entry.security === "admin") return headersOf(ADMIN);
      if (path.includes("/providers/")) return headersOf(path.includes(FOREIGN) ? FOREIGN_OWNER : OWNER);
      return headersOf(BUYER);
    },
  };
}
export type Callers = ReturnType<typeof createCallers>;

/** A request that each POST route answers with 200: a body of its own for each, as they can be used once. */
export function createPosts({ url }: ApiWorld, callers: Callers) {
  const fresh = () => signIn(url, callers.keyOf(BUYER), BUYER);
  const bodies: Record<string, () => Promise<{ body: unknown; headers?: Record<string, string> }>> = {
    "/api/v1/auth/nonce": async () => ({ body: { address: BUYER } }),
    "/api/v1/auth/sign-in": async () => ({
      body: signed(callers.keyOf(BUYER), await nonceFor(url, BUYER)),
    }),
    "/api/v1/auth/refresh": async () => ({ body: { refreshToken: (await fresh()).refreshToken } }),
    // A session of its own: others go on using theirs.
    "/api/v1/auth/sign-out": async () => ({ body: { all: false }, headers: bearer(await fresh()) }),
    "/api/v1/admin/sessions/revoke": async () => ({
      body: { wallet: BUYER, sid: (await fresh()).sid },
      headers: await callers.headersOf(ADMIN),
    }),
  };
  return async (route: string): Promise<Response> => {
    const make = bodies[route];
    if (!make) throw new Error(`test/api-world.ts has no request for POST ${route}: write one`);
    const { body, headers } = await make();
    return post(url, route.replace("/api/v1", ""), body, headers);
  };
}

/** A route's path with each address that it can be asked with. */
export function pathsOf(path: string, route: string): string[] {
  return path.includes(":") ? addressesFor(route).map((a) => path.replace(":address", a)) : [path];
}
