/**
 * Many running jobs on a fresh devnet, made as fast as the chain takes transactions.
 * It doesn't attest or settle anything.
 */
import {
  ChainId,
  Ed25519Account,
  generateTransactionPayloadWithABI,
  type InputEntryFunctionData,
  RawTransaction,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import type { ChainPart } from "@computestream/dev-env/parts";
import { encodeJobSpec, maxCost, normalizeAddress, toHex } from "@computestream/protocol";
import { type ChainClient, createChainClient, type Outcome } from "@computestream/protocol/client";

const SLOTS = 200;
const BUYER_FUNDS = 5_000_000_000_000n;
const PROVIDER_FUNDS = 100_000_000_000n;
const STAKE = 100_000_000n;
/** 1,000 base units a second: more than the keeper's fee costs to round. */
const RATE_PER_HOUR = 3_600_000n;
const DURATION_SECS = 86_400n;
const JOBS_A_TRANSACTION = 100;
/** Numbers of one account that may wait at the node. */
const WINDOW = 40;
const GAS_UNIT_PRICE = 100n;
const DAY_SECS = 86_400n;

export interface RunningJob {
  job: string;
  termsHash: string;
  /** Unix seconds. */
  startedAt: string;
}

export interface BusyProvider {
  address: string;
  /** 32 bytes as hex; also the attestation key's seed. */
  privateKey: string;
  jobs: RunningJob[];
}

const addressOf = (account: Ed25519Account): string => normalizeAddress(account.accountAddress.toString());

/** `count` running jobs of as many providers as they need; nothing stalls or expires meanwhile. */
export async function openStreams(chain: ChainPart, count: number): Promise<BusyProvider[]> {
  const client = createChainClient({ deployment: chain.deployment, nodeUrl: chain.nodeUrl });
  await client.execute(
    chain.admin,
    client.payloads.setWindows({
      acceptWindowSecs: 3_600n,
      startWindowSecs: 3_600n,
      stallAfterSecs: 3_600n,
      stallGraceSecs: 3_600n,
      claimWindowSecs: 3_600n,
    }),
  );
  const buyer = Ed25519Account.generate();
  await chain.fund(addressOf(buyer), BUYER_FUNDS);
  const shares = Array.from({ length: Math.ceil(count / SLOTS) }, (_, index) =>
    Math.min(SLOTS, count - index * SLOTS),
  );
  const providers = await Promise.all(shares.map((_, index) => register(chain, client, index)));
  const made = new Map<string, string[]>();
  const buying = sender(client, buyer);
  await Promise.all(
    shares.flatMap((share, index) =>
      Array.from({ length: Math.ceil(share / JOBS_A_TRANSACTION) }, async (_, part) => {
        const provider = providers[index] as Registered;
        const size = Math.min(JOBS_A_TRANSACTION, share - part * JOBS_A_TRANSACTION);
        const outcome = await buying(
          client.payloads.createJobs({
            provider: provider.address,
            image: `busybox@sha256:${"0".repeat(64)}`,
            specs: Array.from({ length: size }, () => encodeJobSpec({ version: 1, title: "bench" })),
            maxDurationSecs: DURATION_SECS,
            maxRatePerHour: RATE_PER_HOUR,
            deposit: maxCost(RATE_PER_HOUR, DURATION_SECS),
          }),
        );
        const jobs = outcome.events.flatMap((event) => (event.name === "JobCreated" ? [event.data.job] : []));
        made.set(provider.address, [...(made.get(provider.address) ?? []), ...jobs]);
      }),
    ),
  );
  const busy: BusyProvider[] = [];
  // A few providers side by side keep the chain busy; more would only queue.
  for (let at = 0; at < providers.length; at += 4) {
    busy.push(
      ...(await Promise.all(
        providers
          .slice(at, at + 4)
          .map((provider) => startAll(client, provider, made.get(provider.address) ?? [])),
      )),
    );
  }
  return busy;
}

interface Registered {
  address: string;
  account: Ed25519Account;
}

async function register(chain: ChainPart, client: ChainClient, index: number): Promise<Registered> {
  const account = Ed25519Account.generate();
  await chain.fund(addressOf(account), PROVIDER_FUNDS);
  const outcome = await client.execute(
    account,
    client.payloads.registerProvider({
      operator: addressOf(account),
      attestKey: toHex(account.publicKey.toUint8Array()),
      name: `bench ${index}`,
      gpuModel: "none",
      gpuCount: 0n,
      vramGb: 0n,
      cpuCores: 256n,
      ramGb: 1_024n,
      diskGb: 10_000n,
      region: "bench",
      sandbox: "docker",
      slots: BigInt(SLOTS),
      pricePerHour: RATE_PER_HOUR,
      asset: chain.deployment.asset.address,
      stake: STAKE,
    }),
  );
  const event = outcome.events.find((candidate) => candidate.name === "ProviderRegistered");
  if (event?.name !== "ProviderRegistered") throw new Error("the provider was not registered");
  return { address: event.data.provider, account };
}

async function startAll(client: ChainClient, provider: Registered, jobs: string[]): Promise<BusyProvider> {
  const send = sender(client, provider.account);
  await Promise.all(
    jobs.flatMap((job) => [
      send(client.payloads.accept(provider.address, job, 0n)),
      send(client.payloads.start(job)),
    ]),
  );
  const running: RunningJob[] = [];
  for (let at = 0; at < jobs.length; at += 50) {
    for (const view of await client.getJobs(jobs.slice(at, at + 50))) {
      running.push({ job: view.job, termsHash: view.termsHash, startedAt: `${view.startedAt}` });
    }
  }
  return { address: provider.address, privateKey: provider.account.privateKey.toHexString(), jobs: running };
}

/** Sends in order of call, many at a time; throws what the chain refuses. */
function sender(client: ChainClient, account: Ed25519Account) {
  let next: Promise<bigint> = client.sequenceNumber(addressOf(account));
  let inFlight = 0;
  const waiting: Array<() => void> = [];
  return async (payload: InputEntryFunctionData): Promise<Outcome> => {
    while (inFlight >= WINDOW) await new Promise<void>((resolve) => waiting.push(resolve));
    inFlight += 1;
    try {
      const mine = next;
      next = mine.then((number) => number + 1n);
      if (!payload.abi) throw new Error("a payload without its ABI");
      const transaction = new SimpleTransaction(
        new RawTransaction(
          account.accountAddress,
          await mine,
          generateTransactionPayloadWithABI({ ...payload, abi: payload.abi }),
          2_000_000n,
          GAS_UNIT_PRICE,
          BigInt(Math.floor(Date.now() / 1000)) + DAY_SECS,
          new ChainId(client.deployment.chainId),
        ),
      );
      const signed = client.sign(account, transaction);
      await client.submit(signed);
      const outcome = await client.waitFor(signed.hash, { timeoutMs: 120_000 });
      if (outcome.failure) throw new Error(outcome.failure.message);
      return outcome;
    } finally {
      inFlight -= 1;
      waiting.shift()?.();
    }
  };
}
