/**
 * What the relayer knows about its own state, read at most once in a while.
 * It doesn't act on it.
 */
import { type ChainClient, ChainError } from "@computestream/protocol/client";
import type { Redis } from "../store/redis.ts";

export interface Check {
  ok: boolean;
  message?: string;
}

export interface HealthReport {
  ok: boolean;
  chainId: number;
  packageAddress: string;
  /** The account that pays for settlements. */
  relayer: string;
  /** True while this instance is the one that submits. */
  submitter: boolean;
  /** Base units left to pay gas with; null when they can't be read. */
  balance: string | null;
  checks: { redis: Check; chain: Check; balance: Check; tick: Check; sponsor?: Check };
}

export interface Health {
  report(): Promise<HealthReport>;
}

const CACHE_MS = 1000;
const BALANCE_CACHE_MS = 5000;
const PROBE_TIMEOUT_MS = 2000;

export function createHealth(options: {
  chainId: number;
  packageAddress: string;
  relayer: string;
  redis: Pick<Redis, "ping">;
  client: Pick<ChainClient, "ledger">;
  /** Base units left to pay gas with. */
  balance: () => Promise<bigint>;
  lowBalance: bigint;
  isSubmitter: () => boolean;
  sinceLastTickMs: () => number | null;
  /** A submitter without a finished tick for this long is in trouble. */
  tickLateMs: number;
  onBalance?: (balance: bigint) => void;
  /** Who pays the gas of others, where there is one. */
  sponsor?: { address: string; balance: () => Promise<bigint> } | null;
}): Health {
  const redis = cached(CACHE_MS, () => probe("Redis is not reachable", () => options.redis.ping()));
  const chain = cached(CACHE_MS, () =>
    probe("the chain's node is not reachable", async () => {
      const { chainId } = await options.client.ledger();
      if (chainId !== options.chainId)
        throw new Error(`the node is chain ${chainId}, not ${options.chainId}`);
    }),
  );
  const balance = cached(BALANCE_CACHE_MS, async () => {
    try {
      const units = await within(options.balance());
      options.onBalance?.(units);
      return units;
    } catch {
      return null;
    }
  });
  const { sponsor } = options;
  const sponsorBalance = cached(BALANCE_CACHE_MS, async () =>
    sponsor ? within(sponsor.balance()).catch(() => null) : null,
  );

  return {
    async report() {
      const [redisCheck, chainCheck, units, sponsorUnits] = await Promise.all([
        redis(),
        chain(),
        balance(),
        sponsorBalance(),
      ]);
      const submitter = options.isSubmitter();
      const checks = {
        redis: redisCheck,
        chain: chainCheck,
        balance: checkBalance(units, options.lowBalance, options.relayer),
        tick: checkTick(submitter, options.sinceLastTickMs(), options.tickLateMs),
        ...(sponsor ? { sponsor: checkBalance(sponsorUnits, options.lowBalance, sponsor.address) } : {}),
      };
      return {
        ok: Object.values(checks).every((check) => check.ok),
        chainId: options.chainId,
        packageAddress: options.packageAddress,
        relayer: options.relayer,
        submitter,
        balance: units === null ? null : units.toString(),
        checks,
      };
    },
  };
}

function checkBalance(units: bigint | null, low: bigint, relayer: string): Check {
  if (units === null) return { ok: false, message: "the balance can't be read" };
  if (units >= low) return { ok: true };
  return { ok: false, message: `only ${units} base units are left to pay gas; fund ${relayer}` };
}

function checkTick(submitter: boolean, sinceMs: number | null, lateMs: number): Check {
  if (!submitter) return { ok: true, message: "standing by; another instance submits" };
  if (sinceMs === null) return { ok: true, message: "the first tick has not ended yet" };
  return sinceMs <= lateMs
    ? { ok: true }
    : { ok: false, message: `no tick has ended well for ${Math.round(sinceMs / 1000)} s` };
}

async function probe(what: string, action: () => Promise<unknown>): Promise<Check> {
  try {
    await within(action());
    return { ok: true };
  } catch (error) {
    // A node's URL may carry an access key and this is anybody's to read, so of its failures only the code is told.
    const why =
      error instanceof ChainError ? error.failure.code : error instanceof Error ? error.message : "";
    return { ok: false, message: why ? `${what}: ${why}` : what };
  }
}

function within<T>(promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error("no answer in time")), PROBE_TIMEOUT_MS);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

function cached<T>(ttlMs: number, read: () => Promise<T>): () => Promise<T> {
  let value: Promise<T> | null = null;
  let readAt = 0;
  return () => {
    if (!value || performance.now() - readAt > ttlMs) {
      readAt = performance.now();
      value = read();
    }
    return value;
  };
}
