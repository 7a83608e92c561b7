import { describe, expect, it } from "vitest";
import { encodeRows } from "./copy.ts";
import { defineTable } from "./table.ts";

const TABLE = defineTable("t", ["key"], {
  key: "text",
  maybe: "text?",
  amount: "numeric",
  flag: "bool",
  at: "secs",
  list: "strings",
  data: "object",
});
const row = {
  key: "k",
  maybe: null,
  amount: 1n,
  flag: true,
  at: 0n,
  list: [] as string[],
  data: {} as Record<string, unknown>,
};
const encode = (...rows: Array<typeof row>) => Buffer.concat([...encodeRows(TABLE, rows)]).toString("utf8");

describe("encodeRows", () => {
  it("is a line a row, a tab between cells", () => {
    expect(encode(row, { ...row, key: "l", flag: false, at: 1_000_000_000n, amount: 2n ** 64n - 1n })).toBe(
      "k\t\\N\t1\tt\t1970-01-01T00:00:00.000Z\t[]\t{}\n" +
        "l\t\\N\t18446744073709551615\tf\t2001-09-09T01:46:40.000Z\t[]\t{}\n",
    );
  });

  it("keeps what the format uses itself, and replaces what PostgreSQL can't hold", () => {
    const [key, , , , , list, data] = encode({
      ...row,
      key: "a\\b\tc\nd\re\0f\ud800g\\N",
      list: ['"\\', "\0\ud800"],
      data: { n: 5n, "k\0": { deep: ["x\ty", null, false] }, absent: undefined },
    }).split("\t");
    expect(key).toBe("a\\\\b\\tc\\nd\\re\uFFFDf\uFFFDg\\\\N");
    // JSON's own backslashes are doubled once more by the format.
    expect(list).toBe('["\\\\"\\\\\\\\","\uFFFD\uFFFD"]');
    expect(data).toBe('{"n":"5","k\uFFFD":{"deep":["x\\\\ty",null,false]}}\n');
  });

  it("cuts many rows into pieces without losing one", () => {
    const rows = Array.from({ length: 3_000 }, (_, i) => ({ ...row, key: `${i}-${"x".repeat(200)}` }));
    const pieces = [...encodeRows(TABLE, rows)];
    expect(pieces.length).toBeGreaterThan(1);
    const lines = Buffer.concat(pieces).toString("utf8").trimEnd().split("\n");
    expect(lines.map((line) => line.split("-")[0])).toEqual(rows.map((_, i) => String(i)));
  });
});
