import { describe, expect, it } from "vitest";
import { createClock } from "./clock.ts";
import { gasUnits, intrinsicGas, VM_GAS_PER_UNIT, vmGasLimit } from "./gas.ts";
import { createLedger, type Outcome } from "./ledger.ts";

describe("gas", () => {
  it("charges 3 units for up to 600 bytes, and 1,158 millionths for each byte more", () => {
    expect(intrinsicGas(1)).toBe(3n);
    expect(intrinsicGas(600)).toBe(3n);
    // 2,760,000 + 5,400 * 1,158 = 9,013,200 millionths, rounded up
    expect(intrinsicGas(6000)).toBe(10n);
  });
  it("rounds the VM's gas up and never charges above the maximum", () => {
    expect(gasUnits(0n, 3n, 100n)).toBe(3n);
    expect(gasUnits(1n, 3n, 100n)).toBe(4n);
    expect(gasUnits(VM_GAS_PER_UNIT, 3n, 100n)).toBe(4n);
    expect(gasUnits(VM_GAS_PER_UNIT * 1000n, 3n, 100n)).toBe(100n);
    expect(gasUnits(vmGasLimit(100n, 3n), 3n, 100n)).toBe(100n);
    expect(vmGasLimit(2_000_000n, 3n)).toBe(200_000_000n);
  });
});

describe("clock", () => {
  const wall = (times: number[]) => () => times.shift() ?? 0;
  it("gives every block a later timestamp, also when the wall clock stands still or goes back", () => {
    const clock = createClock({
      manual: false,
      genesisUsecs: 0,
      offsetUsecs: 0,
      lastBlockUsecs: 1000,
      wallUsecs: wall([1500, 1500, 900, 2000]),
    });
    expect([1, 2, 3, 4].map(() => clock.nextBlockUsecs())).toEqual([1500, 1501, 1502, 2000]);
  });
  it("moves by hand only when it is manual", () => {
    const clock = createClock({ manual: true, genesisUsecs: 5000, offsetUsecs: 0, lastBlockUsecs: 5000 });
    expect(clock.nowUsecs()).toBe(5000);
    expect(clock.nextBlockUsecs()).toBe(5001);
    clock.advance(10_000_000);
    expect(clock.nowUsecs()).toBe(10_005_000);
    expect(clock.offsetUsecs).toBe(10_000_000);
  });
  it("doesn't let what was advanced expire what clients stamped by the wall clock", () => {
    const clock = createClock({
      manual: false,
      genesisUsecs: 0,
      offsetUsecs: 0,
      lastBlockUsecs: 0,
      wallUsecs: () => 7000,
    });
    clock.advance(1_000_000);
    expect(clock.nowUsecs()).toBe(1_007_000);
    expect(clock.expiryUsecs()).toBe(7000);
  });
});

describe("ledger", () => {
  const outcome = (gasUsed: bigint): Outcome => ({
    success: true,
    vmStatus: "Executed successfully",
    gasUsed,
    eventsJson: '[{"type":"0x1::a::B","data":{}}]',
    writes: [
      { key: Uint8Array.from([1, 2]), value: Uint8Array.from([9]) },
      { key: Uint8Array.from([3]), value: null },
    ],
  });

  it("is the same after its records are replayed", () => {
    const ledger = createLedger();
    const records = [5n, 6n, 7n].map((gas, i) => {
      const { entry, record } = ledger.prepare(null, 1000 + i, outcome(gas));
      ledger.add(entry);
      return record;
    });
    const again = createLedger();
    for (const record of records) again.replay(record);
    expect([0, 1, 2].map((v) => again.at(v))).toEqual([0, 1, 2].map((v) => ledger.at(v)));
    expect(again.at(3)).toBeNull();
  });
  it("refuses records out of order, since each hash covers all before it", () => {
    const ledger = createLedger();
    const first = ledger.prepare(null, 1, outcome(1n));
    ledger.add(first.entry);
    const second = ledger.prepare(null, 2, outcome(2n));
    expect(() => createLedger().replay(second.record)).toThrow("does not follow");
  });
});
