import { describe, expect, it } from "vitest";
import type { MoneyEvent } from "../db/queries/ledger.ts";
import { isAfterKey, ledgerKeyOf, linesOf } from "./ledger.ts";

const KNOWN = { address: "0xa", symbol: "MOVE", decimals: 8 };

function money(name: string, data: Record<string, unknown>, rest: Partial<MoneyEvent> = {}): MoneyEvent {
  return {
    event: {
      version: 7n,
      event_index: 2,
      tx_hash: "0xab",
      module: "stream",
      name,
      job: "0xe1",
      provider: null,
      timestamp: 100n,
      data,
    },
    asset: "0xa",
    owner: "",
    bond: "0",
    ...rest,
  };
}

const settled = { payee: "0x1", keeper: "0x1", amount: "20000", fee: "200", keeper_fee: "20" };
const kinds = (event: MoneyEvent, wallet: string) =>
  linesOf(event, wallet, KNOWN).map((line) => [line.kind, line.direction, line.amount, line.part]);

describe("the lines of an event", () => {
  it("are two for a provider that keeps its own stream, in a fixed order", () => {
    const event = money("StreamSettled", settled);
    expect(kinds(event, "0x1")).toEqual([
      ["payment", "credit", "19800", 0],
      ["keeper_fee", "credit", "20", 1],
    ]);
    expect(kinds(money("StreamSettled", { ...settled, payee: "0x2" }), "0x1")).toEqual([
      ["keeper_fee", "credit", "20", 0],
    ]);
  });

  it("don't tell of nothing", () => {
    expect(
      kinds(money("StreamSettled", { ...settled, amount: "0", fee: "0", keeper_fee: "0" }), "0x1"),
    ).toEqual([]);
    expect(kinds(money("StakeSlashed", { reporter: "0x2", reward: "5" }), "0x1")).toEqual([]);
  });

  it("take a ruling's bond from its case, as won or as coming back", () => {
    const decided = { bond_to: "0x1" };
    expect(kinds(money("ArbitrationDecided", decided, { owner: "0x1", bond: "60" }), "0x1")).toEqual([
      ["bond_won", "credit", "60", 0],
    ]);
    expect(kinds(money("ArbitrationDecided", decided, { owner: "0x2", bond: "60" }), "0x1")).toEqual([
      ["bond_back", "credit", "60", 0],
    ]);
    expect(kinds(money("ChallengeLost", { refunded_bond: "60" }), "0x1")).toEqual([
      ["bond_back", "credit", "60", 0],
    ]);
  });

  it("go on inside an event where a page ended", () => {
    const lines = linesOf(money("StreamSettled", settled), "0x1", KNOWN);
    const [first, second] = lines;
    if (!first || !second) throw new Error("two lines were expected");
    expect(lines.filter((line) => isAfterKey(line, ledgerKeyOf(first)))).toEqual([second]);
    expect(isAfterKey(first, { version: "10", index: 0, part: 0 })).toBe(true);
    expect(isAfterKey(first, { version: "6", index: 9, part: 9 })).toBe(false);
  });
});
