/** What the API answers about quotes that were used, against what test/api-world.ts made happen. */
import { zApiError } from "@computestream/protocol/api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type ApiWorld,
  OTHER_ASSET,
  RATED,
  REDEEMED,
  RETURNED,
  RUNNING,
  startApiWorld,
  T1,
} from "./api-world.ts";
import { ASSET } from "./hand-written-chain.ts";
import { BUYER, KEEPER, OWNER } from "./histories.ts";
import { readerOf } from "./parts.ts";

const MOVE = { address: ASSET, symbol: "MOVE", decimals: 8 };

let world: ApiWorld;
let get: ReturnType<typeof readerOf>;

beforeAll(async () => {
  world = await startApiWorld();
  get = readerOf(world.url);
}, 60_000);

afterAll(() => world?.close());

const redeemed = {
  ...{ quote: REDEEMED, payer: BUYER, state: "Redeemed", job: RUNNING, asset: MOVE },
  ...{ deposit: "600000", refunded: "5", refunds: 1, usedBy: KEEPER, usedAt: T1 - 20, index: 2 },
};
/** The 9 of another asset aren't of its own. */
const returned = {
  ...{ quote: RETURNED, payer: BUYER, state: "Refunded", job: null, asset: MOVE },
  ...{ deposit: "0", refunded: "600000", refunds: 2, usedBy: KEEPER, usedAt: T1 - 19, index: 0 },
};

describe("quotes", () => {
  const quotesBy = async (query: string) =>
    (await get("/api/v1/quotes", query)).items.map(({ quote }) => quote);

  it("are listed by their use, newest first, by payer, job and what became of them", async () => {
    expect((await get("/api/v1/quotes")).items).toMatchObject([returned, redeemed]);
    expect(await quotesBy("?state=Redeemed")).toEqual([REDEEMED]);
    expect(await quotesBy("?state=Refunded")).toEqual([RETURNED]);
    expect(await quotesBy(`?job=${RUNNING}`)).toEqual([REDEEMED]);
    expect(await quotesBy(`?payer=${BUYER}`)).toEqual([RETURNED, REDEEMED]);
    expect(await quotesBy(`?payer=${OWNER}`)).toEqual([]);
    expect(await quotesBy(`?job=${RATED}`)).toEqual([]);
  });

  it("come in pages", async () => {
    const first = await get("/api/v1/quotes", "?limit=1");
    expect(first.items).toMatchObject([returned]);
    const second = await get("/api/v1/quotes", `?limit=1&cursor=${first.nextCursor}`);
    expect([second.items, second.nextCursor]).toMatchObject([[redeemed], null]);
  });

  it("tell singly what went back, of whichever asset, and to whose call", async () => {
    const one = await get("/api/v1/quotes/:address", "", { address: RETURNED });
    expect(one).toMatchObject(returned);
    expect(one.newestRefunds).toMatchObject([
      { amount: "9", asset: { address: OTHER_ASSET }, refundedBy: OWNER, timestamp: T1 - 18 },
      { amount: "600000", asset: MOVE, refundedBy: KEEPER, timestamp: T1 - 19 },
    ]);
  });

  it("that weren't used are found nowhere", async () => {
    const response = await fetch(`${world.url}/api/v1/quotes/0xc3`);
    expect(response.status).toBe(404);
    const { error } = zApiError.parse(await response.json());
    expect([error.code, error.field]).toEqual(["QUOTE_NOT_FOUND", "address"]);
  });

  it("stand in the receipt of the job they became, and in no other", async () => {
    const { quote, deposits, check } = await get("/api/v1/jobs/:address/receipt", "", { address: RUNNING });
    expect(quote).toMatchObject({
      quote: REDEEMED,
      amount: "600000",
      redeemedBy: KEEPER,
      timestamp: T1 - 20,
    });
    expect(quote?.amount).toBe(deposits[0]?.amount);
    expect(check.conserved).toBe(true);
    expect((await get("/api/v1/jobs/:address/receipt", "", { address: RATED })).quote).toBeNull();
  });

  it("can be had as CSV", async () => {
    const [head, ...lines] = (await (await fetch(`${world.url}/api/v1/quotes?format=csv`)).text())
      .trim()
      .split("\r\n");
    expect(head).toMatch(/^version,index,txHash,usedAt,quote,payer,state,job,deposit,refunded,refunds,/);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain(`,${REDEEMED},${BUYER},Redeemed,${RUNNING},600000,5,1,`);
  });
});
