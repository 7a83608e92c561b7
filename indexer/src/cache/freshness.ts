/**
 * Knows which things have changed since which version, from commits of this or any other instance.
 * It doesn't know answers: cache/answers.ts asks it whether one is still what the mirror would say.
 */
import { LRUCache } from "lru-cache";
import type { Changed, MirrorState } from "../db/queries/changes.ts";
import type { Logger } from "../logger.ts";
import { sleep } from "../retry.ts";

/** What an answer depends on. */
export type Tag = "events" | "market" | "jobs" | "providers" | `job:${string}` | `provider:${string}`;

export interface Freshness {
  /** The tables that answers must be from; null before the first look. */
  readonly mirror: string | null;
  /** Changes up to here have been taken note of. */
  readonly version: bigint;
  /** False while commits may go by unheard: what is kept may then be old. */
  readonly isListening: boolean;
  /** A commit was heard of, or some may have been missed: looks at where the mirror is now. */
  heard(): void;
  /** The mirror was seen there: changes up to it are looked up. */
  observe(state: MirrorState): void;
  /** Commits can't be heard until the next `heard()`. */
  deaf(): void;
  /** Resolves when changes later than `version` that were heard of have been taken note of; null = there are none. */
  settled(version: bigint): Promise<void> | null;
  /** Whether nothing of `tags` has changed after `version`, as far as was heard. */
  isCurrent(tags: readonly Tag[], version: bigint): boolean;
  close(): void;
}

/** Beyond so many versions at once everything counts as changed: a mirror that catches up. */
const MAX_VERSIONS = 5_000n;
const MAX_TAGS = 100_000;
const RETRY_MS = 500;

export function createFreshness(options: {
  readState: () => Promise<MirrorState | null>;
  readChanges: (after: bigint, until: bigint) => Promise<Changed>;
  log: Logger;
}): Freshness {
  const { log } = options;
  const stop = new AbortController();
  let mirror: string | null = null;
  let known = -1n;
  /** What was seen to exist and may hold changes that aren't known yet. */
  let target = -1n;
  /** Anything may have changed up to here. */
  let floor = -1n;
  let isListening = false;
  /** Something was heard of that nobody has looked at yet. */
  let mustLook = false;
  let isLooking = false;
  let working: Promise<void> | null = null;
  const touched = new LRUCache<Tag, { version: bigint }>({
    max: MAX_TAGS,
    dispose: ({ version }, _tag, reason) => {
      if (reason === "evict" && version > floor) floor = version;
    },
  });

  function observe(state: MirrorState): void {
    if (state.mirror !== mirror) {
      mirror = state.mirror;
      touched.clear();
      known = target = floor = state.version;
      return;
    }
    if (state.version <= target) return;
    target = state.version;
    work();
  }

  function work(): void {
    working ??= catchUp().finally(() => {
      working = null;
    });
  }

  async function catchUp(): Promise<void> {
    while (!stop.signal.aborted && (mustLook || known < target)) {
      try {
        if (mustLook) {
          mustLook = false;
          isLooking = true;
          const state = await options.readState();
          if (state) observe(state);
          isListening = true;
          isLooking = false;
        }
        if (known < target) await takeNote(known, target, mirror);
      } catch (error) {
        mustLook = true;
        isLooking = false;
        isListening = false;
        log.debug({ err: error }, "looking up what commits changed failed");
        // Whoever waits goes on: nothing older than what was seen counts as current meanwhile.
        setTimeout(work, RETRY_MS).unref();
        return;
      }
    }
  }

  async function takeNote(after: bigint, until: bigint, of: string | null): Promise<void> {
    if (until - after > MAX_VERSIONS) {
      touched.clear();
      floor = until;
      known = until;
      return;
    }
    const changed = await options.readChanges(after, until);
    // The tables were replaced meanwhile: all this is about others.
    if (mirror !== of) return;
    const touch = (tag: Tag) => touched.set(tag, { version: until });
    if (changed.any) touch("events");
    if (changed.market) touch("market");
    if (changed.jobs.length > 0) touch("jobs");
    if (changed.providers.length > 0) touch("providers");
    for (const job of changed.jobs) touch(`job:${job}`);
    for (const provider of changed.providers) touch(`provider:${provider}`);
    known = until;
  }

  return {
    get mirror() {
      return mirror;
    },
    get version() {
      return known;
    },
    get isListening() {
      return isListening;
    },
    heard() {
      mustLook = true;
      work();
    },
    observe,
    deaf() {
      isListening = false;
    },
    settled(version) {
      return working && (mustLook || isLooking || version < target)
        ? Promise.race([working, sleep(RETRY_MS)])
        : null;
    },
    isCurrent(tags, version) {
      if (version < floor || (version < target && known < target)) return false;
      return tags.every((tag) => (touched.get(tag)?.version ?? -1n) <= version);
    },
    close() {
      stop.abort();
    },
  };
}
