import type { ProviderAnswer } from "@computestream/protocol/api";
import { expect, it } from "vitest";
import { createOnlineWatch } from "./online-watch.ts";

/** Providers whose node gave a sign of life, and what was asked. */
function signsOf(...online: string[]) {
  const signs = new Set(online);
  const asked: string[][] = [];
  const watch = createOnlineWatch({
    async online(providers) {
      asked.push(providers.map(({ provider }) => provider));
      return new Set(providers.map(({ provider }) => provider).filter((p) => signs.has(p)));
    },
  });
  return { signs, asked, watch };
}

const providers = (...names: string[]) =>
  names.map((provider) => ({ provider, lastHeartbeatAt: 5 }) as ProviderAnswer);
const all = () => true;

it("tells who is online, and which topics say otherwise once that has changed either way", async () => {
  const { signs, watch } = signsOf("a");
  expect(await watch.tell("providers", providers("a", "b"))).toMatchObject([
    { provider: "a", online: true },
    { provider: "b", online: false },
  ]);
  await watch.tell("provider:a", providers("a"));
  await watch.tell("provider:b", providers("b"));
  expect(await watch.outdated(all)).toEqual([]);
  signs.delete("a");
  expect(await watch.outdated(all)).toEqual(["providers", "provider:a"]);
  // It stays so until it has been told.
  await watch.tell("provider:a", providers("a"));
  expect(await watch.outdated(all)).toEqual(["providers"]);
  await watch.tell("providers", providers("a", "b"));
  signs.add("b");
  expect(await watch.outdated(all)).toEqual(["providers", "provider:b"]);
});

it("asks once for each provider, and for none that nobody listens to", async () => {
  const { asked, watch } = signsOf();
  await watch.tell("providers", providers("a", "b"));
  await watch.tell("provider:a", providers("a"));
  await watch.tell("provider:c", providers("c"));
  asked.length = 0;
  await watch.outdated((topic) => topic !== "provider:c");
  expect(asked).toEqual([["a", "b"]]);
  await watch.outdated(() => false);
  await watch.outdated(all);
  expect(asked.length).toBe(1);
});

it("asks for many in parts that Redis answers in time", async () => {
  const { asked, watch } = signsOf();
  await watch.tell("providers", providers(...Array.from({ length: 2_500 }, (_, i) => `p${i}`)));
  expect(asked.map(({ length }) => length)).toEqual([1_000, 1_000, 500]);
});
