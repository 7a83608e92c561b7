import { describe, expect, it } from "vitest";
import { draftOf, type Step } from "../../test/draft-of.ts";
import { arbitrationOpened, counted, jobSettled, refunded, sealed, settledTo } from "../../test/histories.ts";
import { JOB, PROVIDER, running, T1 } from "../../test/lives.ts";

describe("what is told when money doesn't add up", () => {
  const toldOf = async (...steps: Step[]) => [...(await draftOf(...running(), ...steps)).violations.values()];

  it("names a job whose money doesn't add up, once a batch", async () => {
    expect(
      await toldOf([T1 + 1, [refunded(JOB, "100", "599901")]], [T1 + 2, [refunded(JOB, "100", "599801")]]),
    ).toEqual([`job ${JOB}: deposited 600000 is not paid 0 + refunded 100 + balance 599901`]);
  });

  it("names one that adds up again before the batch ends", async () => {
    expect(
      await toldOf([T1 + 1, [refunded(JOB, "100", "599901"), refunded(JOB, "1", "599899")]]),
    ).toHaveLength(1);
  });

  it("names fees that are more than what is paid, and a keeper's part that is more than the fees", async () => {
    const settled = { seq: 1, secs: 1, amount: "10000", paid: "10000", balance: "590000" };
    expect(await toldOf([T1 + 1, [settledTo(JOB, { ...settled, fee: "10001", feePaid: "10001" })]])).toEqual([
      `job ${JOB}: fees 10001 are more than paid 10000`,
    ]);
    const keeper = { keeperFee: "101", keeperPaid: "101" };
    expect(
      await toldOf([T1 + 1, [settledTo(JOB, { ...settled, ...keeper, fee: "100", feePaid: "100" })]]),
    ).toEqual([`job ${JOB}: keepers' part 101 is more than fees 100`]);
  });

  it("names a job that is paid more than its seconds are worth", async () => {
    const settled = { seq: 1, secs: 1, amount: "10001", fee: "100", paid: "10001", feePaid: "100" };
    expect(await toldOf([T1 + 1, [settledTo(JOB, { ...settled, balance: "589999" })]])).toEqual([
      `job ${JOB}: paid 10001 is 1 more than earned`,
    ]);
  });

  it("names a settlement whose parts aren't what its totals rose by", async () => {
    const settled = { seq: 1, secs: 1, amount: "9999", fee: "99", paid: "10000", feePaid: "100" };
    expect(await toldOf([T1 + 1, [settledTo(JOB, { ...settled, balance: "590000" })]])).toEqual([
      `job ${JOB} at StreamSettled: amount 10000 is not 9999, fee 100 is not 99`,
    ]);
  });

  it("names a sealed stream that holds something else than what is earned and unpaid", async () => {
    const second = counted(JOB, { seq: 1, secs: 1, balance: "600000" });
    expect(await toldOf([T1 + 1, [second, refunded(JOB, "599000", "1000"), sealed(JOB, 1, "1000")]])).toEqual(
      [`job ${JOB} at StreamSealed: held 10000 is not 1000`],
    );
  });

  it("takes what a frozen escrow can't pay or refund yet for no breach, and names what is missing from it", async () => {
    // 8 s are earned and all but 5 free, but nothing can leave.
    const frozen = counted(JOB, { seq: 8, secs: 8, balance: "600000" });
    const opened = arbitrationOpened(JOB, { unreleased: "50000", bond: "6000", decideBy: T1 + 900 });
    expect(await toldOf([T1 + 8, [frozen, sealed(JOB, 8, "80000")]], [T1 + 9, [opened]])).toEqual([]);
    const more = arbitrationOpened(JOB, { unreleased: "80001", bond: "6000", decideBy: T1 + 900 });
    expect(await toldOf([T1 + 8, [frozen]], [T1 + 9, [more]])).toEqual([
      `job ${JOB} at ArbitrationOpened: held 80000 is not 80001`,
    ]);
  });

  it("names seconds that no settlement has told of", async () => {
    expect(await toldOf([T1 + 1, [refunded(JOB, "600000", "0"), sealed(JOB, 1, "0")]])).toEqual([
      `job ${JOB} at StreamSealed: seconds billed 0 is not 1`,
    ]);
    const raised = { job: JOB, rate_per_hour: "1", changed_by: PROVIDER, funded_secs: "60" };
    expect(
      await toldOf([T1 + 1, [["stream::StreamRateChanged", { ...raised, seconds_billed: "2" }]]]),
    ).toEqual([`job ${JOB} at StreamRateChanged: seconds billed 0 is not 2`]);
  });

  it("names an extension that tells another deposit than what came in", async () => {
    const told = { job: JOB, max_duration_secs: "90", funded_secs: "90" };
    expect(
      await toldOf([
        T1 + 1,
        [["stream::StreamExtended", { ...told, deposited: "900000", balance: "900000" }]],
      ]),
    ).toEqual([`job ${JOB} at StreamExtended: deposited 600000 is not 900000, balance 600000 is not 900000`]);
  });

  it("names a settlement that tells other totals than the events before it", async () => {
    expect(
      await toldOf([
        T1 + 2,
        [
          refunded(JOB, "600000", "0"),
          jobSettled(JOB, {
            provider: PROVIDER,
            outcome: 4,
            seconds: "0",
            deposited: "600000",
            paid: "1",
            fees: "0",
            refunded: "599999",
          }),
        ],
      ]),
    ).toEqual([`job ${JOB} at JobSettled: paid 0 is not 1, refunded 600000 is not 599999`]);
  });

  it("names a provider whose stake isn't accounted for", async () => {
    const added = { provider: PROVIDER, amount: "50", staked: "100000049" };
    expect(await toldOf([T1 + 1, [["stake::StakeAdded", added]]])).toEqual([
      `stake of provider ${PROVIDER}: added 100000050 is not withdrawn 0 + slashed 0 + staked 100000049 + unbonding 0`,
    ]);
  });
});
