import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, it } from "vitest";
import { createDeadline } from "./deadline.ts";

it("aborts when its time is over, even when nobody else holds it during a garbage collection", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { signal } = createDeadline(new AbortController().signal, 50);
  const ended = sleep(60_000, "slept", { signal }).catch(() => "aborted");
  for (let i = 0; i < 5; i++) {
    await sleep(2);
    collect();
  }
  expect(await ended).toBe("aborted");
});

it("aborts with its parent, and then its time hasn't passed", () => {
  const parent = new AbortController();
  const deadline = createDeadline(parent.signal, 60_000);
  parent.abort(new Error("stopping"));
  expect(deadline.signal.aborted).toBe(true);
  expect(deadline.signal.reason).toEqual(new Error("stopping"));
  expect(deadline.passed).toBe(false);
  deadline.close();
});

it("is aborted from the start under an aborted parent, and never by time once closed", async () => {
  const gone = createDeadline(AbortSignal.abort(), 60_000);
  expect(gone.signal.aborted).toBe(true);
  gone.close();
  const closed = createDeadline(new AbortController().signal, 5);
  closed.close();
  await sleep(20);
  expect(closed.passed).toBe(false);
});
