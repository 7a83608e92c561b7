/**
 * What lists of providers are filtered by, column by column: a walk over thousands of rows reads a few bytes of each.
 * It doesn't know which filter is asked, nor any order.
 */
import type { ProviderRow } from "../db/tables.ts";
import { createTexts, type Texts } from "./texts.ts";

/** Figures as plain numbers. One beyond 2^53 is rounded, never past another: where two are equal the row decides. */
const FIGURES = {
  vramGb: (row) => row.vram_gb,
  gpus: (row) => row.gpu_count,
  score: (row) => row.score,
  staked: (row) => row.staked,
  pricePerHour: (row) => row.price_per_hour,
} as const satisfies Record<string, (row: ProviderRow) => bigint>;

/** Texts that are compared as a whole: each different one has a number. Case is folded where the list folds it. */
const NAMES = {
  region: (row) => row.region.toLowerCase(),
  sandbox: (row) => row.sandbox.toLowerCase(),
  owner: (row) => row.owner,
  asset: (row) => row.asset,
} as const satisfies Record<string, (row: ProviderRow) => string>;

type Figure = keyof typeof FIGURES;
type Name = keyof typeof NAMES;

export interface ProviderColumns {
  /** By number, as are all columns. */
  readonly rows: readonly ProviderRow[];
  readonly status: Readonly<Uint8Array>;
  /** 1 = has a slot free. */
  readonly isFree: Readonly<Uint8Array>;
  readonly figures: Readonly<Record<Figure, Readonly<Float64Array>>>;
  readonly names: Readonly<Record<Name, Readonly<Uint32Array>>>;
  /** What can be looked for in part, in lower case. */
  readonly words: Texts;
  readonly gpu: Texts;
  /** The number that `names[column]` has for this text; -1 = no row has it. */
  nameOf(column: Name, text: string): number;
  /** Takes the row in, or puts it in the place of the one of its provider; returns its number. */
  put(row: ProviderRow): number;
}

const FIRST_CAPACITY = 1_024;

export function createProviderColumns(): ProviderColumns {
  const ids = new Map<string, number>();
  const rows: ProviderRow[] = [];
  const [words, gpu] = [createTexts(), createTexts()];
  const known = mapValues(NAMES, () => new Map<string, number>());
  let capacity = FIRST_CAPACITY;
  let status = new Uint8Array(capacity);
  let isFree = new Uint8Array(capacity);
  let figures = mapValues(FIGURES, () => new Float64Array(capacity));
  let names = mapValues(NAMES, () => new Uint32Array(capacity));

  function grow(): void {
    capacity *= 2;
    status = grown(status, new Uint8Array(capacity));
    isFree = grown(isFree, new Uint8Array(capacity));
    figures = mapValues(figures, (column) => grown(column, new Float64Array(capacity)));
    names = mapValues(names, (column) => grown(column, new Uint32Array(capacity)));
  }

  return {
    rows,
    words,
    gpu,
    get status() {
      return status;
    },
    get isFree() {
      return isFree;
    },
    get figures() {
      return figures;
    },
    get names() {
      return names;
    },
    nameOf: (column, text) => known[column].get(text) ?? -1,
    put(row) {
      const id = ids.get(row.provider) ?? rows.length;
      ids.set(row.provider, id);
      if (id >= capacity) grow();
      rows[id] = row;
      status[id] = row.status;
      isFree[id] = row.slots_busy < row.slots ? 1 : 0;
      for (const [column, figure] of entriesOf(FIGURES)) figures[column][id] = Number(figure(row));
      for (const [column, name] of entriesOf(NAMES)) names[column][id] = numberOf(known[column], name(row));
      words.put(id, `${row.name} ${row.gpu_model} ${row.region}`.toLowerCase());
      gpu.put(id, row.gpu_model.toLowerCase());
      return id;
    },
  };
}

function numberOf(known: Map<string, number>, text: string): number {
  const number = known.get(text) ?? known.size;
  known.set(text, number);
  return number;
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}

function entriesOf<K extends string, V>(record: Readonly<Record<K, V>>): Array<[K, V]> {
  return Object.entries(record) as Array<[K, V]>;
}

function mapValues<K extends string, V, W>(
  record: Readonly<Record<K, V>>,
  to: (value: V) => W,
): Record<K, W> {
  return Object.fromEntries(entriesOf(record).map(([key, value]) => [key, to(value)])) as Record<K, W>;
}
