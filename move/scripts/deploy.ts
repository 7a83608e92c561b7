/**
 * `npm run deploy -- --network devnet|testnet|mainnet`: the command line of deploy-package.ts.
 * It doesn't know how a package is published; it owns arguments, the key file and the record on disk.
 */
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { parseArgs } from "node:util";
import { ChainError } from "@computestream/protocol/client";
import { DeployError, deployPackage } from "./deploy-package.ts";
import { loadDeployer } from "./key-file.ts";
import { isNetworkName, NETWORKS } from "./networks.ts";

const USAGE = `Usage: npm run deploy -- --network devnet|testnet|mainnet [options]

  --node-url <url>     fullnode; default: the network's public node, or npm start's for the devnet
  --faucet-url <url>   devnet only: funds the account when it is empty
  --key-file <path>    {"privateKey":"0x…"}, mode 600; default .data/keys/<network>.json, made on the devnet
  --out <path>         deployment record; default deployments/<network>.json
  --cli <path>         testnet and mainnet: Movement or Aptos CLI; default: found on PATH
  --upgrade            replace modules that differ (on the devnet always)`;

async function main(): Promise<void> {
  const args = parse();
  if (args.help) {
    console.log(USAGE);
    return;
  }
  const network = args.network;
  if (!network || !isNetworkName(network)) {
    throw new DeployError(
      "USAGE",
      network ? `There is no network "${network}".` : "--network is missing.",
      USAGE,
    );
  }
  const keyFile = resolve(args["key-file"] ?? `.data/keys/${network}.json`);
  const out = resolve(args.out ?? `deployments/${network}.json`);
  const account = loadDeployer(keyFile, network);
  console.log(`deployer ${account.accountAddress.toStringLong()} (key file ${keyFile})`);
  const deployment = await deployPackage({
    network,
    account,
    nodeUrl: args["node-url"] ?? NETWORKS[network].nodeUrl,
    faucetUrl: args["faucet-url"] ?? NETWORKS[network].faucetUrl ?? undefined,
    cli: args.cli,
    upgrade: args.upgrade,
    report: (line) => console.log(line),
  });
  writeRecord(out, `${JSON.stringify(deployment, null, 2)}\n`);
  console.log(`record written to ${out}`);
}

function parse() {
  try {
    const { values } = parseArgs({
      options: {
        network: { type: "string" },
        "node-url": { type: "string" },
        "faucet-url": { type: "string" },
        "key-file": { type: "string" },
        out: { type: "string" },
        cli: { type: "string" },
        upgrade: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
    return values;
  } catch (cause) {
    throw new DeployError("USAGE", cause instanceof Error ? cause.message : "invalid arguments", USAGE, {
      cause,
    });
  }
}

/** Whole or not at all: services may be reading it. */
function writeRecord(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.tmp`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

main().catch((error: unknown) => {
  if (error instanceof DeployError) {
    console.error(`${error.code}: ${error.message}\n${error.remedy}`);
  } else if (error instanceof ChainError) {
    console.error(
      `${error.message}${error.retryable ? "\nRun it again: what is done already stays done." : ""}`,
    );
  } else {
    console.error(error);
  }
  process.exitCode = 1;
});
