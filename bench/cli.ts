/**
 * `npm run bench -- [name …] [--json]`: runs the benchmarks and prints their figures.
 * It doesn't judge: a figure that misses its goal is printed as it is.
 */
import { parseArgs } from "node:util";
import { type Figure, report, table } from "./figure.ts";
import { indexerBackfill } from "./indexer-backfill.ts";
import { protocolGas } from "./protocol-gas.ts";
import { relayerFlood } from "./relayer-flood.ts";
import { relayerStreams } from "./relayer-streams.ts";

const BENCHES: Record<string, () => Promise<Figure[]>> = {
  protocol: protocolGas,
  indexer: indexerBackfill,
  relayer: relayerStreams,
  "relayer-flood": relayerFlood,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false } },
  });
  const unknown = positionals.filter((name) => !(name in BENCHES));
  if (unknown.length > 0) {
    console.error(
      `No benchmark is named ${unknown.join(", ")}. There are: ${Object.keys(BENCHES).join(", ")}.`,
    );
    process.exitCode = 2;
    return;
  }
  const figures: Figure[] = [];
  for (const [name, bench] of Object.entries(BENCHES)) {
    if (positionals.length > 0 && !positionals.includes(name)) continue;
    console.error(`${name} …`);
    figures.push(...(await bench()));
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
