/**
 * What the table of routes says of a route, and what that makes of its handler's type.
 * It doesn't know any route.
 */
import type { Request, Response } from "express";
import type { z } from "zod";
import type { Caller } from "../../auth/access-token.ts";
import type { Asker } from "../../auth/auth.ts";
import type { LimitClass } from "../../limits/classes.ts";
import type { ErrorCode } from "./errors.ts";

export const TAGS = {
  market: "The network as a whole: totals, history, parameters, assets, raw events.",
  providers: "Machines that take jobs.",
  jobs: "Jobs, their settlements, history, receipts and cases.",
  quotes: "Addresses that were paid to for one job: what became of the money.",
  wallets: "What a wallet has in the market, and its ledger.",
  auth: "Signing in with a wallet; what only the signed-in may read.",
  admin: "For the market's admin, as the chain names it at each request.",
  live: "What changes, as it changes: docs/live.md of the repository tells the messages.",
  service: "The service itself and this description.",
} as const;

/** Who may call: anyone signed in (the handler looks closer), or the market's admin. */
export type Security = "wallet" | "admin";

/** A body that isn't JSON; `about` says what it is. */
export interface TextAnswer {
  contentType: string;
  about: string;
}

/** How an answer becomes lines: one for each item of its field `rows`, columns by dotted path. */
export interface CsvSpec {
  rows: "items" | "balances";
  columns: readonly string[];
}

/** An old name of a route. `fixed` are parameters that the old name stands for. */
export interface Alias {
  path: string;
  fixed?: Readonly<Record<string, string>>;
}

export interface RouteEntry {
  summary: string;
  description?: string;
  tag: keyof typeof TAGS;
  /** GET (and so HEAD) unless said. One path has one method. */
  method?: "POST";
  /** Anyone may call unless said. */
  security?: Security;
  params: z.ZodType;
  query: z.ZodType;
  /** Of a POST: a JSON object. */
  body?: z.ZodType;
  /** Schema of the JSON body, or what else it is. */
  answer: z.ZodType | TextAnswer;
  /** Statuses with that body; 200 unless said. */
  statuses?: readonly number[];
  csv?: CsvSpec;
  /** Which rate limit it counts in: `read` unless said. A search or CSV counts as expensive also where this is less. */
  limit?: LimitClass | "none";
  /** Beside those that every route may answer. */
  errors: readonly ErrorCode[];
  aliases?: readonly Alias[];
  /** A query that shows what the route can, with its question mark; "" for none. */
  exampleQuery: string;
}

export type RouteTable = Readonly<Record<string, RouteEntry>>;

type BodyOf<A> = A extends z.ZodType ? z.output<A> : string;
type SentOf<E> = E extends { body: infer S extends z.ZodType } ? z.output<S> : undefined;
type CallerOf<E> = E extends { security: Security } ? Caller : Caller | null;

export interface Reply<B = unknown> {
  body: B;
  /** 200 unless said. */
  status?: number;
  headers?: Record<string, string>;
  /** Writes the body itself, for as long as it likes; `body` isn't sent then. */
  stream?: (request: Request, response: Response) => void;
}

/** Handlers by path: exactly those of the table, each with its parsed parameters and its own body. */
export type Handlers<T extends RouteTable> = {
  [P in keyof T]: (request: {
    params: z.output<T[P]["params"]>;
    query: z.output<T[P]["query"]>;
    body: SentOf<T[P]>;
    caller: CallerOf<T[P]>;
    asker: Asker;
  }) => Promise<Reply<BodyOf<T[P]["answer"]>>>;
};

export function methodOf(entry: RouteEntry): "GET" | "POST" {
  return entry.method ?? "GET";
}

/** As an Allow header lists them. */
export function allowedMethods(entry: RouteEntry): string {
  return entry.method === undefined ? "GET, HEAD, OPTIONS" : `${entry.method}, OPTIONS`;
}

export function isText(answer: RouteEntry["answer"]): answer is TextAnswer {
  return "contentType" in answer;
}
