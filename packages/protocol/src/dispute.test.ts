import { describe, expect, it } from "vitest";
import { caseKindName, faultName } from "./dispute.ts";

describe("disputes", () => {
  it("count faults from 1, as the Move module does", () => {
    expect([1, 2, 3, 4, 5].map(faultName)).toEqual([
      "Equivocation",
      "FewerSeconds",
      "ImpossibleTime",
      "DeviceOverlap",
      "OutputWithheld",
    ]);
  });

  it("count cases from 1", () => {
    expect([1, 2].map(caseKindName)).toEqual(["OutputChallenge", "Arbitration"]);
  });

  it.each([0, 6, -1])("know no fault %s", (code) => {
    expect(() => faultName(code)).toThrow(RangeError);
  });

  it.each([0, 3])("know no case %s", (code) => {
    expect(() => caseKindName(code)).toThrow(RangeError);
  });
});
