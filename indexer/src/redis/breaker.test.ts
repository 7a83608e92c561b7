import { expect, it } from "vitest";
import { createBreaker } from "./breaker.ts";

it("leaves alone what failed three times in a row, tries once a pause, and trusts it again after one success", () => {
  const breaker = createBreaker({ failures: 3, pauseMs: 1_000 });
  breaker.failed(0);
  breaker.failed(1);
  expect([breaker.isOpen, breaker.allows(2)]).toEqual([false, true]);
  breaker.failed(10);
  expect([breaker.isOpen, breaker.allows(11), breaker.allows(1_009)]).toEqual([true, false, false]);
  expect([breaker.allows(1_010), breaker.allows(1_011), breaker.allows(2_009)]).toEqual([true, false, false]);
  breaker.failed(1_500);
  expect([breaker.allows(2_499), breaker.allows(2_500)]).toEqual([false, true]);
  breaker.succeeded();
  expect([breaker.isOpen, breaker.allows(2_501), breaker.allows(2_502)]).toEqual([false, true, true]);
});

it("forgets failures that a success stands between", () => {
  const breaker = createBreaker({ failures: 2, pauseMs: 1_000 });
  breaker.failed(0);
  breaker.succeeded();
  breaker.failed(1);
  expect(breaker.isOpen).toBe(false);
});
