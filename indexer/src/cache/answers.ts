/**
 * Keeps answers in memory, bounded by bytes, and leaves them for other instances; reads each one once at a time.
 * It doesn't know HTTP or SQL. Rules say what an answer depends on, freshness.ts whether that has changed.
 *
 * For one request the version never goes back: an older answer never takes the place of a newer one, also not of one
 * that was dropped for room.
 */
import { LRUCache } from "lru-cache";
import type { MirrorState } from "../db/queries/changes.ts";
import type { Freshness, Tag } from "./freshness.ts";
import type { CacheRule } from "./rules.ts";
import type { SharedAnswers } from "./shared-answers.ts";

export interface Answer {
  body: Buffer;
  /** With its quotes. */
  etag: string;
  contentType: string;
  nextCursor: string | null;
}

/** memory: as the mirror is now. patient: older, by the rule. shared: another instance's. read: from the database. */
export type Source = "memory" | "patient" | "shared" | "read";

export interface Answers {
  /** The answer, and the version up to which it holds everything; null where the mirror holds nothing yet. */
  get(
    request: { key: string; tags: Tag[]; rule: Omit<CacheRule, "tags"> },
    read: () => Promise<Answer>,
  ): Promise<{ answer: Answer; version: bigint | null; source: Source }>;
  readonly bytes: number;
}

interface Entry {
  answer: Answer;
  mirror: string;
  version: bigint;
  tags: Tag[];
  readAtMs: number;
  untilMs: number;
  /** When readings on account of changes will have been paid off, one each `patienceMs`. */
  paidOffMs: number;
}

type Request = Parameters<Answers["get"]>[0];
interface Filled {
  answer: Answer;
  version: bigint | null;
  source: Source;
}

/** While commits can't be heard. */
const UNHEARD_MAX_AGE_MS = 1_000;
/** So many readings in a row on account of changes before patience begins. */
const BURST = 5;
const ENTRY_OVERHEAD_BYTES = 600;

export function createAnswers(options: {
  maxBytes: number;
  freshness: Freshness;
  shared: SharedAnswers;
  readState: () => Promise<MirrorState | null>;
  /** Milliseconds of a clock that never goes back. */
  now: () => number;
}): Answers {
  const { freshness, shared, now } = options;
  /** No answer older than one that was served and then dropped. */
  let droppedVersion = -1n;
  const entries = new LRUCache<string, Entry>({
    maxSize: options.maxBytes,
    maxEntrySize: Math.max(1, Math.floor(options.maxBytes / 8)),
    sizeCalculation: ({ answer }, key) => answer.body.length + key.length * 2 + ENTRY_OVERHEAD_BYTES,
    dispose: ({ version }, _key, reason) => {
      if (reason === "evict" && version > droppedVersion) droppedVersion = version;
    },
  });
  const flights = new Map<string, { beganAtMs: number; filled: Promise<Filled> }>();

  /** What is kept, when that will do. */
  async function kept({ key, rule }: Request): Promise<Filled | null> {
    const mayWait = rule.patienceMs > 0;
    const first = entries.get(key);
    if (!first) return null;
    if (!(mayWait && isPatient(first, rule))) {
      const settled = freshness.settled(first.version);
      if (settled) await settled;
    }
    const entry = entries.get(key);
    if (!entry || entry.mirror !== freshness.mirror) return null;
    const maxAgeMs = freshness.isListening ? rule.maxAgeMs : Math.min(rule.maxAgeMs, UNHEARD_MAX_AGE_MS);
    if (now() >= Math.min(entry.untilMs, entry.readAtMs + maxAgeMs)) return null;
    if (freshness.isCurrent(entry.tags, entry.version)) {
      // Nothing that it depends on has changed, so it is also the answer of now.
      if (!rule.followsClock && freshness.version > entry.version) entry.version = freshness.version;
      return { answer: entry.answer, version: entry.version, source: "memory" };
    }
    if (!isPatient(entry, rule)) return null;
    return { answer: entry.answer, version: entry.version, source: "patient" };
  }

  /** Too many readings lately on account of changes, and not too old yet. */
  function isPatient(entry: Entry, { patienceMs }: Request["rule"]): boolean {
    return now() - entry.readAtMs < patienceMs && entry.paidOffMs - now() > (BURST - 1) * patienceMs;
  }

  async function fill(request: Request, read: () => Promise<Answer>): Promise<Filled> {
    const { key, tags, rule } = request;
    const before = entries.peek(key);
    const readAtMs = now();
    const paidOffMs = Math.max(before?.paidOffMs ?? 0, readAtMs) + rule.patienceMs;
    const { mirror } = freshness;
    if (mirror !== null && freshness.isListening && !rule.isOwn) {
      const found = await shared.get(mirror, key);
      const least = before && before.version > droppedVersion ? before.version : droppedVersion;
      if (found && found.version >= least && freshness.isCurrent(tags, found.version)) {
        const { version, leftMs, ...answer } = found;
        // The other instance may have heard more.
        freshness.observe({ mirror, version });
        const untilMs = readAtMs + Math.min(leftMs, rule.maxAgeMs);
        entries.set(key, { answer, mirror, version, tags, readAtMs, untilMs, paidOffMs });
        return { answer, version, source: "shared" };
      }
    }
    // First, so that the answer holds at least everything up to this version.
    const state = await stateNow();
    const answer = await read();
    if (!state) return { answer, version: null, source: "read" };
    const untilMs = readAtMs + rule.maxAgeMs;
    entries.set(key, { answer, ...state, tags, readAtMs, untilMs, paidOffMs });
    if (!rule.isOwn) shared.put(state.mirror, key, { ...answer, version: state.version }, untilMs - now());
    return { answer, version: state.version, source: "read" };
  }

  /** Who hears of every commit needn't ask. */
  async function stateNow(): Promise<MirrorState | null> {
    const { mirror, version } = freshness;
    if (mirror !== null && freshness.isListening && !freshness.settled(version)) return { mirror, version };
    const state = await options.readState();
    if (state) freshness.observe(state);
    return state;
  }

  return {
    async get(request, read) {
      const askedAtMs = now();
      for (;;) {
        const found = await kept(request);
        if (found) return found;
        const flight = flights.get(request.key);
        if (!flight || flight.beganAtMs >= askedAtMs) {
          return (flight ?? begin(request, read)).filled;
        }
        // Begun before this was asked: it may be older than what the client knows, so it is looked at like any other.
        await flight.filled.catch(() => undefined);
      }
    },
    get bytes() {
      return entries.calculatedSize;
    },
  };

  function begin(request: Request, read: () => Promise<Answer>) {
    const filled = fill(request, read).finally(() => flights.delete(request.key));
    const flight = { beganAtMs: now(), filled };
    flights.set(request.key, flight);
    return flight;
  }
}
