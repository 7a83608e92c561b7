/**
 * What each asset of the market is called and how many decimals it has: the deployment's own from its record, any other
 * from the chain, once, and kept in a table of its own.
 * It doesn't know amounts, nor which assets the market allows.
 */
import { createHash } from "node:crypto";
import type { Deployment } from "@computestream/protocol/deployment";
import type { Pool } from "pg";
import type { ChainSource } from "../chain/source.ts";
import { listUsedAssets } from "../db/queries/market.ts";
import { errorCode } from "../errors.ts";
import type { Logger } from "../logger.ts";

export type Asset = Deployment["asset"];

export interface AssetBook {
  /** The deployment's. */
  readonly market: Asset;
  /** One that isn't known yet has 0 decimals and its address's beginning as symbol. */
  describe(address: string): Asset;
  /** Grows when an asset has become known: what was answered before may describe it otherwise. */
  readonly revision: number;
  /** The same wherever all assets are described alike. */
  readonly describedBy: string;
  /** Something was committed: looks for assets that aren't known yet. */
  refresh(): void;
  close(): Promise<void>;
}

/** Between two looks. */
const PAUSE_MS = 1_000;
/** Until an asset that the node couldn't describe is asked for again. */
const RETRY_MS = 30_000;
/** What a page has room for; the chain allows 32. */
const MAX_SYMBOL = 32;

export async function createAssetBook(options: {
  pool: Pool;
  source: Pick<ChainSource, "assetMetadata">;
  market: Asset;
  log: Logger;
}): Promise<AssetBook> {
  const { pool, source, market, log } = options;
  const known = new Map<string, Asset>([[market.address, market]]);
  const retryAtMs = new Map<string, number>();
  let revision = 0;
  let describedBy = hashOf([market]);
  let looking: Promise<void> | null = null;
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  function note(asset: Asset): void {
    const before = known.get(asset.address);
    if (before?.symbol === asset.symbol && before.decimals === asset.decimals) return;
    known.set(asset.address, asset);
    revision += 1;
    describedBy = hashOf([...known.values()]);
  }

  async function lookUp(address: string): Promise<void> {
    try {
      const { symbol, decimals } = await source.assetMetadata(address);
      const asset = { address, symbol: symbol.slice(0, MAX_SYMBOL), decimals };
      await pool.query(
        `INSERT INTO asset_metadata (asset, symbol, decimals) VALUES ($1, $2, $3)
         ON CONFLICT (asset) DO UPDATE SET symbol = excluded.symbol, decimals = excluded.decimals`,
        [address, asset.symbol, decimals],
      );
      note(asset);
    } catch (error) {
      retryAtMs.set(address, performance.now() + RETRY_MS);
      log.warn(
        { asset: address, code: errorCode(error) },
        "an asset's symbol and decimals can't be read yet",
      );
    }
  }

  async function look(): Promise<void> {
    try {
      for (const address of await listUsedAssets(pool)) {
        if (closed) return;
        if (known.has(address) || (retryAtMs.get(address) ?? 0) > performance.now()) continue;
        await lookUp(address);
      }
    } catch (error) {
      log.debug({ err: error }, "the market's assets can't be read now");
    }
  }

  function refresh(): void {
    if (closed || timer) return;
    timer = setTimeout(() => {
      looking = look().finally(() => {
        timer = undefined;
      });
    }, PAUSE_MS);
  }

  const { rows } = await pool.query("SELECT asset AS address, symbol, decimals FROM asset_metadata");
  for (const row of rows) if (row.address !== market.address) note(row);
  refresh();

  return {
    market,
    describe: (address) => known.get(address) ?? { address, symbol: `${address.slice(0, 6)}…`, decimals: 0 },
    get revision() {
      return revision;
    },
    get describedBy() {
      return describedBy;
    },
    refresh,
    async close() {
      closed = true;
      clearTimeout(timer);
      await looking;
    },
  };
}

function hashOf(assets: Asset[]): string {
  const texts = assets.map(({ address, symbol, decimals }) => JSON.stringify([address, symbol, decimals]));
  return createHash("sha256").update(texts.sort().join()).digest("base64url").slice(0, 8);
}
