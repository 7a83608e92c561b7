/**
 * What is promised of money sent to a quote's address: it is there, or became its payer's one job, or went back.
 * Like the other invariants it reads the chain's events, views and stores only; what was sent it is told.
 */
import type { Chain, ChainAt, ChainEvent } from "./chain.ts";
import { canonical, must } from "./compare.ts";
import type { Action } from "./model/actions.ts";
import { quoteAddress } from "./model/quotes.ts";
import { type Address, ZERO_ADDRESS } from "./model/types.ts";

interface Flow {
  sent: bigint;
  left: bigint;
}

export interface QuoteWatch {
  /** After an action that succeeded, with the chain as it is then. */
  after(action: Action, events: readonly ChainEvent[], at: ChainAt): void;
}

export function createQuoteWatch(chain: Chain): QuoteWatch {
  /** By `asset|quote`. */
  const flows = new Map<string, Flow>();
  const jobs = new Map<Address, Address>();

  function flowOf(asset: Address, quote: Address): Flow {
    const key = `${asset}|${quote}`;
    const flow = flows.get(key) ?? { sent: 0n, left: 0n };
    flows.set(key, flow);
    return flow;
  }

  function redeemed(data: Record<string, unknown>, at: ChainAt): void {
    const [quote, job] = [data.quote as Address, data.job as Address];
    must(!jobs.has(quote), "I25_quote_used_once", () => `${quote} became ${jobs.get(quote)} and ${job}`);
    jobs.set(quote, job);
    const seen = canonical(chain.view(at, "job_registry::get_job", [job])) as {
      terms: Record<string, unknown>;
    };
    const { buyer, deposit, asset } = seen.terms;
    must(
      buyer === data.payer && deposit === String(data.amount) && asset === data.asset,
      "I26_quote_is_its_payers",
      () => `${quote}: a job of ${String(buyer)} with ${String(deposit)}`,
    );
  }

  return {
    after(action, events, at) {
      const touched = new Set<Address>();
      if (action.type === "pay_quote") {
        const quote = quoteAddress(action.quote);
        flowOf(action.asset, quote).sent += action.amount;
        touched.add(quote);
      }
      for (const { type, name, data } of events) {
        if (!type.startsWith("job_quotes::")) continue;
        const quote = data.quote as Address;
        flowOf(data.asset as Address, quote).left += BigInt(data.amount as string);
        touched.add(quote);
        if (name === "QuoteRedeemed") redeemed(data, at);
      }
      if (touched.size === 0) return;
      const holdings = chain.holdings(at.store);
      for (const quote of touched) {
        for (const asset of chain.assets) {
          const { sent, left } = flowOf(asset, quote);
          const held = holdings.get(`${asset}|${quote}`) ?? 0n;
          must(sent === left + held, "I27_quote_conserves", () => `${quote}: ${sent} != ${left} + ${held}`);
        }
        const told = canonical(chain.view(at, "job_quotes::job_of", [quote]));
        const job = jobs.get(quote) ?? ZERO_ADDRESS;
        must(
          BigInt(told as string) === BigInt(job),
          "I25_quote_used_once",
          () => `${quote} is ${told}, not ${job}`,
        );
      }
    },
  };
}
