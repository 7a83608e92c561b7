/**
 * The indexer as a process of its own over a hand-written chain, to be killed by `kill.test.ts`.
 * It doesn't differ from src/index.ts in anything but where transactions come from.
 */
import { createLogger } from "../src/logger.ts";
import { startService } from "../src/service.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain } from "./hand-written-chain.ts";
import { configOf } from "./parts.ts";

const [databaseUrl, transactions, latencyMs] = process.argv.slice(2);
const chain = createHandWrittenChain();
busyMarket(chain, Number(transactions));
chain.latencyMs = Number(latencyMs);
// A slow node, so that there is time to be killed in the middle.
const source = {
  ...chain,
  transactions: (start: bigint, limit: number) => chain.transactions(start, Math.min(limit, 25)),
};
const service = await startService(configOf(databaseUrl ?? "", source), source, createLogger("info"));
console.log(JSON.stringify({ msg: "ready", url: service.url }));
process.once("SIGTERM", () => void service.close().then(() => process.exit(0)));
