import { describe, expect, it } from "vitest";
import { parseAbortCodes } from "./error-sentences.ts";

const source = `
/// A module about escrow.
module computestream::escrow {
    // === Errors ===

    /// There is no escrow
    /// at this address.
    const E_NO_ESCROW: u64 = 2;
    /// Not yours.
    #[error]
    const E_NOT_YOURS: u64 = 0x1;

    /// A limit, not an error.
    const MAX: u64 = 5;
}`;

describe("parseAbortCodes", () => {
  it("reads names, numbers and sentences, in order of the numbers", () => {
    expect(parseAbortCodes(source)).toEqual({
      module: "escrow",
      codes: [
        { code: 1, name: "E_NOT_YOURS", sentence: "Not yours." },
        { code: 2, name: "E_NO_ESCROW", sentence: "There is no escrow at this address." },
      ],
    });
  });

  it("is null for a file without a module", () => {
    expect(parseAbortCodes("script { fun main() {} }")).toBeNull();
  });

  it.each([
    [
      "a code without a sentence",
      "module a::m {\n /// Old.\n const X: u64 = 1;\n const E_BARE: u64 = 1;\n}",
      "m::E_BARE has no",
    ],
    [
      "a sentence apart from its code",
      "module a::m {\n /// Far.\n\n const E_BARE: u64 = 1;\n}",
      "m::E_BARE has no",
    ],
    [
      "one number twice",
      "module a::m {\n /// A.\n const E_A: u64 = 1;\n /// B.\n const E_B: u64 = 1;\n}",
      "E_B and E_A",
    ],
    ["a computed number", "module a::m {\n /// A.\n const E_A: u64 = 1 << 3;\n}", "m::E_A isn't a plain"],
  ])("refuses %s", (_, text, message) => {
    expect(() => parseAbortCodes(text)).toThrow(message);
  });
});
