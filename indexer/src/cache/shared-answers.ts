/**
 * Answers that instances leave for each other in Redis.
 * It doesn't know whether one is still true: every reader decides that by what it has heard itself.
 */
import { createHash } from "node:crypto";
import type { RedisKeys } from "@computestream/protocol/redis-keys";
import { z } from "zod";
import type { RedisLink } from "../redis/client.ts";
import type { Answer } from "./answers.ts";

export interface SharedAnswer extends Answer {
  version: bigint;
  /** Milliseconds for which it may still be kept. */
  leftMs: number;
}

export interface SharedAnswers {
  get(mirror: string, request: string): Promise<SharedAnswer | null>;
  put(mirror: string, request: string, answer: Answer & { version: bigint }, ttlMs: number): void;
}

/** A long answer is seldom asked for twice, and a Redis that is full refuses the relayer too. */
const MAX_BYTES = 256 * 1024;
/** What one instance writes in a minute: with the longest lifetime, 80 MB at a time. */
const MAX_BYTES_A_MINUTE = 16 * 1024 * 1024;

const zHead = z.object({
  version: z.string().regex(/^\d{1,20}$/),
  etag: z.string(),
  contentType: z.string(),
  nextCursor: z.string().nullable(),
});

/** `contract` tells answers of another form apart: those of another release, or of another configuration. */
export function createSharedAnswers(options: {
  redis: Pick<RedisLink, "ask" | "state">;
  keys: Pick<RedisKeys, "answer">;
  contract: string;
}): SharedAnswers {
  const { redis, keys } = options;
  const written = { minute: 0, bytes: 0 };
  const keyOf = (mirror: string, request: string) =>
    keys.answer(mirror, createHash("sha256").update(`${options.contract}\n${request}`).digest("base64url"));

  return {
    async get(mirror, request) {
      if (redis.state !== "ok") return null;
      const key = keyOf(mirror, request);
      const found = await redis.ask((connection) =>
        Promise.all([connection.getBuffer(key), connection.pttl(key)]),
      );
      if (!found) return null;
      const [bytes, leftMs] = found;
      return bytes && leftMs > 0 ? decode(bytes, leftMs) : null;
    },

    put(mirror, request, answer, ttlMs) {
      const size = answer.body.length;
      const minute = Math.floor(performance.now() / 60_000);
      if (minute !== written.minute) Object.assign(written, { minute, bytes: 0 });
      if (redis.state !== "ok" || size > MAX_BYTES || written.bytes + size > MAX_BYTES_A_MINUTE) return;
      written.bytes += size;
      const { version, etag, contentType, nextCursor } = answer;
      const head = JSON.stringify({ version: version.toString(), etag, contentType, nextCursor });
      const value = Buffer.concat([Buffer.from(`${head}\n`), answer.body]);
      void redis.ask((connection) =>
        connection.set(keyOf(mirror, request), value, "PX", Math.max(1, Math.floor(ttlMs))),
      );
    },
  };
}

/** Null for what isn't ours. */
function decode(bytes: Buffer, leftMs: number): SharedAnswer | null {
  const end = bytes.indexOf("\n");
  try {
    const head = zHead.parse(JSON.parse(bytes.subarray(0, end).toString()));
    return { ...head, version: BigInt(head.version), body: bytes.subarray(end + 1), leftMs };
  } catch {
    return null;
  }
}
