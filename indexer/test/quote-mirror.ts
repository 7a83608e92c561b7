/**
 * The mirror's quotes against the chain at the same version: their jobs, and what still lies at their addresses against
 * what was sent there less what the mirror says has left.
 * It doesn't read the modules' events.
 */
import { NO_ADDRESS, normalizeAddress } from "@computestream/protocol";
import type { Client } from "pg";
import type { Chain, ChainAt } from "../../move/fuzz/chain.ts";
import type { Played } from "./protocol-histories.ts";

/** What payments brought to each store. */
function sentTo(transactions: Played[]): Map<string, bigint> {
  const sent = new Map<string, bigint>();
  for (const { run } of transactions) {
    if (run.name !== "send" || !run.result.ok) continue;
    for (const { type, data } of run.result.events) {
      if (!type.endsWith("::fungible_asset::Deposit")) continue;
      const { store, amount } = data as { store: string; amount: string };
      const key = normalizeAddress(store);
      sent.set(key, (sent.get(key) ?? 0n) + BigInt(amount));
    }
  }
  return sent;
}

/** One sentence each; `transactions` are those up to `at`. */
export async function quoteDifferencesFrom(
  db: Client,
  chain: Chain,
  at: ChainAt,
  transactions: Played[],
): Promise<string[]> {
  const { rows: quotes } = await db.query(
    `SELECT q.quote, q.payer, q.job, j.buyer, q.refunds::int AS refunds,
            (SELECT count(*)::int FROM quote_refunds r WHERE r.quote = q.quote) AS told,
            q.refunded = (SELECT coalesce(sum(amount), 0) FROM quote_refunds r
                          WHERE r.quote = q.quote AND r.asset = q.asset) AS agrees
     FROM quotes q LEFT JOIN jobs j ON j.job = q.job`,
  );
  const { rows: flows } = await db.query(
    `SELECT quote, asset, sum(amount)::text AS amount FROM (
       SELECT quote, asset, deposit AS amount FROM quotes UNION ALL SELECT quote, asset, amount FROM quote_refunds
     ) f GROUP BY quote, asset`,
  );
  const left = new Map(flows.map(({ quote, asset, amount }) => [`${asset}|${quote}`, BigInt(amount)]));
  const sent = sentTo(transactions);
  const holdings = chain.holdings(at.store);
  const found: string[] = [];
  for (const { quote, payer, job, buyer, refunds, told, agrees } of quotes) {
    const onChain = normalizeAddress(String(chain.view(at, "job_quotes::job_of", [quote])));
    if (onChain !== (job ?? NO_ADDRESS)) found.push(`quote ${quote} is ${job}, on chain ${onChain}`);
    if (job !== null && buyer !== payer) found.push(`quote ${quote} of ${payer} is ${buyer}'s job`);
    if (refunds !== told || !agrees)
      found.push(`quote ${quote} has ${refunds} refunds, rows ${told}, ${agrees}`);
    for (const asset of chain.assets) {
      const key = `${asset}|${quote}`;
      const due = (sent.get(chain.primaryStore(asset, quote)) ?? 0n) - (left.get(key) ?? 0n);
      const held = holdings.get(key) ?? 0n;
      if (held !== due) found.push(`at quote ${quote} should lie ${due} of ${asset}, on chain ${held}`);
    }
  }
  return found;
}
