/**
 * Command: are the mirror's tables what the chain says? Prints one JSON object; exit code 1 when they aren't.
 * It doesn't repair anything.
 */
import { createChainClient } from "@computestream/protocol/client";
import { loadConfig } from "./config.ts";
import { errorCode, errorMessage } from "./errors.ts";
import { isFaithful, verifyMirror } from "./rebuild.ts";

async function main(): Promise<void> {
  const { databaseUrl, deployment, nodeUrl, startVersion } = loadConfig();
  const comparison = await verifyMirror({
    databaseUrl,
    source: createChainClient({ deployment, nodeUrl }),
    // A devnet is short enough to read whole; elsewhere nothing of ours is before the deployment.
    fromVersion: deployment.network === "devnet" ? 0n : startVersion,
    schema: `rebuild_${process.pid}_${Date.now()}`,
  });
  console.log(JSON.stringify(comparison));
  process.exitCode = isFaithful(comparison) ? 0 : 1;
}

main().catch((error: unknown) => {
  console.error(`${errorCode(error)}: ${errorMessage(error)}`);
  process.exitCode = 1;
});
