/**
 * `npm run command -w provider-node -- drain | maintenance | resume | price <per hour> [<per GPU and hour>] | state <id>`:
 * the owner's word to a node, signed with the owner's key and carried by the relayer.
 * It doesn't talk to the node or the chain: the relayer and the node verify, and the node acts.
 */
import {
  type Command,
  type CommandState,
  signCommand,
  zCommand,
  zCommandState,
  zHash32,
} from "@computestream/protocol";
import { signMessageWith } from "@computestream/protocol/client";
import { z } from "zod";
import { type CommandConfig, loadCommandConfig } from "./config.ts";
import { NodeError } from "./errors.ts";
import { loadAccount } from "./operator-key.ts";

const USAGE =
  "usage: npm run command -w provider-node -- drain | maintenance | resume | price <base units per hour> [<per GPU and hour>] | state <id>";
/** How long a node that is away may take to come back for it. */
const LASTS_SECS = 3_600;
const WAIT_MS = 8_000;
const TIMEOUT_MS = 20_000;

const zRefusal = z.object({ error: z.object({ code: z.string(), message: z.string() }) });

function commandOf([kind, ...values]: string[]): Command | null {
  const [pricePerHour, gpuPricePerHour, ...rest] = values;
  if (rest.length > 0 || (kind !== "price" && values.length > 0)) return null;
  const given = kind === "price" ? { kind, pricePerHour, gpuPricePerHour } : { kind };
  return zCommand.safeParse(given).data ?? null;
}

async function ask(url: string, init: RequestInit): Promise<CommandState> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(TIMEOUT_MS) }).catch((cause) => {
    throw new NodeError("RELAYER_UNREACHABLE", `No answer from ${new URL(url).origin}.`, {
      remedy: "Start the relayer or correct RELAYER_URL.",
      cause,
    });
  });
  const body: unknown = await response.json().catch(() => undefined);
  const state = zCommandState.safeParse(body);
  if (response.ok && state.success) return state.data;
  const refusal = zRefusal.safeParse(body);
  if (refusal.success) throw new NodeError(refusal.data.error.code, refusal.data.error.message);
  throw new NodeError("UNEXPECTED_ANSWER", `The relayer answered ${response.status}.`);
}

async function give(command: Command, config: CommandConfig): Promise<CommandState> {
  const { deployment, provider, relayerUrl } = config;
  const account = loadAccount(config.keyFile);
  const nowMs = Date.now();
  const terms = {
    chainId: deployment.chainId,
    packageAddress: deployment.packageAddress,
    provider,
    command,
    number: nowMs,
    expiresAt: Math.floor(nowMs / 1000) + LASTS_SECS,
    owner: account.accountAddress.toStringLong(),
    domain: new URL(relayerUrl).host,
  };
  const signed = await signCommand(terms, signMessageWith(account));
  return ask(`${relayerUrl}/api/v1/providers/${provider}/commands?waitMs=${WAIT_MS}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(signed),
  });
}

const SAYS: Record<CommandState["state"], string> = {
  kept: "the node isn't there; it gets the command when it comes, until that expires",
  delivered: "the node has it and hasn't answered yet",
  accepted: "the node has taken it and is at it",
  done: "done",
  refused: "refused",
  expired: "expired before a node took it",
};

async function main(args: string[]): Promise<number> {
  const command = commandOf(args);
  const id = args[0] === "state" && args.length === 2 ? zHash32.safeParse(args[1]).data : undefined;
  if (!command && id === undefined) {
    console.error(USAGE);
    return 2;
  }
  const config = loadCommandConfig();
  const state = command
    ? await give(command, config)
    : await ask(`${config.relayerUrl}/api/v1/providers/${config.provider}/commands/${id}`, {});
  const why =
    state.message === null ? "" : ` (${state.code === null ? "" : `${state.code}: `}${state.message})`;
  const sent = state.transaction === null ? "" : `, transaction ${state.transaction}`;
  console.log(`${state.id} ${state.kind}: ${SAYS[state.state]}${why}${sent}`);
  return state.state === "refused" || state.state === "expired" ? 1 : 0;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof NodeError)) throw error;
  process.stderr.write(`${error.code}: ${error.message}${error.remedy ? ` ${error.remedy}` : ""}\n`);
  process.exitCode = 1;
}
