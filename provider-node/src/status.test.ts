import type { ProviderStatus } from "@computestream/protocol";
import { expect, it } from "vitest";
import { createLogger } from "./logger.ts";
import { createStatus } from "./status.ts";

function provider(status: ProviderStatus, fails = false) {
  const set: string[] = [];
  const made = createStatus({
    client: {
      getProvider: async () => ({ status }) as never,
      payloads: { setStatus: (_provider: string, to: ProviderStatus) => to } as never,
    },
    operator: {
      execute: async (_kind, payload) => {
        if (fails) throw new Error("the chain is away");
        set.push(payload as unknown as string);
        return { success: true, failure: null } as never;
      },
    },
    provider: "0x1",
    log: createLogger("silent"),
  });
  return { status: made, set };
}

it.each<[ProviderStatus, ProviderStatus[]]>([
  ["Offline", ["Active"]],
  ["Draining", ["Active"]],
  ["Active", []],
  ["Maintenance", []],
])("arriving when %s sets %j", async (before, expected) => {
  const { status, set } = provider(before);
  await status.arrive();
  expect(set).toEqual(expected);
});

it.each<[ProviderStatus, "Draining" | "Offline", ProviderStatus[]]>([
  ["Active", "Draining", ["Draining"]],
  ["Active", "Offline", ["Offline"]],
  ["Draining", "Offline", ["Offline"]],
  ["Draining", "Draining", []],
  ["Maintenance", "Offline", []],
  ["Offline", "Draining", []],
])("leaving from %s to %s sets %j", async (before, to, expected) => {
  const { status, set } = provider(before);
  await status.leave(to);
  expect(set).toEqual(expected);
});

it("never stops the node when the chain can't be told", async () => {
  await expect(provider("Offline", true).status.arrive()).resolves.toBeUndefined();
});
