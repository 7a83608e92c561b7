import { describe, expect, it } from "vitest";
import { createOverlay, createState, type State } from "./state.ts";

const key = (account: number, suffix: number) => {
  const bytes = Buffer.alloc(34, 0);
  bytes[31] = account;
  bytes[32] = 2;
  bytes[33] = suffix;
  return bytes;
};
const value = (n: number) => Uint8Array.from([n]);
const listed = (items: Iterable<[Uint8Array, Uint8Array]>) =>
  [...items].map(([k, v]) => [k[31], k[33], v[0]]);
const iterate = function* (items: Iterator<[Uint8Array, Uint8Array]>) {
  for (let next = items.next(); !next.done; next = items.next()) yield next.value;
};

function filled(): State {
  const state = createState();
  for (const [account, suffix] of [
    [2, 9],
    [1, 200],
    [1, 3],
    [2, 1],
  ] as const)
    state.set(key(account, suffix), value(suffix));
  return state;
}

describe("state", () => {
  it("scans in key order, both ways, from start to before end", () => {
    const state = filled();
    const all = [
      [1, 3, 3],
      [1, 200, 200],
      [2, 1, 1],
      [2, 9, 9],
    ];
    expect(listed(state.scan(null, null, false))).toEqual(all);
    expect(listed(state.scan(null, null, true))).toEqual([...all].reverse());
    expect(listed(state.scan(key(1, 200), key(2, 9), false))).toEqual([all[1], all[2]]);
    expect(listed(state.scan(key(1, 0), key(1, 200), false))).toEqual([all[0]]);
  });
  it("forgets deleted keys and finds those added after a scan", () => {
    const state = filled();
    expect(listed(state.account(key(1, 0).subarray(0, 32)))).toHaveLength(2);
    state.delete(key(1, 3));
    state.delete(key(7, 7));
    state.set(key(1, 100), value(1));
    expect(listed(state.account(key(1, 0).subarray(0, 32)))).toEqual([
      [1, 100, 1],
      [1, 200, 200],
    ]);
    expect(state.size).toBe(4);
  });
});

describe("overlay", () => {
  it("reads its own writes and leaves the base alone", () => {
    const state = filled();
    const overlay = createOverlay(state);
    overlay.set(key(1, 3), value(77));
    overlay.delete(key(2, 9));
    overlay.set(key(1, 4), value(4));
    expect(overlay.get(key(1, 3))?.[0]).toBe(77);
    expect(overlay.get(key(2, 9))).toBeNull();
    expect(listed(iterate(overlay.scan(null, null, true)))).toEqual([
      [2, 1, 1],
      [1, 200, 200],
      [1, 4, 4],
      [1, 3, 77],
    ]);
    expect(state.get(key(1, 3))?.[0]).toBe(3);
    state.apply(overlay.writes());
    expect(listed(state.scan(null, null, true))).toEqual(listed(iterate(overlay.scan(null, null, true))));
  });
  it("keeps what was written when the caller reuses its memory", () => {
    const overlay = createOverlay(createState());
    const memory = value(1);
    overlay.set(key(1, 1), memory);
    memory[0] = 2;
    expect(overlay.get(key(1, 1))?.[0]).toBe(1);
  });
});
