/**
 * One topic that somebody listens to: what was told of it last, what is yet to tell, who follows and who must catch up.
 * It doesn't read: the hub gives it states and what happened.
 */
import { type LiveTopicKind, type ResetReason, STREAM_FIELDS } from "@computestream/protocol/api";
import { formatCursor, type Position } from "./cursor.ts";
import { Frame } from "./frame.ts";
import { changeBetween, type EncodedState, encodeState, stateText } from "./state.ts";
import { happeningsOf, partsOf } from "./topics.ts";

export interface Peer {
  send(frame: Frame): void;
  /** Bytes handed over and not yet taken by the network. */
  readonly bufferedBytes: number;
  drop(code: string, message: string): void;
}

/** One settlement or ledger line, as JSON. */
export interface Happened {
  version: bigint;
  json: string;
}

export interface Wait {
  /** What the peer has been told before; null = it wants to know nothing of that. */
  since: Position | null;
  /** False while its connection is too slow to take more. */
  ready: boolean;
}

export class LiveTopic {
  readonly name: string;
  readonly kind: LiveTopicKind;
  /** They have been told everything that the topic has told. */
  readonly followers = new Set<Peer>();
  /** They get a snapshot first. */
  readonly waiting = new Map<Peer, Wait>();
  /** The state that was told last; null before the first. */
  state: EncodedState | null = null;
  /** Everything up to this version was told. */
  at = -1n;
  dirty = false;
  /** What happened after `at` isn't all here. */
  hasGap = false;
  sentAtMs = Number.NEGATIVE_INFINITY;
  #pending: Happened[] = [];
  #snapshot: Frame | null = null;

  constructor(name: string) {
    this.name = name;
    this.kind = partsOf(name).kind;
  }

  happened(items: Happened[]): void {
    for (const item of items) this.#pending.push(item);
  }

  join(peer: Peer, since: Position | null): Wait {
    this.followers.delete(peer);
    const wait: Wait = { since, ready: true };
    this.waiting.set(peer, wait);
    return wait;
  }

  leave(peer: Peer): void {
    this.followers.delete(peer);
    this.waiting.delete(peer);
  }

  get isEmpty(): boolean {
    return this.followers.size + this.waiting.size === 0;
  }

  /** Followers must read what happened since `at` as if they had been away. */
  catchUp(mirror: string): void {
    this.#pending = [];
    this.hasGap = true;
    for (const peer of this.followers)
      this.waiting.set(peer, { since: { mirror, version: this.at }, ready: true });
    this.followers.clear();
  }

  /** The mirror is another one: what was told isn't the beginning of what comes. */
  forget(mirror: string): void {
    this.catchUp(mirror);
    this.state = null;
    this.#snapshot = null;
    this.dirty = false;
    this.hasGap = false;
  }

  /** Nothing of the topic has changed up to `version`. */
  isUnchangedUpTo(version: bigint): void {
    if (this.at === version) return;
    this.at = version;
    this.#snapshot = null;
  }

  /** Tells followers what is other in `data`, and what happened; slow ones get it once they can take it. */
  tell(data: unknown, position: Position, isSlow: (peer: Peer) => boolean): void {
    const next = encodeState(this.kind, this.kind === "stream" ? moneyOf(data) : data);
    const change = this.state && changeBetween(this.state, next);
    const happened = membersOf(this.kind, this.#pending);
    const before = this.at;
    let frame: Frame | null = null;
    if (change !== "" || happened !== "") {
      for (const peer of this.followers) {
        if (isSlow(peer)) {
          this.followers.delete(peer);
          this.waiting.set(peer, { since: { mirror: position.mirror, version: before }, ready: false });
          continue;
        }
        frame ??= this.#update(position, change ?? `"data":${stateText(next)}`, happened);
        peer.send(frame);
      }
    }
    this.state = next;
    this.at = position.version;
    this.dirty = false;
    this.#pending = [];
    this.hasGap = false;
    this.#snapshot = null;
  }

  #update(position: Position, change: string, happened: string): Frame {
    const members = [...this.#head("update", position), change, happened].filter(Boolean);
    return new Frame(`{${members.join(",")}}`, { topic: this.name, ...position });
  }

  /** The state as told last. Only after the first `tell`. */
  snapshot(mirror: string, resume: { missed: Happened[] } | { reset: ResetReason } | null): Frame {
    if (!resume && this.#snapshot) return this.#snapshot;
    const position = { mirror, version: this.at };
    const members = [
      ...this.#head("snapshot", position),
      `"data":${this.state ? stateText(this.state) : "null"}`,
    ];
    if (!resume) members.push('"resume":"none"');
    else if ("reset" in resume) members.push(`"resume":"reset","reason":"${resume.reset}"`);
    else {
      members.push('"resume":"complete"');
      const happened = membersOf(this.kind, resume.missed);
      if (happened !== "") members.push(happened);
    }
    const frame = new Frame(`{${members.join(",")}}`, { topic: this.name, ...position });
    if (!resume) this.#snapshot = frame;
    return frame;
  }

  #head(type: string, position: Position): string[] {
    return [`"type":"${type}"`, `"topic":"${this.name}"`, `"cursor":"${formatCursor(position)}"`];
  }
}

function membersOf(kind: LiveTopicKind, items: Happened[]): string {
  const name = happeningsOf(kind);
  return name === null || items.length === 0 ? "" : `"${name}":[${items.map(({ json }) => json).join(",")}]`;
}

function moneyOf(job: unknown): unknown {
  if (job === null || job === undefined) return null;
  return Object.fromEntries(STREAM_FIELDS.map((name) => [name, (job as Record<string, unknown>)[name]]));
}
