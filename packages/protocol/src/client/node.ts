/**
 * One fullnode's REST API: requests with a time limit, answers told apart from failures.
 * It doesn't know modules or transactions; a 404 is an answer here, everything unreadable is a retryable `ChainError`.
 */
import { z } from "zod";
import { ChainError, chainError, explainFailure } from "./errors.ts";

const REQUEST_TIMEOUT_MS = 10_000;

const zNodeError = z.object({ message: z.string(), error_code: z.string().nullish() });

export interface NodeFailure {
  status: number;
  /** The node's `error_code`, or "" when the body wasn't the node's. */
  code: string;
  message: string;
}

export type NodeAnswer = { ok: true; body: unknown } | { ok: false; failure: NodeFailure };

export interface NodeApi {
  readonly url: string;
  get(path: string): Promise<NodeAnswer>;
  postJson(path: string, body: unknown): Promise<NodeAnswer>;
  postBytes(path: string, contentType: string, body: Uint8Array): Promise<NodeAnswer>;
  /** The error to throw for a 4xx that the caller has no better meaning for. */
  refused(failure: NodeFailure): ChainError;
}

/** A node's URL with its API version: with or without `/v1` and a trailing slash, the answer ends in `/v1`. */
export function withApiVersion(nodeUrl: string): string {
  const trimmed = nodeUrl.replace(/\/+$/, "");
  return trimmed.endsWith("/v1") ? trimmed : `${trimmed}/v1`;
}

/** Any 4xx is returned; connection errors, timeouts, 429 and 5xx are thrown as retryable. */
export function createNodeApi(options: { nodeUrl: string; packageAddress: string }): NodeApi {
  const base = withApiVersion(options.nodeUrl);

  async function request(path: string, init: RequestInit): Promise<NodeAnswer> {
    let status: number;
    let text: string;
    let retryAfterMs: number;
    try {
      const response = await fetch(base + path, { ...init, signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS) });
      status = response.status;
      retryAfterMs = secondsOf(response.headers.get("retry-after")) * 1_000;
      text = await response.text();
    } catch (cause) {
      throw chainError("NODE_UNREACHABLE", `No answer from the node at ${base}.`, { retryable: true, cause });
    }
    const body = parseJson(text);
    if (status < 300) {
      if (body === undefined) {
        throw chainError(
          "NODE_ANSWER_INVALID",
          `The node at ${base} answered ${path} with something else than JSON.`,
          {
            retryable: true,
          },
        );
      }
      return { ok: true, body };
    }
    const told = zNodeError.safeParse(body);
    const message = told.success ? told.data.message : `HTTP ${status}`;
    if (status === 429) {
      throw chainError("NODE_RATE_LIMITED", `The node at ${base} asks for fewer requests.`, {
        retryable: true,
        retryAfterMs,
      });
    }
    if (status >= 500 || status < 400) {
      throw chainError("NODE_ERROR", `The node at ${base} answered ${status}: ${message.slice(0, 500)}`, {
        retryable: true,
        retryAfterMs,
      });
    }
    return {
      ok: false,
      failure: { status, code: told.success ? (told.data.error_code ?? "") : "", message },
    };
  }

  return {
    url: base,
    get: (path) => request(path, {}),
    postJson: (path, body) =>
      request(path, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      }),
    postBytes: (path, contentType, body) =>
      request(path, {
        method: "POST",
        headers: { "content-type": contentType },
        body: new Blob([Uint8Array.from(body)]),
      }),
    refused: (failure) => new ChainError(explainFailure(options.packageAddress, failure.message)),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Decodes an answer that must have this shape: else the node and this client disagree about the API. */
export function decode<T>(schema: z.ZodType<T>, body: unknown, what: string): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw chainError(
    "NODE_ANSWER_UNEXPECTED",
    `${what} has an unexpected form at ${issue?.path.join(".") || "its root"}: ${issue?.message ?? "invalid"}`,
    { cause: parsed.error },
  );
}

/** Of a Retry-After in seconds; its other form, a date, is rare and taken for none. */
function secondsOf(text: string | null): number {
  return text !== null && /^\d{1,5}$/.test(text) ? Number(text) : 0;
}
