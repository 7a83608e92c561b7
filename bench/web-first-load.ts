/**
 * `web.first_load_kb`: what a browser fetches before the explorer's first page works, gzipped, from the built dashboard.
 * It doesn't build (`npm run build -w web` does) nor run a browser: it fetches what the page itself names.
 */
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { deploymentOf } from "../indexer/test/hand-written-chain.ts";
import type { Figure } from "./figure.ts";

const WEB = fileURLToPath(new URL("../web", import.meta.url));
const GOAL_KB = 250;
const START_MS = 60_000;

export async function webFirstLoad(): Promise<Figure[]> {
  const port = await freePort();
  const next = createRequire(`${WEB}/package.json`).resolve("next/dist/bin/next");
  const home = mkdtempSync(join(tmpdir(), "bench-web-"));
  const deployment = join(home, "deployment.json");
  // The page is the same whatever chain it is of.
  writeFileSync(deployment, JSON.stringify(deploymentOf()));
  const nowhere = "http://127.0.0.1:9";
  const server = spawn(process.execPath, [next, "start", "-p", String(port), "-H", "127.0.0.1"], {
    cwd: WEB,
    env: {
      ...process.env,
      NEXT_TELEMETRY_DISABLED: "1",
      DEPLOYMENT_FILE: deployment,
      INDEXER_URL: nowhere,
      RELAYER_URL: nowhere,
    },
    stdio: ["ignore", "ignore", "inherit"],
  });
  try {
    const url = `http://127.0.0.1:${port}`;
    const html = await pageOf(url);
    const files = new Set(
      [...html.matchAll(/<(?:script|link)\b[^>]*>/g)]
        // For browsers that know no modules, which others leave out.
        .filter(([tag]) => !/noModule/i.test(tag))
        .map(([tag]) => /(?:src|href)="(\/_next\/static\/[^"]+\.(?:js|css)[^"]*)"/.exec(tag)?.[1])
        .filter((file) => file !== undefined),
    );
    let [scripts, styles] = [0, 0];
    for (const file of files) {
      const bytes = gzipSync(Buffer.from(await (await fetch(`${url}${file}`)).arrayBuffer())).length;
      if (file.includes(".css")) styles += bytes;
      else scripts += bytes;
    }
    if (scripts === 0) throw new Error("the page names no scripts: is the dashboard built?");
    const kb = (bytes: number) => Math.round(bytes / 100) / 10;
    return [
      { name: "web.first_load_kb", value: kb(scripts), unit: "kB", goal: GOAL_KB },
      { name: "web.first_load_styles_kb", value: kb(styles), unit: "kB" },
    ];
  } finally {
    server.kill();
    rmSync(home, { recursive: true });
  }
}

async function pageOf(url: string): Promise<string> {
  const deadline = Date.now() + START_MS;
  for (;;) {
    try {
      const response = await fetch(url, { headers: { accept: "text/html" } });
      if (response.ok) return await response.text();
      throw new Error(`the dashboard answers ${response.status}`);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
