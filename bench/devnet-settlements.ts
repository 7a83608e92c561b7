/**
 * `devnet.settlements_*`: how many settlements a second the chain executes when nothing else has to keep up with it.
 * It doesn't involve a relayer: everything is signed beforehand, and only the number of the sender is asked for meanwhile.
 */
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import { startChain } from "@computestream/dev-env/parts";
import { fromHex, normalizeAddress, type SignedUsage, signUsage } from "@computestream/protocol";
import { type ChainClient, createChainClient, encodeProcessPayments } from "@computestream/protocol/client";
import type { Figure } from "./figure.ts";
import { cpuSecondsByPart } from "./relayer/cpu-use.ts";
import { type BusyProvider, openStreams } from "./relayer/market.ts";

const STREAMS = 2_000;
const ROUNDS = 10;
const SECONDS_A_ROUND = 10n;
/** What 64 KiB of transaction hold of them, less some. */
const ENTRIES = 400;
const GAS_FUNDS = 1_000_000_000_000n;
const GAS_MAX = 200_000;
/** The node takes numbers up to 100 ahead. */
const AHEAD = 40;
const EXPIRE_IN_SECS = 600;
const LOG_ROOT = `0x${"5a".repeat(32)}`;
const POLL_MS = 20;

export async function devnetSettlements(): Promise<Figure[]> {
  const chain = await startChain();
  try {
    const client = createChainClient({ deployment: chain.deployment, nodeUrl: chain.nodeUrl });
    const providers = await openStreams(chain, STREAMS);
    await chain.passSecs(Number(SECONDS_A_ROUND) * ROUNDS);
    const keeper = Ed25519Account.generate();
    const address = normalizeAddress(keeper.accountAddress.toString());
    await chain.fund(address, GAS_FUNDS);

    const usages = Array.from({ length: ROUNDS }, (_, round) =>
      providers.flatMap((provider) => usagesOf(client, provider, BigInt(round + 1))),
    );
    const batches = usages.flatMap((round) => chunk(round, ENTRIES));
    const signed = [];
    const first = await client.sequenceNumber(address);
    for (const [index, batch] of batches.entries()) {
      const call = encodeProcessPayments(chain.deployment.packageAddress, batch);
      const transaction = await client.build(address, call, {
        sequenceNumber: first + BigInt(index),
        maxGasAmount: GAS_MAX,
        expireInSecs: EXPIRE_IN_SECS,
      });
      signed.push(client.sign(keeper, transaction));
    }

    const cpuBefore = cpuSecondsByPart().get("devnet") ?? 0;
    const startedAt = performance.now();
    let done = first;
    for (const [index, transaction] of signed.entries()) {
      while (BigInt(index) - (done - first) >= AHEAD) done = await after(client, address, done);
      await client.submit(transaction);
    }
    while (done < first + BigInt(signed.length)) done = await after(client, address, done);
    const seconds = (performance.now() - startedAt) / 1000;
    const cpu = (cpuSecondsByPart().get("devnet") ?? 0) - cpuBefore;

    await check(client, providers);
    const { gasUsed } = await client.waitFor(signed.at(-1)?.hash ?? "");
    const settlements = STREAMS * ROUNDS;
    return [
      { name: "devnet.settlements_per_s", value: settlements / seconds, unit: "1/s", goal: 6_000 },
      { name: "devnet.settlement_cpu_us", value: (cpu / settlements) * 1e6, unit: "us" },
      { name: "devnet.settlement_gas", value: Number(gasUsed) / ENTRIES, unit: "units" },
    ];
  } finally {
    await chain.close();
  }
}

function usagesOf(client: ChainClient, provider: BusyProvider, round: bigint): SignedUsage[] {
  const { chainId, packageAddress } = client.deployment;
  return provider.jobs.map(({ job, termsHash, startedAt }) => {
    const secondsCum = round * SECONDS_A_ROUND;
    const numbers = { seq: round, secondsCum, tLast: BigInt(startedAt) + secondsCum };
    return signUsage(
      { chainId, packageAddress, job, termsHash, logRoot: LOG_ROOT, ...numbers },
      fromHex(provider.privateKey.replace("ed25519-priv-", "")),
    );
  });
}

async function after(client: ChainClient, address: string, done: bigint): Promise<bigint> {
  const next = await client.sequenceNumber(address);
  if (next === done) await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  return next;
}

/** A skipped entry costs less than a settled one: none may be among them. */
async function check(client: ChainClient, providers: BusyProvider[]): Promise<void> {
  const jobs = providers.flatMap((provider) => provider.jobs.map(({ job }) => job));
  for (const part of chunk(jobs, 100)) {
    for (const { job, seq } of await client.getStreams(part)) {
      if (seq !== BigInt(ROUNDS))
        throw new Error(`the stream of ${job} is settled up to ${seq} of ${ROUNDS}`);
    }
  }
}

function chunk<T>(items: T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let at = 0; at < items.length; at += size) chunks.push(items.slice(at, at + size));
  return chunks;
}
