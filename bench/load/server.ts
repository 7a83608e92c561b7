/**
 * The indexer as a process of its own over a dataset, serving and indexing live at once, as in operation.
 * It doesn't differ from indexer/src/index.ts in anything but where transactions come from.
 */
import { createLogger } from "../../indexer/src/logger.ts";
import { startService } from "../../indexer/src/service.ts";
import { configOf } from "../../indexer/test/parts.ts";
import { createLiveChain } from "../market/live.ts";
import type { ServerOptions, Usage } from "./processes.ts";

const options = JSON.parse(process.argv[2] ?? "") as ServerOptions;
const chain = await createLiveChain(options);
const config = configOf(options.databaseUrl, chain, options.config);
const service = await startService(config, chain, createLogger("fatal"));
chain.start();
process.send?.({ url: service.url });

process.on("message", async () => {
  const { version } = await chain.ledger();
  const usage: Usage = {
    cpuMicros: process.cpuUsage().user + process.cpuUsage().system,
    rssBytes: process.memoryUsage().rss,
    ticks: chain.ticks,
    head: version.toString(),
  };
  process.send?.(usage);
});
process.on("disconnect", async () => {
  chain.close();
  await service.close();
  process.exit(0);
});
