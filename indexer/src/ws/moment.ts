/**
 * What the hub reads of the mirror, all of one moment: what changed, the state of topics, what somebody missed.
 * It doesn't know who subscribed.
 */
import type { Pool } from "pg";
import { tickDto } from "../api/dto.ts";
import { readCheapestProviders, readJobs, readProviders, readStats } from "../api/snapshots.ts";
import type { AssetBook } from "../assets/book.ts";
import { readSnapshot } from "../db/client.ts";
import { oldestEventTimes, readMirrorPosition, ticksOfJobsBetween } from "../db/queries/feed.ts";
import { subjectsBetween } from "../db/queries/jobs.ts";
import { ticksBetween } from "../db/queries/ticks.ts";
import type { Queryable } from "../db/table.ts";
import type { TickRow } from "../db/tables.ts";
import type { Happened } from "./live-topic.ts";
import type { OnlineWatch } from "./online-watch.ts";
import { partsOf } from "./topics.ts";
import { createWalletReader } from "./wallets.ts";

export interface Changes {
  /** Names of topics; more than anybody listens to. */
  topics: Set<string> | "all";
  /** By topic, oldest first; null when it is too much to be told one by one from here. */
  happened: Map<string, Happened[]> | null;
}

export interface Missed {
  topic: string;
  /** Versions above this, up to and including `until`. */
  after: bigint;
  until: bigint;
}

/** What somebody listens to. */
export interface Watched {
  has(topic: string): boolean;
  /** Addresses. */
  wallets: Iterable<string>;
}

export interface Moment {
  readonly mirror: string;
  readonly version: bigint;
  changesAfter(version: bigint, watched: Watched): Promise<Changes>;
  states(topics: string[]): Promise<Map<string, unknown>>;
  /** One answer for each; null when it is too much, or too long ago, to be told one by one. */
  missed(asks: Missed[]): Promise<Array<Happened[] | null>>;
}

/** More versions, or settlements, at once are a mirror catching up: nobody watches them one by one. */
const MAX_VERSIONS = 20_000n;
const MAX_TICKS = 5_000;
/** Most that somebody who comes back is told of one topic: half a megabyte. */
const MAX_MISSED = 1_000;
/** Less than the shortest retention of the series, which is a day: what is told must be whole. */
const MAX_AGE_SECS = 12n * 3600n;
/** A mirror that holds nothing yet. */
const NO_MIRROR = { mirror: "000000000000", version: -1n, timestampSecs: 0n };

export function createMomentReader(pool: Pool, book: AssetBook, online: Pick<OnlineWatch, "tell">) {
  return <T>(work: (moment: Moment) => Promise<T>): Promise<T> =>
    readSnapshot(pool, async (db) => {
      const position = (await readMirrorPosition(db)) ?? NO_MIRROR;
      return work(momentOf(db, book, online, position));
    });
}

function momentOf(
  db: Queryable,
  book: AssetBook,
  online: Pick<OnlineWatch, "tell">,
  position: typeof NO_MIRROR,
): Moment {
  const { mirror, version, timestampSecs } = position;
  const wallets = createWalletReader(db, book);

  return {
    mirror,
    version,

    async changesAfter(after, watched) {
      if (version - after > MAX_VERSIONS) return { topics: "all", happened: null };
      const { jobs, providers } = await subjectsBetween(db, after + 1n, version);
      const topics = new Set(["network", ...jobs.flatMap((job) => [`job:${job}`, `stream:${job}`])]);
      for (const provider of providers) topics.add(`provider:${provider}`);
      if (providers.length > 0) topics.add("providers");
      const range = { after, until: version };
      const touched = await wallets.touched([...watched.wallets], { jobs, providers }, range);
      for (const wallet of touched) topics.add(`wallet:${wallet}`);
      const ticks = jobs.length > 0 ? await ticksBetween(db, after + 1n, version, MAX_TICKS + 1) : [];
      if (ticks.length > MAX_TICKS) return { topics, happened: null };
      const happened = new Map<string, Happened[]>();
      const note = (topic: string, item: Happened) => {
        const items = happened.get(topic);
        if (items) items.push(item);
        else happened.set(topic, [item]);
      };
      for (const tick of ticks) {
        const told = ["network", `job:${tick.job}`, `stream:${tick.job}`].filter((topic) =>
          watched.has(topic),
        );
        if (told.length === 0) continue;
        const item = happenedOf(tick);
        for (const topic of told) note(topic, item);
      }
      for (const wallet of touched) {
        const entries = await wallets.entries(wallet, range, MAX_TICKS);
        if (!entries) return { topics, happened: null };
        happened.set(`wallet:${wallet}`, entries);
      }
      return { topics, happened };
    },

    async states(topics) {
      const addresses = (...kinds: string[]) => [
        ...new Set(
          topics
            .map(partsOf)
            .filter(({ kind }) => kinds.includes(kind))
            .map(({ address }) => address),
        ),
      ];
      const jobs = await readJobs(db, book, addresses("job", "stream"));
      const providers = await readProviders(db, book, addresses("provider"));
      const states = new Map<string, unknown>();
      for (const topic of topics) {
        const { kind, address } = partsOf(topic);
        if (kind === "network") states.set(topic, await readStats(db, book));
        else if (kind === "providers")
          states.set(topic, await online.tell(topic, await readCheapestProviders(db, book)));
        else if (kind === "wallet") states.set(topic, await wallets.state(address));
        else if (kind === "provider") {
          const provider = providers.get(address);
          const [told] = provider ? await online.tell(topic, [provider]) : [];
          states.set(topic, told ?? null);
        } else states.set(topic, jobs.get(address) ?? null);
      }
      return states;
    },

    async missed(asks) {
      const answers = new Map<Missed, Happened[] | null>();
      for (const ask of asks) if (ask.after >= ask.until) answers.set(ask, []);
      const open = () => asks.filter((ask) => !answers.has(ask));
      const times = await oldestEventTimes(db, [...new Set(open().map(({ after }) => after))]);
      for (const ask of open()) {
        const oldest = times.get(ask.after);
        if (oldest === undefined) answers.set(ask, []);
        else if (oldest < timestampSecs - MAX_AGE_SECS) answers.set(ask, null);
      }
      const of = (...kinds: string[]) => open().filter(({ topic }) => kinds.includes(partsOf(topic).kind));

      const network = of("network");
      if (network.length > 0) {
        const from = network.reduce((least, { after }) => (after < least ? after : least), version);
        const until = network.reduce((most, ask) => (ask.until > most ? ask.until : most), 0n);
        // The newest ones: who missed more is told so, and the others have theirs among these.
        const ticks = await ticksBetween(db, from + 1n, until, MAX_MISSED + 1);
        const isWhole = ticks.length <= MAX_MISSED;
        for (const ask of network) {
          const hasAll = isWhole || ask.after >= (ticks[0]?.version ?? 0n);
          answers.set(ask, hasAll ? within(ticks, ask) : null);
        }
      }
      const jobs = of("job", "stream");
      if (jobs.length > 0) {
        const ranges = jobs.map(({ topic, after, until }) => ({ job: partsOf(topic).address, after, until }));
        const byRange = await ticksOfJobsBetween(db, ranges, MAX_MISSED + 1);
        for (const [i, ask] of jobs.entries()) {
          const ticks = byRange[i] ?? [];
          answers.set(ask, ticks.length > MAX_MISSED ? null : within(ticks, ask));
        }
      }
      for (const ask of of("wallet")) {
        answers.set(ask, await wallets.entries(partsOf(ask.topic).address, ask, MAX_MISSED));
      }
      return asks.map(
        (ask) => answers.get(ask) ?? (partsOf(ask.topic).kind.startsWith("provider") ? [] : null),
      );
    },
  };
}

function within(ticks: TickRow[], { after, until }: Missed): Happened[] {
  return ticks.filter((tick) => tick.version > after && tick.version <= until).map(happenedOf);
}

function happenedOf(tick: TickRow): Happened {
  return { version: tick.version, json: JSON.stringify(tickDto(tick)) };
}
