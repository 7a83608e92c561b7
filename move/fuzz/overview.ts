/**
 * Views that nothing else reads: lists, the market, and what a settlement would pay.
 * It doesn't compare single jobs and providers.
 */
import type { Chain } from "./chain.ts";
import { compareRecord } from "./compare.ts";
import type { ForkStore } from "./fork-store.ts";
import { PACKAGE } from "./model/attestation.ts";
import { orderHash } from "./model/bcs.ts";
import { parametersView } from "./model/market.ts";
import { quote, takesProofs } from "./model/settlement.ts";
import { canPay } from "./model/stream.ts";
import { type Address, type State, ZERO_ADDRESS } from "./model/types.ts";
import { jobView, providerView, streamView } from "./model/views.ts";

const QUOTED_SECS = 7n;

/** Where each quote is paid by the chain, and what by it became of it. */
function compareQuotes(view: (fn: string, args: unknown[]) => unknown, state: State): void {
  for (const { quote, terms, job } of state.quotes.values()) {
    const { payer, clerk, redeemBy, nonce } = terms;
    const args = [payer, clerk, redeemBy, nonce, orderHash(terms)];
    compareRecord(`quote_address ${quote}`, view("job_quotes::quote_address", args), quote);
    compareRecord(`job_of ${quote}`, view("job_quotes::job_of", [quote]), job ?? ZERO_ADDRESS);
  }
}

/** Once a history. */
export function compareOverview(chain: Chain, store: ForkStore, state: State): void {
  const { market, now } = state;
  const view = (fn: string, args: unknown[]): unknown => chain.view({ store, now }, fn, args);
  compareRecord("parameters", view("market::parameters", []), parametersView(market.parameters));
  compareRecord("admin", view("market::admin", []), market.admin);
  const allowed = [...(view("market::assets", []) as Address[])].sort();
  compareRecord("assets", allowed, [...market.allowedAssets].sort());
  const jobs = [...state.jobs.values()];
  const listed = view("job_registry::get_jobs", [[PACKAGE, ...jobs.map(({ job }) => job)]]);
  compareRecord("get_jobs", listed, jobs.map(jobView));
  const streams = view("payment_stream::get_streams", [[PACKAGE, ...jobs.map(({ job }) => job)]]);
  compareRecord(
    "get_streams",
    streams,
    jobs.map(streamView).filter((stream) => stream !== null),
  );
  for (const { provider, activeJobs } of state.providers.values()) {
    const active = [...(view("provider_registry::active_jobs", [provider]) as Address[])].sort();
    compareRecord(`active_jobs ${provider}`, active, [...activeJobs].sort());
  }
  for (const job of jobs) {
    const { stream } = job;
    const at = now + QUOTED_SECS;
    if (!stream || !takesProofs(stream, at)) continue;
    const attested = stream.meter.secondsAttested + QUOTED_SECS;
    const args = [job.job, attested, at];
    const quoted = chain.viewAll({ store, now }, "payment_stream::quote_settlement", args);
    const due = quote(stream, attested, at);
    // What it says of money that can't move isn't promised.
    if (canPay(state, job, due.amount))
      compareRecord(`quote_settlement ${job.job}`, quoted, [due.amount, due.fee]);
  }
  compareQuotes(view, state);
  const listedProviders = view("provider_registry::list_providers", [0n, 100n]);
  compareRecord("list_providers", listedProviders, [...state.providers.values()].map(providerView));
  compareRecord(
    "provider_count",
    view("provider_registry::provider_count", []),
    BigInt(state.providers.size),
  );
}
