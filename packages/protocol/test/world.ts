/**
 * A chain with one provider and the people around it, for the tests of this package: every step through the client.
 * It doesn't judge what happened.
 */
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { type ChainPart, startChain } from "@computestream/dev-env/parts";
import { type SignedUsage, signUsage, type UsageV1 } from "../src/attestation.ts";
import {
  type ChainClient,
  ChainError,
  type CreateJobArgs,
  createChainClient,
  createNodeApi,
  type NodeApi,
  type Outcome,
  type RegisterProviderArgs,
} from "../src/client/index.ts";
import { chooseGpus } from "../src/devices.ts";
import type { EventOf, ProtocolEventName } from "../src/events.ts";
import { normalizeAddress, toHex } from "../src/primitives.ts";

export const FUNDS = 100_000_000_000n;
/** One MOVE-cent a second, so that seconds are readable in amounts. */
export const RATE_PER_SEC = 1_000_000n;
export const RATE_PER_HOUR = 3_600_000_000n;
export const STAKE = 100_000_000n;
export const LOG_ROOT = `0x${"22".repeat(32)}`;
export const NOWHERE = normalizeAddress("0xdead");
export const NO_OUTPUT = {
  exitCode: 0n,
  outputUris: [],
  outputSha256: "0x",
  outputRoot: "0x",
  outputSize: 0n,
};

export const newAccount = () => new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });
export const addressOf = (of: Ed25519Account) => of.accountAddress.toStringLong();

export interface World {
  chain: ChainPart;
  client: ChainClient;
  node: NodeApi;
  owner: Ed25519Account;
  operator: Ed25519Account;
  buyer: Ed25519Account;
  provider: string;
  /** What `provider` was registered with. */
  registration(): RegisterProviderArgs;
  register(changes?: Partial<RegisterProviderArgs>): Promise<string>;
  createJob(changes?: Partial<CreateJobArgs>): Promise<{ job: string; outcome: Outcome }>;
  startedJob(changes?: Partial<CreateJobArgs>): Promise<{ job: string; startedAt: bigint; created: Outcome }>;
  /** Waits until the chain's clock shows `secs`. */
  chainReaches(secs: bigint): Promise<void>;
  usageOf(p: { job: string; seq: bigint; secondsCum: bigint; tLast: bigint }): Promise<UsageV1>;
  /** With the provider's attestation key. */
  sign(usage: UsageV1): SignedUsage;
  /** The first value of any view of the package, as it comes. */
  view(name: string, args: unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** The only event of that name; throws when there are none or several. */
export function event<N extends ProtocolEventName>(outcome: Outcome, name: N): EventOf<N> {
  const found = outcome.events.filter((candidate) => candidate.name === name);
  if (found.length !== 1) throw new Error(`expected one ${name}, got ${found.length}`);
  return found[0] as EventOf<N>;
}

export async function refusal(promise: Promise<unknown>): Promise<ChainError["failure"]> {
  const error = await promise.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ChainError)) throw new Error(`expected a ChainError, got ${String(error)}`);
  return error.failure;
}

export async function startWorld(): Promise<World> {
  const chain = await startChain();
  const client = createChainClient({ deployment: chain.deployment });
  const node = createNodeApi({ nodeUrl: chain.nodeUrl, packageAddress: chain.deployment.packageAddress });
  const [owner, operator, buyer] = [newAccount(), newAccount(), newAccount()];
  for (const of of [owner, operator, buyer]) await chain.fund(addressOf(of), FUNDS);

  const registration = (): RegisterProviderArgs => ({
    operator: addressOf(operator),
    attestKey: toHex(operator.publicKey.toUint8Array()),
    name: "Workbench",
    gpuModel: "RTX 4090",
    gpuCount: 2n,
    vramGb: 24n,
    cpuCores: 16n,
    ramGb: 64n,
    diskGb: 1_000n,
    region: "eu-north",
    sandbox: "docker",
    slots: 64n,
    pricePerHour: RATE_PER_HOUR,
    gpuPricePerHour: RATE_PER_HOUR,
    asset: chain.deployment.asset.address,
    stake: STAKE,
  });

  async function register(changes: Partial<RegisterProviderArgs> = {}): Promise<string> {
    const payload = client.payloads.registerProvider({ ...registration(), ...changes });
    return event(await client.execute(owner, payload), "ProviderRegistered").data.provider;
  }

  const provider = await register();

  async function createJob(changes: Partial<CreateJobArgs> = {}) {
    const payload = client.payloads.createJob({
      provider,
      image: "busybox@sha256:0",
      spec: '{"version":1}',
      maxDurationSecs: 60n,
      maxRatePerHour: RATE_PER_HOUR,
      deposit: RATE_PER_SEC * 60n + 5n,
      ...changes,
    });
    const outcome = await client.execute(buyer, payload);
    return { job: event(outcome, "JobCreated").data.job, outcome };
  }

  return {
    chain,
    client,
    node,
    owner,
    operator,
    buyer,
    provider,
    registration,
    register,
    createJob,

    async startedJob(changes = {}) {
      const { job, outcome } = await createJob(changes);
      const chosen = changes.provider ?? provider;
      const { gpuCount = 0n, gpusBusyMask = 0n } = (await client.getProvider(chosen)) ?? {};
      const mask = chooseGpus({ gpuCount, busyMask: gpusBusyMask, gpus: changes.gpus ?? 0n });
      if (mask === null) throw new Error("too few GPUs are free");
      await client.execute(operator, client.payloads.accept(chosen, job, mask));
      const started = await client.execute(operator, client.payloads.start(job));
      return { job, startedAt: event(started, "JobStarted").data.started_at, created: outcome };
    },

    async chainReaches(secs) {
      while ((await client.ledger()).timestampUsecs / 1_000_000n < secs) {
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    },

    async usageOf(p) {
      const termsHash = (await client.getJob(p.job))?.termsHash ?? "";
      const { chainId, packageAddress } = chain.deployment;
      return { chainId, packageAddress, termsHash, logRoot: LOG_ROOT, ...p };
    },

    sign: (usage) => signUsage(usage, operator.privateKey.toUint8Array()),

    async view(name, args) {
      const answer = await node.postJson("/view", {
        function: `${chain.deployment.packageAddress}::${name}`,
        type_arguments: [],
        arguments: args,
      });
      if (!answer.ok) throw new Error(answer.failure.message);
      return (answer.body as unknown[])[0];
    },

    close: () => chain.close(),
  };
}
