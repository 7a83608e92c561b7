/**
 * Which requests are sent when: arrival times and paths, fixed before the first is sent and the same for the same seed.
 * It doesn't send anything.
 */
import { GPUS, REGIONS, RIG_KINDS, RIG_WORDS } from "../market/catalogue.ts";
import { createRandom, type Random } from "../market/random.ts";

export interface PlannedRequest {
  /** From the start of the run. */
  atMs: number;
  /** What its figures are told under. */
  kind: string;
  path: string;
  /** Ask for the page after one that a request of this kind has brought by then; `path` where none has. */
  follows?: string;
}

/** Who and what there is to ask about, those asked for most first. */
export interface Subjects {
  providers: string[];
  jobs: string[];
  /** Chain time of the mirror's end. */
  endSecs: number;
}

export interface Load {
  name: string;
  perSec: number;
  seconds: number;
  draw(random: Random, subjects: Subjects): Omit<PlannedRequest, "atMs">;
}

/** Independent clients: the gaps between arrivals are exponential. */
export function plan(load: Load, subjects: Subjects, seed: number): PlannedRequest[] {
  const random = createRandom(seed);
  const requests: PlannedRequest[] = [];
  for (let atMs = 0; ; ) {
    atMs += (-Math.log(1 - random.unit()) * 1000) / load.perSec;
    if (atMs >= load.seconds * 1000) return requests;
    requests.push({ atMs, ...load.draw(random, subjects) });
  }
}

type Query = Record<string, string | number | boolean>;

function pathOf(route: string, query: Query): string {
  const text = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) text.set(name, String(value));
  return text.size === 0 ? route : `${route}?${text}`;
}

const PROVIDERS = "/api/v1/providers";
const GPU_WORDS = ["H100", "A100", "4090", "3090", "L40S", "RTX", "MI300X", "T4", "H200", "L4"];

/** What the site's pages and common scripts ask for: few, each again and again. */
const COMMON: readonly Query[] = [
  { limit: 20 },
  { available: true, hasFreeCapacity: true, limit: 20 },
  { available: true, sort: "score", limit: 20 },
  { available: true, sort: "newest", limit: 20 },
  { available: true, sort: "vram", limit: 20 },
  ...GPU_WORDS.slice(0, 6).map((gpu) => ({ available: true, hasFreeCapacity: true, gpu, limit: 20 })),
  ...REGIONS.slice(0, 5).map((region) => ({ available: true, region, limit: 20 })),
  { available: true, minVramGb: 24, limit: 20 },
  { available: true, minVramGb: 80, sort: "price", limit: 20 },
];

/** What somebody with needs of their own asks for: hardly one twice. */
function ownNeeds(random: Random): Query {
  const query: Query = { limit: random.pick([10, 20, 20, 50]) };
  if (random.chance(0.8)) query.available = true;
  if (random.chance(0.6)) query.hasFreeCapacity = true;
  if (random.chance(0.4)) query.gpu = random.pick(GPU_WORDS);
  if (random.chance(0.4)) query.minVramGb = random.pick(GPUS).vramGb;
  if (random.chance(0.3)) query.region = random.pick(REGIONS);
  if (random.chance(0.2)) query.sandbox = random.pick(["docker", "gvisor", "kata", "firecracker"]);
  if (random.chance(0.3)) query.minScore = random.whole(10, 90) * 100;
  if (random.chance(0.25)) query.minGpus = random.pick([1, 2, 4, 8]);
  if (random.chance(0.6)) query.maxPricePerHour = random.whole(2_000_000, 32_000_000);
  if (random.chance(0.15)) query.minStake = random.whole(1, 100) * 100_000_000;
  query.sort = random.pick(["price", "price", "price", "score", "newest", "stake", "vram", "served"]);
  return query;
}

function words(random: Random): string {
  const rig = `${random.pick(RIG_WORDS)}-${random.pick(RIG_KINDS)}`;
  return random.pick([
    random.pick(RIG_WORDS),
    `${rig}-${random.whole(1, 9_999)}`,
    `${random.pick(GPU_WORDS)} ${random.pick(REGIONS)}`,
    `${random.pick(RIG_KINDS)} ${random.pick(GPU_WORDS).toLowerCase()}`,
  ]);
}

export const discovery: Omit<Load, "perSec" | "seconds"> = {
  name: "discovery",
  draw(random) {
    const dice = random.unit();
    if (dice < 0.4) {
      const query = COMMON[random.skewed(COMMON.length, 2)] ?? {};
      return { kind: "common", path: pathOf(PROVIDERS, query) };
    }
    if (dice < 0.75) return { kind: "own", path: pathOf(PROVIDERS, ownNeeds(random)) };
    if (dice < 0.87) {
      return { kind: "search", path: pathOf(PROVIDERS, { q: words(random), limit: 20 }) };
    }
    const query = { available: true, sort: random.pick(["price", "score", "newest", "stake"]), limit: 20 };
    return {
      kind: "next page",
      path: pathOf(PROVIDERS, query),
      follows: random.pick(["common", "own", "next page"]),
    };
  },
};

const HOUR_SECS = 3_600;
const DAY_SECS = 86_400;

export const charts: Omit<Load, "perSec" | "seconds"> = {
  name: "charts",
  draw(random, { providers, jobs, endSecs }) {
    const job = `/api/v1/jobs/${jobs[random.skewed(jobs.length, 1.5)]}`;
    const provider = `/api/v1/providers/${providers[random.skewed(providers.length, 1.5)]}`;
    const dice = random.unit();
    if (dice < 0.2)
      return { kind: "job ticks", path: pathOf(`${job}/ticks`, { limit: random.pick([60, 200, 1_000]) }) };
    if (dice < 0.27)
      return { kind: "job ticks, next", path: pathOf(`${job}/ticks`, { limit: 60 }), follows: "job ticks" };
    if (dice < 0.37)
      return { kind: "job events", path: pathOf(`${job}/events`, { limit: random.pick([50, 200]) }) };
    if (dice < 0.4) return { kind: "job receipt", path: pathOf(`${job}/receipt`, { limit: 100 }) };
    const to = endSecs - random.pick([0, 0, 1, 7, 30, 60]) * DAY_SECS - random.whole(0, 50) * 60;
    if (dice < 0.5) return { kind: "provider chart", path: `${provider}/stats` };
    if (dice < 0.6) {
      return { kind: "provider chart", path: pathOf(`${provider}/stats`, { bucket: "day", to }) };
    }
    if (dice < 0.65) {
      const from = to - random.whole(2, 24) * HOUR_SECS;
      return { kind: "provider chart", path: pathOf(`${provider}/stats`, { bucket: "minute", from, to }) };
    }
    if (dice < 0.72) return { kind: "provider jobs", path: pathOf(`${provider}/jobs`, { limit: 20 }) };
    if (dice < 0.78) return { kind: "network now", path: "/api/v1/stats" };
    if (dice < 0.84) return { kind: "network chart", path: "/api/v1/stats/history" };
    if (dice < 0.92) {
      const from = to - random.whole(7, 120) * DAY_SECS;
      return { kind: "network chart", path: pathOf("/api/v1/stats/history", { bucket: "day", from, to }) };
    }
    const from = to - random.whole(1, 20) * HOUR_SECS;
    return { kind: "network chart", path: pathOf("/api/v1/stats/history", { bucket: "minute", from, to }) };
  },
};
