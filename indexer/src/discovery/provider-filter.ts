/**
 * The filters and orders of the list of providers on rows in memory: the same as `db/queries/providers.ts` says in SQL.
 * It doesn't know where rows come from.
 */
import { type FigureSort, figureOf, type ProviderFilter, type ProviderKey } from "../db/queries/providers.ts";
import type { ProviderRow } from "../db/tables.ts";
import type { Compare } from "./ordered-rows.ts";

/** A row, and its texts as they are looked through. */
export interface Shelved {
  row: ProviderRow;
  words: string;
  gpu: string;
  region: string;
  sandbox: string;
}

export function shelve(row: ProviderRow): Shelved {
  const lower = (text: string) => text.toLowerCase();
  return {
    row,
    words: lower(`${row.name} ${row.gpu_model} ${row.region}`),
    gpu: lower(row.gpu_model),
    region: lower(row.region),
    sandbox: lower(row.sandbox),
  };
}

/** Of other letters the database knows by its own rules which are the same in another case: it must be asked. */
export function isPlain(filter: ProviderFilter): boolean {
  const texts = [filter.q, filter.gpu, filter.region, filter.sandbox];
  // biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII
  return texts.every((text) => text === undefined || /^[\x00-\x7f]*$/.test(text));
}

/** Whether a provider is one of those asked for. Texts that are empty ask for nothing, as in SQL. */
export function matcherOf(filter: ProviderFilter): (shelved: Shelved) => boolean {
  const checks: Array<(s: Shelved) => boolean> = [];
  const { available, status, hasFreeCapacity, owner } = filter;
  if (available !== undefined) checks.push(({ row }) => (row.status === 0) === available);
  if (status !== undefined) checks.push(({ row }) => row.status === status);
  if (hasFreeCapacity !== undefined) {
    checks.push(({ row }) => row.slots_busy < row.slots === hasFreeCapacity);
  }
  if (owner) checks.push(({ row }) => row.owner === owner);
  const atLeast = (
    column: "vram_gb" | "gpu_count" | "score" | "staked",
    least: string | number | undefined,
  ) => {
    if (least === undefined) return;
    const bound = BigInt(least);
    checks.push(({ row }) => row[column] >= bound);
  };
  atLeast("vram_gb", filter.minVramGb);
  atLeast("gpu_count", filter.minGpus);
  atLeast("score", filter.minScore);
  atLeast("staked", filter.minStake);
  if (filter.maxPricePerHour) {
    const most = BigInt(filter.maxPricePerHour);
    checks.push(({ row }) => row.price_per_hour <= most);
  }
  if (filter.region) {
    const region = filter.region.toLowerCase();
    checks.push((s) => s.region === region);
  }
  if (filter.sandbox) {
    const sandbox = filter.sandbox.toLowerCase();
    checks.push((s) => s.sandbox === sandbox);
  }
  if (filter.gpu) {
    const gpu = filter.gpu.toLowerCase();
    checks.push((s) => s.gpu.includes(gpu));
  }
  for (const word of filter.q?.split(/\s+/).filter(Boolean) ?? []) {
    const part = word.toLowerCase();
    checks.push((s) => s.words.includes(part));
  }
  return (shelved) => checks.every((check) => check(shelved));
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
