import { describe, expect, it } from "vitest";
import { providerStatusCode, providerStatusName } from "./provider-status.ts";

describe("a provider's status", () => {
  it.each([
    [0, "Active"],
    [1, "Draining"],
    [2, "Maintenance"],
    [3, "Offline"],
  ] as const)("%s is %s", (code, name) => {
    expect(providerStatusName(code)).toBe(name);
    expect(providerStatusCode(name)).toBe(code);
  });

  it.each([-1, 4, 0.5])("isn't %s", (code) => {
    expect(() => providerStatusName(code)).toThrow(RangeError);
  });
});
