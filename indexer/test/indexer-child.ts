/**
 * The indexer, or a reindex, as a process of its own over a hand-written chain, to be killed by `kill.test.ts`.
 * It doesn't differ from src/index.ts in anything but where transactions come from: the parent says how far the chain is.
 */
import { createLogger } from "../src/logger.ts";
import { reindex } from "../src/reindex.ts";
import { startService } from "../src/service.ts";
import { busyMarket } from "./busy-market.ts";
import { createHandWrittenChain } from "./hand-written-chain.ts";
import { configOf } from "./parts.ts";
import { revealed } from "./revealed-chain.ts";

const [mode, databaseUrl = "", transactions, latencyMs] = process.argv.slice(2);
const chain = createHandWrittenChain();
busyMarket(chain, Number(transactions));
// A slow node, so that there is time to be killed in the middle.
chain.latencyMs = Number(latencyMs);
let head = 0n;
process.on("message", (told: string) => {
  head = BigInt(told);
});
const source = revealed(chain, () => head);

if (mode === "reindex") {
  await reindex({ databaseUrl, source, fromVersion: 0n });
  process.exit(0);
}
const service = await startService(configOf(databaseUrl, source), source, createLogger("info"));
console.log(JSON.stringify({ msg: "ready", url: service.url }));
process.once("SIGTERM", () => void service.close().then(() => process.exit(0)));
