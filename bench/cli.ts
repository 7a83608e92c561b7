/**
 * `npm run bench -- [name …] [--json] [options.ts]`: runs the benchmarks and prints their figures.
 * It doesn't judge: a figure that misses its goal is printed as it is.
 */
import { parseArgs } from "node:util";
import { api } from "./api.ts";
import { apiPlans } from "./api-plans.ts";
import { devnetSettlements } from "./devnet-settlements.ts";
import { type Figure, report, table } from "./figure.ts";
import { indexerBackfill } from "./indexer-backfill.ts";
import { indexerClients } from "./indexer-clients.ts";
import { indexerDecode } from "./indexer-decode.ts";
import { indexerLatency } from "./indexer-latency.ts";
import { type BenchOptions, OPTIONS, optionsOf } from "./options.ts";
import { protocolGas } from "./protocol-gas.ts";
import { relayerFlood } from "./relayer-flood.ts";
import { relayerStreams } from "./relayer-streams.ts";
import { webFirstLoad } from "./web-first-load.ts";

const BENCHES: Record<string, (options: BenchOptions) => Promise<Figure[]>> = {
  protocol: protocolGas,
  indexer: indexerBackfill,
  decode: indexerDecode,
  latency: indexerLatency,
  clients: indexerClients,
  api,
  devnet: devnetSettlements,
  relayer: relayerStreams,
  "relayer-flood": relayerFlood,
};

/** Only run when named: what they print is to be read, not compared, or they need the dashboard's build. */
const REPORTS: Record<string, (options: BenchOptions) => Promise<Figure[]>> = {
  "api-plans": apiPlans,
  web: webFirstLoad,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, ...OPTIONS },
  });
  const all = { ...BENCHES, ...REPORTS };
  const unknown = positionals.filter((name) => !(name in all));
  if (unknown.length > 0) {
    console.error(`No benchmark is named ${unknown.join(", ")}. There are: ${Object.keys(all).join(", ")}.`);
    process.exitCode = 2;
    return;
  }
  const options = optionsOf(values);
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(positionals.length > 0 ? all : BENCHES)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`${name} …`);
    figures.push(...(await bench(options)));
  }
  console.log(values.json ? JSON.stringify(report(figures)) : table(figures));
}

main().then(
  // The devnet's native library keeps threads; everything is closed by now.
  () => process.exit(process.exitCode ?? 0),
  (error: unknown) => {
    console.error(error instanceof Error ? (error.stack ?? error.message) : error);
    process.exit(1);
  },
);
