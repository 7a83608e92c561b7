/** Every abort code has a test that fails with exactly it, by name, and no test expects one that doesn't exist. */
import { expect, it } from "vitest";
import { readTestedCodes, testedCodes, unknownCodes } from "./abort-codes.ts";

it("no abort code is without a test that names it", () => {
  const { codes } = readTestedCodes();
  expect(codes.length).toBeGreaterThan(90);
  expect(codes.filter(({ tests }) => tests.length === 0).map(({ code }) => code)).toEqual([]);
});

it("no test expects a code that its module doesn't have", () => {
  expect(readTestedCodes().unknown).toEqual([]);
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

it("a code that no module has is told with its tests, also where another module has the name", () => {
  const locks = `module a::locks {
    /// Locked.
    const E_LOCKED: u64 = 1;
}`;
  const keys = `module a::keys {
    /// Lost.
    const E_LOST: u64 = 1;
}`;
  const expecting = (code: string, name: string) => `
    #[test]
    #[expected_failure(abort_code = computestream::${code})]
    /// A sentence.
    fun ${name}() {}
`;
  const tests = [
    {
      file: "lock_tests.move",
      text: expecting("locks::E_LOCKED", "right") + expecting("locks::E_LOST", "of_another_module"),
    },
    {
      file: "key_tests.move",
      text: `${expecting("locks::E_LOST", "again")}${expecting("kes::E_LOST", "no_such_module")}
    #[test]
    #[expected_failure(abort_code = 0x50003, location = aptos_framework::fungible_asset)]
    fun of_the_framework() {}
`,
    },
  ];
  expect(unknownCodes([locks, keys], tests)).toEqual([
    { code: "locks::E_LOST", tests: ["lock_tests::of_another_module", "key_tests::again"] },
    { code: "kes::E_LOST", tests: ["key_tests::no_such_module"] },
  ]);
});
