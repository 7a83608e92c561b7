/**
 * The filters and orders of the list of providers on rows in memory: the same as `db/queries/providers.ts` says in SQL.
 * It doesn't know where rows come from.
 */
import { type FigureSort, figureOf, type ProviderFilter, type ProviderKey } from "../db/queries/providers.ts";
import type { ProviderRow } from "../db/tables.ts";
import type { Compare } from "./ordered-rows.ts";
import type { ProviderColumns } from "./provider-columns.ts";

/** A row, and its number among the columns. */
export interface Placed {
  row: ProviderRow;
  id: number;
}

/** Of other letters the database knows by its own rules which are the same in another case: it must be asked. */
export function isPlain(filter: ProviderFilter): boolean {
  const texts = [filter.q, filter.gpu, filter.region, filter.sandbox];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return texts.every((text) => text === undefined || /^[\x00-\x7f]*$/.test(text));
}

/** Whether the provider of a number is one of those asked for. Texts that are empty ask for nothing, as in SQL. */
export function matcherOf(filter: ProviderFilter, columns: ProviderColumns): (id: number) => boolean {
  const { status: wantedStatus, available } = filter;
  const wantedFree = filter.hasFreeCapacity === undefined ? null : Number(filter.hasFreeCapacity);
  const { minVramGb = 0, minGpus = 0, minScore = 0 } = filter;
  const minStake = BigInt(filter.minStake ?? 0);
  const minStakeNumber = Number(minStake);
  const maxPrice = filter.maxPricePerHour ? BigInt(filter.maxPricePerHour) : null;
  const maxPriceNumber = maxPrice === null ? Number.POSITIVE_INFINITY : Number(maxPrice);
  const nameOf = (column: "region" | "sandbox" | "owner" | "asset", text: string | undefined) =>
    text ? columns.nameOf(column, text) : null;
  const wantedRegion = nameOf("region", filter.region?.toLowerCase());
  const wantedSandbox = nameOf("sandbox", filter.sandbox?.toLowerCase());
  const wantedOwner = nameOf("owner", filter.owner);
  const wantedAsset = nameOf("asset", filter.asset);
  const parts = (filter.q?.toLowerCase().split(/\s+/) ?? []).filter(Boolean);
  const having = parts.map((word) => columns.words.having(word));
  if (filter.gpu) having.push(columns.gpu.having(filter.gpu.toLowerCase()));
  const { rows, status, isFree } = columns;
  const { vramGb, gpus, score, staked, pricePerHour } = columns.figures;
  const { region, sandbox, owner, asset } = columns.names;
  return (id) => {
    if (available !== undefined && (status[id] === 0) !== available) return false;
    if (wantedStatus !== undefined && status[id] !== wantedStatus) return false;
    if (wantedFree !== null && isFree[id] !== wantedFree) return false;
    for (const found of having) if (found[id] !== 1) return false;
    if (wantedRegion !== null && region[id] !== wantedRegion) return false;
    if (wantedSandbox !== null && sandbox[id] !== wantedSandbox) return false;
    if (wantedOwner !== null && owner[id] !== wantedOwner) return false;
    if (wantedAsset !== null && asset[id] !== wantedAsset) return false;
    if (at(vramGb, id) < minVramGb || at(gpus, id) < minGpus || at(score, id) < minScore) return false;
    // Rounding never turns an order round: only where two round to the same must the exact ones be asked.
    const [stakedNumber, price] = [at(staked, id), at(pricePerHour, id)];
    if (stakedNumber < minStakeNumber || price > maxPriceNumber) return false;
    const row = rows[id] as ProviderRow;
    if (stakedNumber === minStakeNumber && row.staked < minStake) return false;
    return !(price === maxPriceNumber && maxPrice !== null && row.price_per_hour > maxPrice);
  };
}

/** Whether the provider of a number, and so all after it in this order, has too much or too little of what it goes by. */
export function isPast(
  sort: ProviderKey["sort"],
  filter: ProviderFilter,
  { figures }: ProviderColumns,
): ((id: number) => boolean) | null {
  const { pricePerHour, score, staked, vramGb } = figures;
  const { maxPricePerHour, minScore, minStake, minVramGb } = filter;
  const below = (column: Readonly<Float64Array>, least: string | number | undefined) =>
    least === undefined ? null : (id: number) => at(column, id) < Number(least);
  switch (sort) {
    case "price":
      return maxPricePerHour ? (id) => at(pricePerHour, id) > Number(maxPricePerHour) : null;
    case "score":
      return below(score, minScore);
    case "stake":
      return below(staked, minStake);
    case "vram":
      return below(vramGb, minVramGb);
    default:
      return null;
  }
}

const at = (column: Readonly<Float64Array>, id: number) => column[id] as number;
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byNumber = (a: bigint, b: bigint) => (a < b ? -1 : a > b ? 1 : 0);

function byFigure(sort: FigureSort, direction: 1 | -1): Compare<Placed> {
  return (a, b) =>
    direction * byNumber(figureOf(sort, a.row), figureOf(sort, b.row)) ||
    byText(a.row.provider, b.row.provider);
}

export const ORDERS: Readonly<Record<ProviderKey["sort"], Compare<Placed>>> = {
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
export function isUpTo(after: ProviderKey): (placed: Placed) => boolean {
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
