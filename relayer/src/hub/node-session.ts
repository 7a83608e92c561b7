/**
 * One provider node on /hub: challenge and hello, then attestations, logs and progress of its own jobs.
 * It doesn't know other sessions; the chain says whose key and whose job it is.
 */
import { randomBytes } from "node:crypto";
import type { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import {
  hubHelloMessage,
  readAttestationText,
  type SignedUsage,
  type TelemetryMessage,
  toHex,
  zNodeMessage,
} from "@computestream/protocol";
import type { WebSocket } from "ws";
import type { z } from "zod";
import { verifyEd25519 } from "../chain/ed25519.ts";
import type { ChainViews } from "../chain/views.ts";
import { messageOf, UnavailableError } from "../errors.ts";
import type { Intake } from "../intake/intake.ts";
import type { Logger } from "../logger.ts";
import type { JobStatusStore } from "../store/job-status.ts";
import type { LogStore } from "../store/logs.ts";
import type { CommandDesk } from "./commands.ts";
import { createTokenBucket } from "./rate-limit.ts";
import { CLOSE, type HubSocket, openSocket, type SocketLimits } from "./socket.ts";

export interface NodeSessionContext {
  chainId: number;
  packageAddress: string;
  views: Pick<ChainViews, "job" | "provider">;
  intake: Intake;
  logs: Pick<LogStore, "append">;
  status: Pick<JobStatusStore, "put">;
  telemetry: (message: TelemetryMessage, provider: string) => Promise<void>;
  commands: Pick<CommandDesk, "attach" | "answer">;
  limits: SocketLimits;
  helloTimeoutMs: number;
  logger: Logger;
}

type Message = z.output<typeof zNodeMessage>;
type Work = Exclude<Message, { type: "hello" }>;

/** Beside the jobs' lanes: messages about the machine are in order among themselves. */
const TELEMETRY_LANE = "telemetry";
const COMMAND_LANE = "commands";
const BAD_MESSAGES_MAX = 10;
/** What made the chain be asked or a signature be checked for nothing: more than a few slow their sender down. */
const COSTLY: ReadonlySet<string> = new Set([
  "JOB_UNKNOWN",
  "NOT_YOUR_JOB",
  "BAD_SIGNATURE",
  "TOO_MANY_WAITING",
]);
const COSTLY_PER_SEC = 100;
const RETRY_MS = 250;

export function openNodeSession(
  ws: WebSocket,
  context: NodeSessionContext,
  onClose: () => void,
  wire?: Writable,
): HubSocket {
  const { chainId, packageAddress, views, intake, logs, status } = context;
  const nonce = toHex(randomBytes(32));
  let provider: string | null = null;
  let detach: () => void = () => undefined;
  let badMessages = 0;
  const costly = createTokenBucket(COSTLY_PER_SEC, COSTLY_PER_SEC * 5, performance.now());
  let owedMs = 0;
  let logger = context.logger;

  const fail = (code: string, message: string): void => {
    socket.send({ type: "error", code, message });
    socket.close(CLOSE.policy, code);
  };

  function parse(text: string): Message | null {
    // Most of all messages, in the spelling of nearly all nodes: the schema takes many times as long.
    const usage = readAttestationText(text);
    if (usage) return { type: "attestation", usage };
    try {
      const parsed = zNodeMessage.safeParse(JSON.parse(text));
      if (parsed.success) return parsed.data;
      const issue = parsed.error.issues[0];
      bad(`${issue?.path.join(".") || "message"}: ${issue?.message}`);
    } catch {
      bad("not JSON text");
    }
    return null;
  }

  function bad(reason: string): void {
    badMessages += 1;
    if (badMessages > BAD_MESSAGES_MAX) fail("TOO_MANY_BAD_MESSAGES", `Closing after: ${reason}`);
    else socket.send({ type: "error", code: "BAD_MESSAGE", message: reason });
  }

  async function hello(message: Message): Promise<void> {
    if (message.type !== "hello") return fail("HELLO_EXPECTED", "Answer the challenge with `hello` first.");
    const view = await views.provider(message.provider);
    if (!view) return fail("PROVIDER_UNKNOWN", "The chain has no such provider.");
    const text = hubHelloMessage({ chainId, packageAddress, provider: message.provider, nonce });
    if (!(await verifyEd25519(text, message.signature, view.attestKey))) {
      return fail(
        "BAD_HELLO",
        "The signature is not that of the provider's attestation key over this challenge.",
      );
    }
    // Gone while its signature was checked: commands mustn't count as handed over to it.
    if (socket.closed) return;
    provider = message.provider;
    clearTimeout(helloTimer);
    logger = logger.child({ provider });
    logger.info("provider node connected");
    socket.send({ type: "welcome", provider });
    detach = context.commands.attach(provider, (text) => socket.send(text));
  }

  function attest(usage: SignedUsage, sender: string): Promise<void> | void {
    const { job, seq } = usage;
    return intake.offer(usage, sender, (rejection) => {
      if (!rejection) return socket.send({ type: "ack", job, seq: `${seq}` });
      socket.send({ type: "reject", job, seq: `${seq}`, ...rejection });
      if (COSTLY.has(rejection.code)) owedMs = Math.max(owedMs, costly.spend(1, performance.now()));
    });
  }

  async function handle(message: Work, sender: string): Promise<void> {
    if (message.type === "attestation") return attest(message.usage, sender);
    if (message.type === "telemetry") return context.telemetry(message, sender);
    if (message.type === "command_result") return context.commands.answer(sender, message);
    const job = await views.job(message.job);
    if (job?.provider !== sender) {
      socket.send({
        type: "error",
        code: job ? "NOT_YOUR_JOB" : "JOB_UNKNOWN",
        message: `job ${message.job}`,
      });
    } else if (message.type === "log") {
      await logs.append(message, sender);
    } else {
      await status.put(message);
    }
  }

  /** A part that is away is waited for: meanwhile nothing more is read from this node, and nothing is lost. */
  async function handleSurely(message: Work, sender: string): Promise<void> {
    for (let warned = false; !socket.closed; ) {
      try {
        return await handle(message, sender);
      } catch (error) {
        if (!(error instanceof UnavailableError)) throw error;
        if (!warned) logger.warn({ code: error.code }, "waiting before reading on");
        warned = true;
        await sleep(RETRY_MS);
      }
    }
  }

  async function onBatch(texts: string[]): Promise<void> {
    if (owedMs > 0) await sleep(owedMs);
    owedMs = 0;
    const byJob = new Map<string, Work[]>();
    const late: Array<Promise<void>> = [];
    for (const text of texts) {
      const message = parse(text);
      if (!message || socket.closed) continue;
      if (provider === null) {
        try {
          await hello(message);
        } catch (error) {
          if (!(error instanceof UnavailableError)) throw error;
          fail(error.code, error.message);
        }
      } else if (message.type === "hello") {
        bad("hello: the session is open already");
      } else if (message.type === "attestation") {
        // Most of all messages, and most of them of jobs that are known: those are done with here.
        const offered = attest(message.usage, provider);
        const sender = provider;
        if (offered) late.push(offered.catch((error: unknown) => again(error, message, sender)));
      } else {
        const lane = laneOf(message);
        const messages = byJob.get(lane);
        if (messages) messages.push(message);
        else byJob.set(lane, [message]);
      }
    }
    if (provider === null) return;
    const sender = provider;
    // In order within a job, jobs side by side.
    await Promise.all([
      ...late,
      ...[...byJob.values()].map(async (messages) => {
        for (const message of messages) await handleSurely(message, sender);
      }),
    ]);
  }

  function again(error: unknown, message: Work, sender: string): Promise<void> {
    if (!(error instanceof UnavailableError)) throw error;
    return handleSurely(message, sender);
  }

  const handlers = {
    onBatch,
    onClose: () => {
      clearTimeout(helloTimer);
      detach();
      if (provider !== null) logger.info("provider node disconnected");
      onClose();
    },
    onError: (error: unknown) =>
      logger.error({ err: error, reason: messageOf(error) }, "node session failed"),
  };
  const socket = openSocket(ws, context.limits, handlers, wire);
  const helloTimer = setTimeout(
    () => fail("HELLO_TIMEOUT", "The challenge was not answered in time."),
    context.helloTimeoutMs,
  );
  socket.send({ type: "challenge", nonce, chainId, packageAddress });
  return socket;
}

function laneOf(message: Exclude<Work, { type: "attestation" }>): string {
  if (message.type === "telemetry") return TELEMETRY_LANE;
  return message.type === "command_result" ? COMMAND_LANE : message.job;
}
