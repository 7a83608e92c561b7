/** Every abort code has a test that fails with exactly it, by name. */
import { expect, it } from "vitest";
import { readTestedCodes, testedCodes } from "./abort-codes.ts";

it("no abort code is without a test that names it", () => {
  const codes = readTestedCodes();
  expect(codes.length).toBeGreaterThan(90);
  expect(codes.filter(({ tests }) => tests.length === 0).map(({ code }) => code)).toEqual([]);
});

it("a code is matched with the function below its expectation, and with no other", () => {
  const source = `module a::boxes {
    /// Locked.
    const E_LOCKED: u64 = 1;
    /// Lost.
    const E_LOST: u64 = 2;
}`;
  const text = `
    #[test]
    #[expected_failure(abort_code = computestream::boxes::E_LOCKED)]
    fun a_locked_box_stays_shut() {}

    #[test]
    fun a_box_opens() {}
`;
  expect(testedCodes([source], [{ file: "box_tests.move", text }])).toEqual([
    { code: "boxes::E_LOCKED", tests: ["box_tests::a_locked_box_stays_shut"] },
    { code: "boxes::E_LOST", tests: [] },
  ]);
});
