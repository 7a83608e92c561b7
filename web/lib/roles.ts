/**
 * What a wallet is in the market, as one sentence.
 * It doesn't know React, nor what each role may do.
 */
import type { zMe } from "@computestream/protocol/api";
import type { z } from "zod";

type Roles = z.output<typeof zMe>["roles"];

const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count} ${count === 1 ? one : many}`;

export function rolesSentence({ buyer, provider, arbiter, admin }: Roles): string {
  const parts: string[] = [];
  if (buyer.jobs > 0) {
    const running = buyer.running.length;
    parts.push(`bought ${counted(buyer.jobs, "job")}${running > 0 ? `, ${running} running now` : ""}`);
  }
  if (provider.owned.length > 0) parts.push(`own ${counted(provider.owned.length, "machine")}`);
  if (provider.operated.length > 0) parts.push(`operate ${counted(provider.operated.length, "machine")}`);
  if (arbiter.ofMarket) parts.push("decide the cases of new jobs");
  if (arbiter.openCases.length > 0) {
    parts.push(`have ${counted(arbiter.openCases.length, "open case")} to decide`);
  }
  if (admin) parts.push("administer this market");
  if (parts.length === 0) return "This wallet has had nothing to do with this market yet.";
  const last = parts.pop() as string;
  return `You ${parts.length > 0 ? `${parts.join(", ")} and ${last}` : last}.`;
}
