import { expect, it } from "vitest";
import { createChecksumCache } from "./checksum-cache.ts";

/** Address of one byte repeated, kind, name. */
const key = (address: number, kind: number, name: string) =>
  Buffer.concat([Buffer.alloc(32, address), Buffer.from([kind]), Buffer.from(name)]);
const CHECKSUM = 1;

it("tells modules apart that differ in one letter, in length or in their package", () => {
  const cache = createChecksumCache();
  const keys = ["stake", "stage", "stakes", "strke"].flatMap((name) => [
    key(7, CHECKSUM, name),
    key(8, CHECKSUM, name),
  ]);
  for (const [i, each] of keys.entries()) cache.keep(each, Uint8Array.of(i));
  expect(keys.map((each) => cache.get(each)?.[0])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(cache.get(key(9, CHECKSUM, "stake"))).toBeUndefined();
});

it("keeps nothing but checksums: code and resources change while it is in use", () => {
  const cache = createChecksumCache();
  for (const kind of [0, 2, 3, 4]) cache.keep(key(7, kind, "stake"), Uint8Array.of(kind));
  expect([0, 1, 2, 3, 4].map((kind) => cache.get(key(7, kind, "stake")))).toEqual(Array(5).fill(undefined));
});

it("keeps a key that was a view of memory which changed since", () => {
  const cache = createChecksumCache();
  const memory = key(7, CHECKSUM, "stake");
  cache.keep(memory, Uint8Array.of(1));
  memory.fill(0);
  expect(cache.get(key(7, CHECKSUM, "stake"))).toEqual(Uint8Array.of(1));
});

it("is empty after it was cleared", () => {
  const cache = createChecksumCache();
  cache.keep(key(7, CHECKSUM, "stake"), Uint8Array.of(1));
  cache.clear();
  expect(cache.get(key(7, CHECKSUM, "stake"))).toBeUndefined();
});
