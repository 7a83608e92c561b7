import { LEDGER_KINDS } from "@computestream/protocol/api";
import { describe, expect, it } from "vitest";
import { partyOf } from "./job-party.ts";
import { ledgerLink, ledgerWords } from "./ledger-words.ts";
import { rolesSentence } from "./roles.ts";

const nothing = {
  buyer: { jobs: 0, running: [] },
  provider: { owned: [], operated: [] },
  arbiter: { ofMarket: false, openCases: [] },
  admin: null,
};

describe("a wallet's roles", () => {
  it("are one sentence", () => {
    expect(rolesSentence(nothing)).toBe("This wallet has had nothing to do with this market yet.");
    expect(rolesSentence({ ...nothing, buyer: { jobs: 1, running: [] } })).toBe("You bought 1 job.");
    expect(
      rolesSentence({
        buyer: { jobs: 3, running: [{ job: "0x1", provider: "0x2" }] },
        provider: { owned: ["0x2", "0x3"], operated: [] },
        arbiter: { ofMarket: false, openCases: ["0x4"] },
        admin: true,
      }),
    ).toBe(
      "You bought 3 jobs, 1 running now, own 2 machines, have 1 open case to decide and administer this market.",
    );
  });
});

describe("a ledger's line", () => {
  it("has words for every kind, no two the same", () => {
    const words = LEDGER_KINDS.map((kind) => ledgerWords({ kind }));
    expect(new Set(words).size).toBe(LEDGER_KINDS.length);
  });
  it("leads to its job, or else to its machine", () => {
    expect(ledgerLink({ job: "0x1", provider: "0x2" })?.href).toBe("/jobs/0x1");
    expect(ledgerLink({ job: null, provider: "0x2" })?.href).toBe("/providers/0x2");
    expect(ledgerLink({ job: null, provider: null })).toBeNull();
  });
});

describe("what a wallet is to a job", () => {
  const open = {
    kind: "Arbitration" as const,
    bond: "1",
    deadline: 1,
    openedAt: 1,
    chunkIndex: null,
    arbiter: "0xa",
    reason: "",
  };
  it("is its buyer, its machine's owner, the arbiter of its open case, or nobody", () => {
    const job = { buyer: "0xb", case: open };
    expect(partyOf(job, "0xc", "0xb")).toBe("buyer");
    expect(partyOf(job, "0xc", "0xc")).toBe("owner");
    expect(partyOf(job, "0xc", "0xa")).toBe("arbiter");
    expect(partyOf({ ...job, case: null }, "0xc", "0xa")).toBeNull();
    expect(partyOf(job, null, "0xc")).toBeNull();
    expect(partyOf({ buyer: "0xb", case: { ...open, arbiter: null } }, null, null)).toBeNull();
  });
});
