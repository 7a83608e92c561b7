import { describe, expect, it } from "vitest";
import { ActionError, explainAction, feeReserve } from "./chain.ts";

describe("explainAction", () => {
  it("keeps the chain's code and sentence", () => {
    const failure = { code: "E_PRICE_ABOVE_MAXIMUM", module: "job_registry", message: "The price rose." };
    const told = explainAction(Object.assign(new Error("x"), { failure, retryable: false }));
    expect(told).toMatchObject({ code: "E_PRICE_ABOVE_MAXIMUM", message: "The price rose." });
  });

  it("reads the adapter's plain strings", () => {
    expect(explainAction("User has rejected the request").code).toBe("REJECTED");
    expect(explainAction("Wallet exploded").message).toBe("Wallet exploded");
  });

  it("leaves its own errors alone", () => {
    const own = new ActionError("WALLET_ON_OTHER_CHAIN", "Switch.");
    expect(explainAction(own)).toBe(own);
  });
});

it("keeps money for the fee only where fees are paid in the market's asset", () => {
  const asset = (address: string) => ({ asset: { address, symbol: "X", decimals: 8 } });
  expect(feeReserve(asset(`0x${"0".repeat(63)}a`))).toBe(2_000_000n);
  expect(feeReserve(asset(`0x${"b".repeat(64)}`))).toBe(0n);
});
