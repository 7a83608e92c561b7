import { expect, it } from "vitest";
import { ownerOf, SHARDS, shardOf } from "./shards.ts";

it("puts a job into the shard of its last digits", () => {
  expect(shardOf(`0x${"11".repeat(30)}0041`)).toBe(1);
  expect(shardOf(`0x${"11".repeat(30)}ffff`)).toBe(63);
});

it("shares the shards out, and moves only those of an instance that goes", () => {
  const three = ["0xa", "0xb", "0xc"];
  const before = Array.from({ length: SHARDS }, (_, shard) => ownerOf(shard, three));
  for (const instance of three)
    expect(before.filter((owner) => owner === instance).length).toBeGreaterThan(10);
  const after = Array.from({ length: SHARDS }, (_, shard) => ownerOf(shard, ["0xc", "0xa"]));
  expect(after).not.toContain("0xb");
  for (const [shard, owner] of before.entries()) if (owner !== "0xb") expect(after[shard]).toBe(owner);
  expect(ownerOf(0, [])).toBe(null);
});
