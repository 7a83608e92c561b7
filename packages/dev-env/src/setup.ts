/**
 * Provisions a running devnet for `docker compose`: deployment record and provider address into one volume, each
 * service's key into a volume of its own. It doesn't know containers.
 */
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { provision } from "./provision.ts";

const USAGE = `usage: setup.ts --node-url URL --faucet-url URL --public-node-url URL --public-faucet-url URL
  --out DIR            deployment record and provider address, for every service
  --keys DIR           the admin's and the provider owner's key, for no service
  --relayer-key DIR    relayer.json and sponsor.json
  --operator-key DIR   provider-operator.json`;

const NAMES = [
  "node-url",
  "faucet-url",
  "public-node-url",
  "public-faucet-url",
  "out",
  "keys",
  "relayer-key",
  "operator-key",
] as const;
type Options = Record<(typeof NAMES)[number], string>;

function parse(): Options {
  try {
    const { values } = parseArgs({
      options: Object.fromEntries(NAMES.map((name) => [name, { type: "string" as const }])),
    });
    const missing = NAMES.filter((name) => !values[name]);
    if (missing.length > 0) throw new Error(`missing: ${missing.map((name) => `--${name}`).join(", ")}`);
    return values as Options;
  } catch (error) {
    console.error(`${(error as Error).message}\n${USAGE}`);
    process.exit(2);
  }
}

const options = parse();
const { provider, deployment, deploymentFile } = await provision({
  dir: options.out,
  nodeUrl: options["node-url"],
  faucetUrl: options["faucet-url"],
  keyDirs: {
    admin: options.keys,
    "provider-owner": options.keys,
    "provider-operator": options["operator-key"],
    relayer: options["relayer-key"],
    sponsor: options["relayer-key"],
  },
});
// Browsers read the record by way of the dashboard; services have NODE_URL for the names inside.
const record = {
  ...deployment,
  nodeUrl: options["public-node-url"],
  faucetUrl: options["public-faucet-url"],
};
writeFileSync(deploymentFile, `${JSON.stringify(record, null, 2)}\n`);
console.log(`package ${deployment.packageAddress}, provider ${provider.address}`);
