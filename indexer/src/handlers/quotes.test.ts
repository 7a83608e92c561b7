/** What the mirror keeps of quotes, event by event. 600,000 is the order's deposit. */
import { describe, expect, it } from "vitest";
import { draftOf, type Step } from "../../test/draft-of.ts";
import { ASSET } from "../../test/hand-written-chain.ts";
import {
  address,
  BUYER,
  created,
  parameters,
  quoteRedeemed,
  quoteRefunded,
  registered,
  T0,
} from "../../test/histories.ts";

const PROVIDER = address("f1");
const JOB = address("e1");
const QUOTE = address("c1");
const CLERK = address("5e");
const OTHER_ASSET = address("bb");

const market: Step = [T0, [parameters(), registered(PROVIDER)]];
const order = created(JOB, { provider: PROVIDER, deposit: "600000" });
const deposited = "600000";

async function quotesOf(...steps: Step[]) {
  const draft = await draftOf(market, ...steps);
  return { draft, row: draft.quotes.get(QUOTE), ledger: draft.ledger.slice(1) };
}

describe("a quote", () => {
  it("that became a job has its payer, deposit and change, and the change enters and leaves the payer's ledger", async () => {
    const { draft, row, ledger } = await quotesOf([
      T0 + 5,
      [
        ...order,
        quoteRedeemed(QUOTE, { job: JOB, amount: deposited, by: CLERK }),
        quoteRefunded(QUOTE, { amount: "7", by: CLERK }),
      ],
    ]);
    expect(row).toEqual({
      ...{ quote: QUOTE, payer: BUYER, job: JOB, asset: ASSET, deposit: 600_000n, refunded: 7n, refunds: 1n },
      ...{ used_by: CLERK, used_at: BigInt(T0 + 5), used_version: 2n, used_index: 2 },
      ...{ used_tx: expect.stringMatching(/^0x/), last_version: 2n, last_index: 3 },
    });
    expect(ledger.map(({ wallet, kind, amount }) => [wallet, kind, amount])).toEqual([
      [BUYER, "deposit", -600_000n],
      [BUYER, "quote_payment", -7n],
      [BUYER, "quote_refund", 7n],
    ]);
    expect(draft.quoteRefunds).toMatchObject([
      { quote: QUOTE, asset: ASSET, amount: 7n, refunded_by: CLERK },
    ]);
    expect([...draft.violations.values()]).toEqual([]);
  });

  it("whose money went back is nobody's job, and counts what comes late", async () => {
    const { row, draft } = await quotesOf(
      [T0 + 5, [quoteRefunded(QUOTE, { amount: "600000", by: BUYER })]],
      [T0 + 9, [quoteRefunded(QUOTE, { amount: "3", by: CLERK })]],
      [T0 + 9, [quoteRefunded(QUOTE, { amount: "9", by: CLERK, asset: OTHER_ASSET })]],
    );
    // Of its own asset: 600,000 and 3. The other's 9 stand with the refunds alone.
    expect(row).toMatchObject({ job: null, asset: ASSET, deposit: 0n, refunded: 600_003n, refunds: 3n });
    expect(row).toMatchObject({ used_by: BUYER, used_version: 2n, last_version: 4n });
    expect(draft.quoteRefunds.map(({ asset, amount }) => [asset, amount])).toEqual([
      [ASSET, 600_000n],
      [ASSET, 3n],
      [OTHER_ASSET, 9n],
    ]);
  });

  it("is told of when its job is another's, smaller, or its second", async () => {
    const other = created(JOB, { provider: PROVIDER, deposit: "599999", buyer: CLERK });
    const redeemed = quoteRedeemed(QUOTE, { job: JOB, amount: deposited, by: CLERK });
    const { draft } = await quotesOf([T0 + 5, [...other, redeemed]]);
    expect(draft.violations.get(`quote ${QUOTE}`)).toBe(
      `quote ${QUOTE}: its job is ${CLERK}'s, not the payer's ${BUYER}, its job has 599999 of ${ASSET}, not 600000 of ${ASSET}`,
    );
    const twice = await quotesOf([T0 + 5, [...order, redeemed]], [T0 + 6, [redeemed]]);
    expect(twice.draft.violations.get(`quote ${QUOTE}`)).toBe(`quote ${QUOTE}: used before`);
  });
});
