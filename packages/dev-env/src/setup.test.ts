/** What `docker compose` mounts: run twice against a real devnet, as a second `up` does. */
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { zDeployment } from "@computestream/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DevnetPart, startDevnetProcess, TSX } from "./parts/chain.ts";

const SETUP = fileURLToPath(new URL("./setup.ts", import.meta.url));

let devnet: DevnetPart;
let home: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "computestream-setup-"));
  devnet = await startDevnetProcess();
});
afterAll(async () => {
  await devnet?.close();
  rmSync(home, { recursive: true, force: true });
});

const at = (name: string) => join(home, name);
const setup = (...args: string[]) => promisify(execFile)(process.execPath, ["--import", TSX, SETUP, ...args]);
const all = () =>
  setup(
    `--node-url=${devnet.nodeUrl}`,
    `--faucet-url=${devnet.faucetUrl}`,
    "--public-node-url=http://localhost:8080/v1",
    "--public-faucet-url=http://localhost:8088",
    `--out=${at("setup")}`,
    `--keys=${at("keys")}`,
    `--relayer-key=${at("relayer-key")}`,
    `--operator-key=${at("operator-key")}`,
  );

it("writes a record with the browser's addresses, each key where only its owner reads it, and the same again", async () => {
  await all();
  const record = () => zDeployment.parse(JSON.parse(readFileSync(at("setup/deployment.json"), "utf8")));
  const first = record();
  expect(first).toMatchObject({
    nodeUrl: "http://localhost:8080/v1",
    faucetUrl: "http://localhost:8088",
    network: "devnet",
  });
  const provider = readFileSync(at("setup/provider-address"), "utf8");
  const files = ["setup", "keys", "relayer-key", "operator-key"].map((dir) => readdirSync(at(dir)).sort());
  expect(files).toEqual([
    ["deployment.json", "provider-address"],
    ["admin.json", "provider-owner.json"],
    ["relayer.json", "sponsor.json"],
    ["provider-operator.json"],
  ]);
  // The services refuse a key that other users can read.
  for (const file of ["keys/admin.json", "relayer-key/relayer.json", "operator-key/provider-operator.json"]) {
    expect(statSync(at(file)).mode & 0o777).toBe(0o600);
  }
  await all();
  expect(record()).toEqual(first);
  expect(readFileSync(at("setup/provider-address"), "utf8")).toBe(provider);
});

it("names what is missing and exits 2", async () => {
  await expect(setup("--out=/nowhere")).rejects.toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/^missing: --node-url, --faucet-url, .*--operator-key\nusage:/),
  });
});
