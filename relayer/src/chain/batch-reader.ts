/**
 * Single reads gathered into few: what is asked for in one turn of the event loop goes out in one call.
 * It doesn't remember answers.
 */

/** Calls under way at a time; more would only queue at the node. */
const CALLS_AT_ONCE = 2;

/** `readMany` leaves out what isn't there; its failure is the failure of each that it was asked for. */
export function createBatchReader<T>(
  readMany: (addresses: string[]) => Promise<T[]>,
  addressOf: (value: T) => string,
  batchMax: number,
): (address: string) => Promise<T | null> {
  type Waiting = { resolve: (value: T | null) => void; reject: (error: unknown) => void };
  const queue = new Map<string, Waiting[]>();
  let scheduled = false;
  let calls = 0;

  function pump(): void {
    scheduled = false;
    while (queue.size > 0 && calls < CALLS_AT_ONCE) {
      const part = [...queue].slice(0, batchMax);
      for (const [address] of part) queue.delete(address);
      calls += 1;
      void answer(part);
    }
  }

  async function answer(part: Array<[string, Waiting[]]>): Promise<void> {
    try {
      const values = await readMany(part.map(([address]) => address));
      const found = new Map(values.map((value) => [addressOf(value), value]));
      for (const [address, waiting] of part) {
        for (const { resolve } of waiting) resolve(found.get(address) ?? null);
      }
    } catch (error) {
      for (const [, waiting] of part) for (const { reject } of waiting) reject(error);
    } finally {
      calls -= 1;
      pump();
    }
  }

  return (address) =>
    new Promise((resolve, reject) => {
      queue.set(address, [...(queue.get(address) ?? []), { resolve, reject }]);
      if (scheduled) return;
      scheduled = true;
      setImmediate(pump);
    });
}
