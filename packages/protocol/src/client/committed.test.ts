/** Reading a page by hand takes what its schema takes, and refuses with the schema's words. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readCommitted, readCommittedPage } from "./committed.ts";
import { ChainError } from "./errors.ts";

const whole = {
  type: "user_transaction",
  version: "12",
  hash: "0xabc",
  success: true,
  vm_status: "Executed successfully",
  gas_used: "7",
  timestamp: "1700000000000000",
  sender: "0xB0B",
  gas_unit_price: "100",
  events: [{ type: "0x1::m::E", sequence_number: "0", data: { a: ["1"] } }],
};
const read = {
  type: "user_transaction",
  version: 12n,
  hash: "0xabc",
  success: true,
  vm_status: "Executed successfully",
  gas_used: 7n,
  timestamp: 1_700_000_000_000_000n,
  sender: `0x${"0".repeat(61)}b0b`,
  gas_unit_price: 100n,
};

describe("a committed transaction", () => {
  it("is read, with what a block's metadata or the genesis leave out", () => {
    expect(readCommitted(whole)).toMatchObject({
      ...read,
      events: [{ type: "0x1::m::E", data: { a: ["1"] } }],
    });
    const { sender: _, gas_unit_price: __, timestamp: ___, events: ____, ...genesis } = whole;
    const { sender: _____, ...rest } = read;
    expect(readCommittedPage([genesis])).toEqual([
      { ...rest, timestamp: 0n, gas_unit_price: 0n, events: [] },
    ]);
  });

  it.each([
    ["version", 12],
    ["version", "x"],
    ["version", undefined],
    ["success", "true"],
    ["sender", null],
    ["sender", "bob"],
    ["gas_used", "18446744073709551616"],
    ["timestamp", null],
    ["events", {}],
    ["events", [{ data: {} }]],
    ["events", [null]],
    ["hash", 1],
  ])("with %s = %j is refused, and the refusal names it", (field, value) => {
    const refusal = () => readCommittedPage([whole, { ...whole, [field]: value }]);
    expect(refusal).toThrow(ChainError);
    expect(refusal).toThrow(`transactions has an unexpected form at 1.${field}`);
  });

  it("isn't made up from anything else", () => {
    fc.assert(
      fc.property(fc.anything(), (body) => {
        expect(() => readCommitted(body)).toThrow("has an unexpected form");
        if (!Array.isArray(body) || body.length > 0) {
          expect(() => readCommittedPage(body)).toThrow("has an unexpected form");
        }
      }),
    );
  });
});
