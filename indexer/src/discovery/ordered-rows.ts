/**
 * Rows by key, in several orders at once that hold while rows come and change.
 * It doesn't know what a row is: each order is a comparison under which no two rows are equal.
 */

export type Compare<T> = (a: T, b: T) => number;

export interface OrderedRows<T, O extends string> {
  readonly size: number;
  /** Adds the row, or puts it in the place of the one with its key. */
  put(row: T): void;
  /** All of them in this order; `revision` is another one when one has come or moved. */
  sorted(order: O): { rows: readonly T[]; revision: number };
}

export function createOrderedRows<T, O extends string>(
  keyOf: (row: T) => string,
  orders: Readonly<Record<O, Compare<T>>>,
): OrderedRows<T, O> {
  const rows = new Map<string, T>();
  const sorted = Object.entries<Compare<T>>(orders).map(([name, compare]) => ({
    name: name as O,
    compare,
    list: [] as T[],
    /** Rows were added at the end: sorted when it is next read, so that many cost one sorting. */
    isSorted: true,
    revision: 0,
  }));

  return {
    get size() {
      return rows.size;
    },
    put(row) {
      const before = rows.get(keyOf(row));
      rows.set(keyOf(row), row);
      for (const order of sorted) {
        const { list, compare } = order;
        if (!before || !order.isSorted) {
          if (before) list[list.indexOf(before)] = row;
          else list.push(row);
          order.isSorted = false;
          order.revision += 1;
          continue;
        }
        const at = firstNotBefore(list, (other) => compare(other, before) < 0);
        if (compare(row, before) === 0) {
          list[at] = row;
          continue;
        }
        order.revision += 1;
        list.splice(at, 1);
        list.splice(
          firstNotBefore(list, (other) => compare(other, row) < 0),
          0,
          row,
        );
      }
    },
    sorted(name) {
      const order = sorted.find((candidate) => candidate.name === name);
      if (!order) return { rows: [], revision: 0 };
      if (!order.isSorted) order.list.sort(order.compare);
      order.isSorted = true;
      return { rows: order.list, revision: order.revision };
    },
  };
}

/** `isBefore` must be true for a first part and false for the rest: where the rest begins. */
export function firstNotBefore<T>(list: ArrayLike<T>, isBefore: (row: T) => boolean): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(list[middle] as T)) low = middle + 1;
    else high = middle;
  }
  return low;
}
