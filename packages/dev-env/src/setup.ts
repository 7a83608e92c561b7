/**
 * Provisions a running devnet for `docker compose`: writes deployment record, keys and provider address to a folder.
 * It doesn't know containers.
 */
import { chmodSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { provision } from "./provision.ts";

const { values } = parseArgs({
  options: { out: { type: "string" }, "node-url": { type: "string" }, "faucet-url": { type: "string" } },
});
const { out, "node-url": nodeUrl, "faucet-url": faucetUrl } = values;
if (!out || !nodeUrl || !faucetUrl) {
  console.error("usage: setup.ts --out DIR --node-url URL --faucet-url URL");
  process.exit(2);
}
const { provider, deployment } = await provision({ dir: out, nodeUrl, faucetUrl });
// The services run as another user of the same volume.
const keys = join(out, "keys");
chmodSync(keys, 0o755);
for (const file of readdirSync(keys)) chmodSync(join(keys, file), 0o644);
console.log(`package ${deployment.packageAddress}, provider ${provider.address}`);
