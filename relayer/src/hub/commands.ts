/**
 * The hub's part in commands: verifies them, keeps them for their nodes, hands them over and tells what became of them.
 * It doesn't act on any: the node verifies by itself and decides.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type CommandResult,
  type CommandState,
  commandId,
  type HubMessage,
  type SignedCommand,
  signedCommandToJson,
  zSignedCommand,
} from "@computestream/protocol";
import { type ChainClient, ChainError, refusalOfCommand } from "@computestream/protocol/client";
import { AppError, messageOf, UnavailableError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { CommandRecord, CommandStore } from "../store/commands.ts";

export interface CommandDesk {
  /** Throws `AppError` for one that isn't the owner's, or can't be kept. Waits a little for the node's answer. */
  take(provider: string, signed: SignedCommand, waitMs: number): Promise<CommandState>;
  state(provider: string, id: string): Promise<CommandState>;
  /** A node has come: it gets what waits for it, and what comes from now on. Returns what ends that. */
  attach(provider: string, send: (message: HubMessage) => void): () => void;
  answer(provider: string, result: CommandResult): Promise<void>;
  close(): void;
}

const POLL_MS = 50;
const RETRY_MS = 1_000;

export function createCommandDesk(options: {
  client: Pick<ChainClient, "deployment" | "getProvider" | "authenticationKey">;
  store: CommandStore;
  /** Unix seconds: the later of this machine's clock and the chain's. */
  nowSecs: () => number;
  logger: Logger;
}): CommandDesk {
  const { client, store, nowSecs, logger } = options;
  const nodes = new Map<string, Set<(message: HubMessage) => void>>();
  const stop = new AbortController();

  async function deliver(provider: string, sends: Iterable<(message: HubMessage) => void>): Promise<void> {
    for (const record of await store.waiting(provider)) {
      if (record.signed.expiresAt <= nowSecs()) continue;
      // As it came: the node reads it by the same schema.
      const signed = zSignedCommand.parse(record.signed);
      for (const send of sends)
        send({ type: "command", id: record.id, signed: signedCommandToJson(signed) as never });
      await store.advance(record, { state: "delivered", code: null, message: null, transaction: null });
    }
  }

  /** What isn't delivered now waits in the store; a store that is away is asked again while the node is there. */
  function deliverSoon(provider: string, only?: (message: HubMessage) => void): void {
    const targets = only ? [only] : [...(nodes.get(provider) ?? [])];
    const here = targets.filter((send) => nodes.get(provider)?.has(send));
    if (here.length === 0 || stop.signal.aborted) return;
    deliver(provider, here).catch((error: unknown) => {
      logger.warn({ provider, reason: messageOf(error) }, "commands will be handed over later");
      setTimeout(() => deliverSoon(provider, only), RETRY_MS).unref();
    });
  }
  const unsubscribe = store.onCommand((provider) => deliverSoon(provider));

  function stateOf({
    id,
    provider,
    signed,
    progress,
  }: NonNullable<Awaited<ReturnType<CommandStore["find"]>>>) {
    const { number, expiresAt, command } = signed;
    const isUntaken = progress.state === "kept" || progress.state === "delivered";
    const isOver = isUntaken && expiresAt <= nowSecs();
    return {
      id,
      provider,
      kind: command.kind,
      number,
      expiresAt,
      ...progress,
      ...(isOver ? { state: "expired" as const } : {}),
    };
  }

  async function state(provider: string, id: string): Promise<CommandState> {
    const found = await store.find(id);
    if (found?.provider !== provider)
      throw new AppError(404, "COMMAND_UNKNOWN", "This provider has no such command.", { field: "id" });
    return stateOf(found);
  }

  async function verify(provider: string, signed: SignedCommand): Promise<void> {
    const refusal = await refusalOfCommand(client, provider, signed, nowSecs()).catch((error: unknown) => {
      if (!(error instanceof ChainError)) throw error;
      throw new UnavailableError("CHAIN_UNAVAILABLE", "The chain's node can't be read; try again.", error);
    });
    if (!refusal) return;
    const { code, message, field } = refusal;
    throw new AppError(code === "PROVIDER_UNKNOWN" ? 404 : 403, code, message, { field });
  }

  return {
    async take(provider, signed, waitMs) {
      await verify(provider, signed);
      const id = commandId({ ...client.deployment, ...signed, provider });
      const record: CommandRecord = { id, provider, signed: signedCommandToJson(signed) };
      if ((await store.put(record)) === "full")
        throw new AppError(429, "TOO_MANY_COMMANDS", "Too many commands wait for this node already.", {
          retryAfterSecs: 60,
        });
      const deadline = performance.now() + waitMs;
      for (;;) {
        const now = await state(provider, id);
        const isEnd = now.state === "done" || now.state === "refused" || now.state === "expired";
        if (isEnd || performance.now() >= deadline || stop.signal.aborted) return now;
        await sleep(POLL_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    },
    state,
    attach(provider, send) {
      const sends = nodes.get(provider) ?? new Set();
      sends.add(send);
      nodes.set(provider, sends);
      deliverSoon(provider, send);
      return () => {
        sends.delete(send);
        if (sends.size === 0 && nodes.get(provider) === sends) nodes.delete(provider);
      };
    },
    async answer(provider, { id, state: reached, code, message, transaction }) {
      // A node speaks of its own commands only.
      const found = await store.find(id);
      if (found?.provider !== provider) return;
      await store.advance(found, { state: reached, code, message, transaction });
    },
    close() {
      stop.abort();
      unsubscribe();
    },
  };
}
