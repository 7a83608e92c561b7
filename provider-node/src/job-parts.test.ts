import type { Outcome } from "@computestream/protocol/client";
import { expect, it } from "vitest";
import { refused } from "./job-parts.ts";

const outcome = (code: string) => ({ failure: { code, module: "m", message: "a sentence" } }) as Outcome;

it("takes an attestation that came too early for a wrong clock, and any other refusal for what the chain says", () => {
  expect(refused("REPORT_REFUSED", outcome("E_AHEAD_OF_TIME"))).toMatchObject({
    code: "CLOCK_AHEAD",
    retryable: true,
    message: expect.stringContaining("clock is ahead of the chain's"),
    remedy: expect.stringContaining("NTP"),
  });
  expect(refused("REPORT_REFUSED", outcome("E_NOT_RUNNING"))).toMatchObject({
    code: "REPORT_REFUSED",
    retryable: true,
    message: "a sentence",
  });
});
