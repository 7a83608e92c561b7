/**
 * What is to happen, taken out in order of time; of the same second, what was put in first.
 * It doesn't know what an entry means.
 */

export interface Agenda<T> {
  put(atSecs: number, item: T): void;
  /** The earliest, or undefined at the end. */
  take(): { atSecs: number; item: T } | undefined;
}

export function createAgenda<T>(): Agenda<T> {
  const heap: Array<{ atSecs: number; order: number; item: T }> = [];
  let order = 0;
  const isBefore = (a: number, b: number) => {
    const [x, y] = [heap[a], heap[b]];
    if (!x || !y) return false;
    return x.atSecs < y.atSecs || (x.atSecs === y.atSecs && x.order < y.order);
  };
  const swap = (a: number, b: number) => {
    const [x, y] = [heap[a], heap[b]];
    if (!x || !y) return;
    heap[a] = y;
    heap[b] = x;
  };
  return {
    put(atSecs, item) {
      heap.push({ atSecs, order: order++, item });
      let at = heap.length - 1;
      while (at > 0) {
        const parent = (at - 1) >> 1;
        if (!isBefore(at, parent)) break;
        swap(at, parent);
        at = parent;
      }
    },
    take() {
      const first = heap[0];
      const last = heap.pop();
      if (!first || !last || heap.length === 0) return first;
      heap[0] = last;
      for (let at = 0; ; ) {
        const left = 2 * at + 1;
        const least = isBefore(left + 1, left) ? left + 1 : left;
        if (!isBefore(least, at)) break;
        swap(at, least);
        at = least;
      }
      return first;
    },
  };
}
