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
const service = await startService(configOf(databaseUrl ?? "", chain), chain, createLogger("info"));
console.log(JSON.stringify({ msg: "ready", url: service.url }));
process.once("SIGTERM", () => void service.close().then(() => process.exit(0)));
