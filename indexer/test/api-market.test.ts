/** What the API answers about the market, its cases, and its lists by filter. */
import { describe, expect, it } from "vitest";
import {
  ARBITRATED,
  CHALLENGED,
  FAULTY,
  FOREIGN,
  MOVE,
  OPEN,
  OTHER_ASSET,
  PROVIDER,
  RATED,
  RUNNING,
  useApiWorld,
} from "./api-world.ts";
import { ARBITER, OWNER, T0, TREASURY } from "./histories.ts";

const { get } = useApiWorld();

describe("the market", () => {
  it("tells its parameters and assets", async () => {
    expect(await get("/api/v1/market")).toMatchObject({
      paused: false,
      asset: MOVE,
      feeBps: 100,
      minStake: "100000000",
      arbiter: ARBITER,
      arbitrationWindowSecs: 86_401,
    });
    const { items } = await get("/api/v1/assets");
    expect(items).toEqual([
      {
        asset: MOVE,
        allowed: true,
        isDefault: true,
        providers: 1,
        jobs: 6,
        escrowLocked: "1100000",
        volumeSettled: "185000",
        staked: "70000000",
      },
      expect.objectContaining({
        asset: { address: OTHER_ASSET, symbol: "0x0000…", decimals: 0 },
        allowed: null,
        isDefault: false,
        providers: 1,
      }),
    ]);
  });

  it("tells what binds a provider's stake, and whom a job pays", async () => {
    expect(await get("/api/v1/providers/:address", "", { address: PROVIDER })).toMatchObject({
      boundStake: "120000000",
      liableUntil: T0 + 86_400,
    });
    const partiesOf = async (address: string) => {
      const { payee, treasury } = await get("/api/v1/jobs/:address", "", { address });
      return { payee, treasury };
    };
    expect(await partiesOf(OPEN)).toEqual({ payee: null, treasury: TREASURY });
    expect(await partiesOf(RUNNING)).toEqual({ payee: OWNER, treasury: TREASURY });
  });

  it("tells what was disputed, open or closed", async () => {
    const casesOf = (address: string) => get("/api/v1/jobs/:address/case", "", { address });
    expect(await casesOf(CHALLENGED)).toMatchObject({
      asset: MOVE,
      open: null,
      cases: [{ kind: "OutputChallenge", outcome: "answered", bondToProvider: true, closedAt: T0 + 40 }],
      fault: null,
    });
    expect((await casesOf(ARBITRATED)).cases).toEqual([
      expect.objectContaining({ kind: "Arbitration", outcome: "ruled", award: "0", unreleased: "50000" }),
    ]);
    expect((await casesOf(FAULTY)).fault).toMatchObject({
      fault: "FewerSeconds",
      slashed: "70000000",
      reward: "7000000",
      stakeAsset: MOVE,
    });
    expect(await casesOf(OPEN)).toMatchObject({ open: null, cases: [], fault: null });
  });

  it("finds events, jobs and providers by filter", async () => {
    const names = async (query: string) => (await get("/api/v1/events", query)).items.map((e) => e.name);
    expect(await names("?module=dispute")).toEqual([
      "ArbitrationDecided",
      "ChallengeAnswered",
      "FaultProven",
      "ArbitrationOpened",
      "OutputChallenged",
    ]);
    expect(await names(`?name=StreamSettled&job=${RATED}&order=oldest`)).toHaveLength(2);
    expect(await names("?provider=0xf9")).toEqual(["ProviderRegistered"]);
    // No event can be any of these.
    for (const other of ["module=market", `job=${RATED}`, "provider=0xf9"]) {
      expect(
        await names(`?name=${other.startsWith("job") ? "StakeAdded" : "StreamSettled"}&${other}`),
      ).toEqual([]);
    }
    expect(await names(`?provider=${PROVIDER}&name=StakeSlashed`)).toEqual(["StakeSlashed"]);
    expect(await names(`?provider=${PROVIDER}&job=${FAULTY}&module=dispute`)).toEqual(["FaultProven"]);
    const first = await get("/api/v1/events", "?limit=3");
    const next = await get("/api/v1/events", `?limit=3&cursor=${first.nextCursor}`);
    expect([...first.items, ...next.items]).toEqual((await get("/api/v1/events", "?limit=6")).items);

    const jobs = async (query: string) => (await get("/api/v1/jobs", query)).items.map((j) => j.job);
    expect(await jobs("?q=HALF%20demo")).toEqual([RATED]);
    expect(await jobs("?q=%25")).toEqual([]);
    expect(await jobs(`?since=${T0 + 60}`)).toEqual([RUNNING, OPEN]);
    expect(await jobs(`?until=${T0 + 20}`)).toEqual([RATED]);
    expect(await jobs(`?since=${T0 + 20}&until=${T0 + 61}&buyer=0xb0`)).toEqual([
      OPEN,
      FAULTY,
      ARBITRATED,
      CHALLENGED,
    ]);
    expect(await jobs(`?since=${T0 + 99_999}`)).toEqual([]);
    expect(await jobs(`?asset=${OTHER_ASSET}`)).toEqual([]);
    const ofProvider = await get("/api/v1/providers/:address/jobs", "?state=Running", { address: PROVIDER });
    expect(ofProvider.items.map((j) => [j.job, j.ratePerSecond])).toEqual([
      [RUNNING, { numerator: "36000000", denominator: "3600" }],
    ]);

    const providers = async (query: string) =>
      (await get("/api/v1/providers", query)).items.map((p) => p.provider);
    expect(await providers("?minStake=70000001")).toEqual([FOREIGN]);
    expect(await providers("?sort=stake")).toEqual([FOREIGN, PROVIDER]);
    expect(await providers("?minScore=6000")).toEqual([PROVIDER]);
    expect(await providers("?minVramGb=81")).toEqual([]);
    expect(await providers("?minGpus=1&sandbox=DOCKER&q=h100%20WEST&hasFreeCapacity=true")).toHaveLength(2);
    expect(await providers("?hasFreeCapacity=false")).toEqual([]);
    expect(await providers("?available=true&hasFreeCapacity=true&sort=newest")).toEqual([FOREIGN, PROVIDER]);
    expect(await providers("?available=false")).toEqual([]);
    expect(await providers(`?asset=${OTHER_ASSET}`)).toEqual([FOREIGN]);
    expect(await providers("?q=h100%20nowhere")).toEqual([]);
    for (const sort of ["stake", "vram", "served"]) {
      const page = await get("/api/v1/providers", `?sort=${sort}&limit=1`);
      const rest = await get("/api/v1/providers", `?sort=${sort}&cursor=${page.nextCursor}`);
      expect([...page.items, ...rest.items].map((p) => p.provider)).toEqual(await providers(`?sort=${sort}`));
    }
  });
});
