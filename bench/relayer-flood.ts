/**
 * `relayer.flood_*`: how long good attestations wait for their answer while another session floods the hub with bad ones.
 * It doesn't settle anything worth measuring; without the flood the same figure is the baseline.
 */
import { writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { freePort, startChain, startProcess, startRedis } from "@computestream/dev-env/parts";
import type { Figure } from "./figure.ts";
import { openStreams } from "./relayer/market.ts";
import { scratchFolder } from "./relayer/scratch.ts";

/** Two providers: a full one that floods, and one with few jobs that behaves. */
const STREAMS = 210;
const BAD_PER_SEC = Number(process.env.RELAYER_FLOOD ?? 10_000);
const SECONDS = 20;
const GAS_FUNDS = 1_000_000_000_000n;
const TSX = createRequire(import.meta.url).resolve("tsx");
const ROOT = fileURLToPath(new URL("../", import.meta.url));

export async function relayerFlood(): Promise<Figure[]> {
  const open: Array<{ close(): Promise<void> }> = [];
  const home = scratchFolder("relayer-flood");
  open.push(home);
  try {
    const [chain, redis] = await Promise.all([startChain(), startRedis()]);
    open.push(chain, redis);
    const providers = await openStreams(chain, STREAMS);
    const account = Ed25519Account.generate();
    await chain.fund(account.accountAddress.toStringLong(), GAS_FUNDS);
    const files = { key: join(home.path, "key.json"), deployment: join(home.path, "deployment.json") };
    writeFileSync(files.key, JSON.stringify({ privateKey: account.privateKey.toHexString() }), {
      mode: 0o600,
    });
    writeFileSync(files.deployment, JSON.stringify(chain.deployment));
    const port = await freePort();
    const relayer = await startProcess({
      name: "relayer",
      command: process.execPath,
      args: ["--import", TSX, join(ROOT, "relayer/src/index.ts")],
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        LOG_LEVEL: "warn",
        PORT: String(port),
        DEPLOYMENT_FILE: files.deployment,
        NODE_URL: chain.nodeUrl,
        REDIS_URL: redis.url,
        KEY_FILE: files.key,
      },
      logFile: join(home.path, "relayer.log"),
      readyTimeoutMs: 120_000,
    });
    open.push(relayer);
    const url = `http://127.0.0.1:${port}`;
    await up(url);
    const { chainId, packageAddress } = chain.deployment;
    const nodes = async (name: string, mode: string, share: typeof providers) => {
      const planFile = join(home.path, `${name}.json`);
      writeFileSync(planFile, JSON.stringify({ chainId, packageAddress, providers: share }));
      const lines: string[] = [];
      const child = await startProcess({
        name,
        command: process.execPath,
        args: ["--import", TSX, join(ROOT, "bench/relayer/nodes.ts"), planFile, url, mode],
        logFile: join(home.path, `${name}.log`),
        readyLine: (line) => {
          if (line.startsWith("{")) lines.push(line);
          return line === "ready";
        },
      });
      open.push(child);
      return { close: () => child.close(), lines };
    };
    const [loud, quiet] = [providers.slice(0, 1), providers.slice(1)];
    const good = await nodes("good", "good", quiet);
    await sleep(SECONDS * 1000);
    const before = JSON.parse(good.lines.at(-1) ?? "{}") as Told;
    const bad = await nodes("bad", `bad:${BAD_PER_SEC}`, loud);
    await sleep(SECONDS * 1000);
    const after = JSON.parse(good.lines.at(-1) ?? "{}") as Told;
    const flood = JSON.parse(bad.lines.at(-1) ?? "{}") as Told;
    await bad.close();
    await good.close();
    const calm = before.waitsMs.sort((a, b) => a - b);
    const stormy = after.waitsMs.slice(before.waitsMs.length).sort((a, b) => a - b);
    return [
      { name: "relayer.flood_bad_per_s", value: flood.sent / SECONDS, unit: "1/s" },
      {
        name: "relayer.flood_ack_ms_p50",
        value: at(stormy, 0.5),
        unit: "ms",
        baseline: at(calm, 0.5),
      },
      {
        name: "relayer.flood_ack_ms_max",
        value: at(stormy, 1),
        unit: "ms",
        goal: 1_000,
        baseline: at(calm, 1),
      },
    ];
  } finally {
    for (const part of open.reverse()) await part.close();
  }
}

interface Told {
  sent: number;
  waitsMs: number[];
}

function at(sorted: number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

async function up(url: string): Promise<void> {
  for (;;) {
    try {
      if ((await fetch(`${url}/ready`)).ok) return;
    } catch {
      // It isn't listening yet.
    }
    await sleep(200);
  }
}
