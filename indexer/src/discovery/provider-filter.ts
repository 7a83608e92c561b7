/**
 * The filters and orders of the list of providers on rows in memory: the same as `db/queries/providers.ts` says in SQL.
 * It doesn't know where rows come from.
 */
import { type FigureSort, figureOf, type ProviderFilter, type ProviderKey } from "../db/queries/providers.ts";
import type { ProviderRow } from "../db/tables.ts";
import type { Compare } from "./ordered-rows.ts";
import type { Texts } from "./texts.ts";

/**
 * A row, its texts as they are looked through, and its figures as plain numbers: a walk over thousands of rows compares
 * those first. A figure beyond 2^53 is rounded, never past another: where two numbers are equal the row decides.
 */
export interface Shelved {
  row: ProviderRow;
  /** Its number in `ShelfTexts`. */
  id: number;
  status: number;
  isFree: boolean;
  vramGb: number;
  gpus: number;
  score: number;
  staked: number;
  pricePerHour: number;
  owner: string;
  region: string;
  sandbox: string;
}

/** What can be looked for in part, in lower case: walked through row by row these would cost the most. */
export interface ShelfTexts {
  words: Texts;
  gpu: Texts;
}

export function shelve(row: ProviderRow, id: number, texts: ShelfTexts): Shelved {
  texts.words.put(id, `${row.name} ${row.gpu_model} ${row.region}`.toLowerCase());
  texts.gpu.put(id, row.gpu_model.toLowerCase());
  return {
    row,
    id,
    status: row.status,
    isFree: row.slots_busy < row.slots,
    vramGb: Number(row.vram_gb),
    gpus: Number(row.gpu_count),
    score: Number(row.score),
    staked: Number(row.staked),
    pricePerHour: Number(row.price_per_hour),
    owner: row.owner,
    region: row.region.toLowerCase(),
    sandbox: row.sandbox.toLowerCase(),
  };
}

/** Of other letters the database knows by its own rules which are the same in another case: it must be asked. */
export function isPlain(filter: ProviderFilter): boolean {
  const texts = [filter.q, filter.gpu, filter.region, filter.sandbox];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return texts.every((text) => text === undefined || /^[\x00-\x7f]*$/.test(text));
}

/** Whether a provider is one of those asked for. Texts that are empty ask for nothing, as in SQL. */
export function matcherOf(filter: ProviderFilter, texts: ShelfTexts): (shelved: Shelved) => boolean {
  const { available, status, hasFreeCapacity, owner, asset } = filter;
  const [vramGb, gpus, score] = [filter.minVramGb ?? 0, filter.minGpus ?? 0, filter.minScore ?? 0];
  const minStake = BigInt(filter.minStake ?? 0);
  const minStakeNumber = Number(minStake);
  const maxPrice = filter.maxPricePerHour ? BigInt(filter.maxPricePerHour) : null;
  const maxPriceNumber = maxPrice === null ? Number.POSITIVE_INFINITY : Number(maxPrice);
  const region = filter.region?.toLowerCase();
  const sandbox = filter.sandbox?.toLowerCase();
  const parts = (filter.q?.toLowerCase().split(/\s+/) ?? []).filter(Boolean);
  const having = parts.map((word) => texts.words.having(word));
  if (filter.gpu) having.push(texts.gpu.having(filter.gpu.toLowerCase()));
  return (s) => {
    if (available !== undefined && (s.status === 0) !== available) return false;
    if (status !== undefined && s.status !== status) return false;
    if (hasFreeCapacity !== undefined && s.isFree !== hasFreeCapacity) return false;
    if (s.vramGb < vramGb || s.gpus < gpus || s.score < score) return false;
    // Rounding never turns an order round: only where two round to the same must the exact ones be asked.
    if (s.staked < minStakeNumber || s.pricePerHour > maxPriceNumber) return false;
    if (s.staked === minStakeNumber && s.row.staked < minStake) return false;
    if (s.pricePerHour === maxPriceNumber && maxPrice !== null && s.row.price_per_hour > maxPrice)
      return false;
    if (region && s.region !== region) return false;
    if (sandbox && s.sandbox !== sandbox) return false;
    if (owner && s.owner !== owner) return false;
    if (asset && s.row.asset !== asset) return false;
    for (const found of having) if (found[s.id] !== 1) return false;
    return true;
  };
}

/** Whether none of those after this row, in this order, can match. */
export function isPast(sort: ProviderKey["sort"], filter: ProviderFilter): (shelved: Shelved) => boolean {
  const maxPrice = Number(filter.maxPricePerHour || Number.POSITIVE_INFINITY);
  const minStake = Number(filter.minStake ?? 0);
  const { minScore = 0, minVramGb = 0 } = filter;
  switch (sort) {
    case "price":
      return (s) => s.pricePerHour > maxPrice;
    case "score":
      return (s) => s.score < minScore;
    case "stake":
      return (s) => s.staked < minStake;
    case "vram":
      return (s) => s.vramGb < minVramGb;
    default:
      return () => false;
  }
}

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byNumber = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);

function byFigure(sort: FigureSort, direction: 1 | -1): Compare<Shelved> {
  return (a, b) =>
    direction * byNumber(figureOf(sort, a.row), figureOf(sort, b.row)) ||
    byText(a.row.provider, b.row.provider);
}

export const ORDERS: Readonly<Record<ProviderKey["sort"], Compare<Shelved>>> = {
  price: byFigure("price", 1),
  score: byFigure("score", -1),
  stake: byFigure("stake", -1),
  vram: byFigure("vram", -1),
  served: byFigure("served", -1),
  newest: (a, b) =>
    byNumber(b.row.registered_version, a.row.registered_version) ||
    b.row.registered_index - a.row.registered_index,
};

/** Whether a row belongs to the pages up to the one that ended with `after`. */
export function isUpTo(after: ProviderKey | null): (shelved: Shelved) => boolean {
  if (after === null) return () => false;
  if (after.sort === "newest") {
    const version = BigInt(after.version);
    return ({ row }) =>
      row.registered_version > version ||
      (row.registered_version === version && row.registered_index >= after.index);
  }
  const { sort, provider } = after;
  const value = BigInt(after.value);
  const rises = sort === "price";
  return ({ row }) => {
    const figure = figureOf(sort, row);
    if (figure === value) return row.provider <= provider;
    return rises ? figure < value : figure > value;
  };
}
