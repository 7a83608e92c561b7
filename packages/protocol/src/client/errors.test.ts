import { describe, expect, it } from "vitest";
import { normalizeAddress } from "../primitives.ts";
import { explainFailure } from "./errors.ts";

const PACKAGE = normalizeAddress("0xcafe");
const explain = (text: string) => explainFailure(PACKAGE, text);

const NOT_ADMIN = {
  code: "E_NOT_ADMIN",
  module: "market",
  message: "Only the market's admin may do this: sign with the admin's account.",
};

describe("aborts of the package", () => {
  it.each([
    [
      "the fullnode's named form",
      `Move abort in ${PACKAGE}::market: E_NOT_ADMIN(0x1): Only the market's admin.`,
    ],
    ["a short address", "Move abort in 0xcafe::market: E_NOT_ADMIN(0x1): "],
    ["a raw code", "Move abort in 0xcafe::market: 0x1"],
    ["a code with a category (error::permission_denied)", "Move abort in 0xcafe::market: 0x50001"],
    ["the VM's own form", `VM aborted: location=${PACKAGE}::market, code=1`],
    ["the VM's own form without 0x", `VM aborted: location=${PACKAGE.slice(2)}::market, code=1`],
    [
      "a view's debug form",
      'VMError { major_status: ABORTED, sub_status: Some(1), message: Some("..."), location: Module(ModuleId { address: ' +
        `${PACKAGE.slice(2)}, name: Identifier("market") }), offsets: [] }`,
    ],
    [
      "a submit error around it",
      `Invalid transaction: Type: Execution Code: Move abort in ${PACKAGE}::market: 0x1`,
    ],
  ])("are named from %s", (_, text) => {
    expect(explain(text)).toEqual(NOT_ADMIN);
  });

  it("keep the node's own name and sentence when the code is newer than this client", () => {
    expect(explain("Move abort in 0xcafe::market: E_BRAND_NEW(0x63): Something new.")).toEqual({
      code: "E_BRAND_NEW",
      module: "market",
      message: "Something new.",
    });
  });

  it("are told by number when nobody knows the name", () => {
    expect(explain("Move abort in 0xcafe::market: 0x63")).toEqual({
      code: "ABORT_0x63",
      module: "market",
      message: "market aborted with code 0x63.",
    });
  });
});

describe("aborts of other packages", () => {
  it("aren't mistaken for a module of ours with the same name", () => {
    expect(explain("Move abort in 0xbad::market: 0x1")).toMatchObject({
      code: "ABORT_0x1",
      module: "0xbad::market",
    });
  });

  it("name the framework's refusals that users meet", () => {
    expect(explain("Move abort in 0x1::fungible_asset: 0x10004")).toEqual({
      code: "EINSUFFICIENT_BALANCE",
      module: "0x1::fungible_asset",
      message: "The account doesn't hold enough of the asset.",
    });
  });

  it("keep what the node says of the rest", () => {
    expect(
      explain("Move abort in 0x1::account: EACCOUNT_ALREADY_EXISTS(0x80001): Account already exists"),
    ).toEqual({
      code: "EACCOUNT_ALREADY_EXISTS",
      module: "0x1::account",
      message: "Account already exists",
    });
  });
});

describe("other failures", () => {
  it.each([
    ["Out of gas", "OUT_OF_GAS"],
    ["Invalid transaction: Type: Validation Code: SEQUENCE_NUMBER_TOO_OLD", "SEQUENCE_NUMBER_TOO_OLD"],
    ["Invalid transaction: Type: Validation Code: BAD_CHAIN_ID", "BAD_CHAIN_ID"],
    [
      "Invalid transaction: Type: Validation Code: INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE",
      "INSUFFICIENT_BALANCE_FOR_TRANSACTION_FEE",
    ],
    ["Mempool is full: MEMPOOL_IS_FULL", "MEMPOOL_IS_FULL"],
  ])("%s is %s with a sentence", (text, code) => {
    const failure = explain(text);
    expect(failure).toMatchObject({ code, module: null });
    expect(failure.message).toMatch(/^[A-Z].*\.$/);
  });

  it("keep an unknown status as its code and the text as the message", () => {
    expect(explain("Transaction Executed and Committed with Error SOME_NEW_STATUS")).toEqual({
      code: "SOME_NEW_STATUS",
      module: null,
      message: "Transaction Executed and Committed with Error SOME_NEW_STATUS",
    });
    expect(explain("it broke")).toEqual({ code: "UNKNOWN_FAILURE", module: null, message: "it broke" });
  });

  it("don't carry a whole page of a proxy", () => {
    expect(explain("x".repeat(100_000)).message.length).toBeLessThan(600);
  });
});
