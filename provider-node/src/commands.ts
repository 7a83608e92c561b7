/**
 * What the provider's owner orders this node: verified here again, written down, then done, also over restarts.
 * It doesn't know sockets, and takes nobody's word for a command: the hub only carries it.
 */
import { setTimeout as sleep } from "node:timers/promises";
import {
  type Command,
  type CommandResult,
  commandId,
  type NodeMode,
  type ProviderStatus,
  type SignedCommand,
} from "@computestream/protocol";
import { type ChainClient, type Outcome, refusalOfCommand } from "@computestream/protocol/client";
import type { IntentLog, Operator } from "./chain.ts";
import type { CommandEnd, CommandJournal, TakenCommand } from "./command-journal.ts";
import { messageOf } from "./errors.ts";
import type { Logger } from "./logger.ts";
import type { Status } from "./status.ts";

export interface Commands {
  /** Whether new jobs are taken, and if not, why. */
  readonly mode: NodeMode;
  /** What the hub hands over. Never throws; the answer goes to `tell`. */
  receive(id: string, signed: SignedCommand): void;
  /** Ends what an earlier process has taken and not ended. */
  start(): void;
  close(): Promise<void>;
}

const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;
/** Of a hub that sends more, the rest is left to be sent again. */
const WAITING_MAX = 50;
/** A price needs no reconciliation: what it is can be read at any time. */
const FORGETFUL: IntentLog = { append: async () => {} };
const STATUSES: { [K in Exclude<Command["kind"], "price">]: ProviderStatus } = {
  drain: "Draining",
  maintenance: "Maintenance",
  resume: "Active",
};

const OVERTAKEN: CommandEnd = {
  state: "done",
  code: null,
  message: "A later command has taken its place.",
  transaction: null,
};

function endOf(outcome: Outcome | null): CommandEnd {
  const failure = outcome?.failure ?? null;
  return {
    state: failure ? "refused" : "done",
    code: failure?.code ?? null,
    message: failure?.message.slice(0, 500) ?? null,
    transaction: outcome?.hash ?? null,
  };
}

export function createCommands(options: {
  client: Pick<ChainClient, "deployment" | "getProvider" | "authenticationKey" | "payloads">;
  operator: Pick<Operator, "address" | "execute">;
  provider: string;
  journal: CommandJournal;
  status: Pick<Status, "bring">;
  /** Unix seconds of the newest block seen. */
  chainNow: () => bigint;
  tell: (result: CommandResult) => void;
  log: Logger;
}): Commands {
  const { client, operator, provider, journal, status, tell, log } = options;
  const stop = new AbortController();
  /** One after the other, in the order they come: a drain and a resume must not race. */
  let taking: Promise<void> = Promise.resolve();
  let doing: Promise<void> = Promise.resolve();
  let waiting = 0;

  const nowSecs = () => Math.max(Math.floor(Date.now() / 1000), Number(options.chainNow()));
  const result = (
    id: string,
    over: Partial<CommandResult> & Pick<CommandResult, "state">,
  ): CommandResult => ({
    type: "command_result",
    id,
    code: null,
    message: null,
    transaction: null,
    ...over,
  });
  const refuse = (id: string, code: string, message: string): void => {
    log.warn({ id, code }, `command refused: ${message}`);
    tell(result(id, { state: "refused", code, message }));
  };

  async function take(given: string, signed: SignedCommand): Promise<void> {
    const id = commandId({ ...client.deployment, ...signed, provider });
    // The name is of what is signed: the hub can't make it another's.
    if (id !== given) return refuse(given, "WRONG_ID", "The command has another name than its content.");
    const known = journal.find(id);
    if (known) return tell(result(id, known.end ?? { state: "accepted" }));
    const refusal = await refusalOfCommand(client, provider, signed, nowSecs());
    if (refusal) return refuse(id, refusal.code, refusal.message);
    const { command, number } = signed;
    if (number <= journal.lastNumber)
      return refuse(
        id,
        "COMMAND_OVERTAKEN",
        `A later command was taken before, number ${journal.lastNumber}.`,
      );
    if (command.kind === "price" && operator.address !== signed.address)
      return refuse(
        id,
        "PRICE_NEEDS_OWNER",
        "The chain lets only the owner's wallet set prices: send update_price.",
      );
    await journal.accept({ id, number, command });
    log.info({ id, number, command: command.kind }, "command accepted");
    tell(result(id, { state: "accepted" }));
    perform({ id, number, command, end: null });
  }

  /** A chain or disk that is away is waited for, as long as the command lasts. */
  async function takeSurely(id: string, signed: SignedCommand): Promise<void> {
    for (let failures = 0; !stop.signal.aborted; failures += 1) {
      try {
        return await take(id, signed);
      } catch (error) {
        log.warn({ id, err: messageOf(error) }, "a command can't be taken yet");
        if (nowSecs() > signed.expiresAt) return;
        await rest(failures);
      }
    }
  }

  async function rest(failures: number): Promise<void> {
    const delayMs = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 6));
    await sleep(delayMs, undefined, { signal: stop.signal }).catch(() => undefined);
  }

  /** Null when the chain says it already. */
  async function act(command: Command): Promise<Outcome | null> {
    if (command.kind !== "price") return status.bring(STATUSES[command.kind]);
    const { pricePerHour, gpuPricePerHour } = command;
    const view = await client.getProvider(provider);
    if (view?.pricePerHour === pricePerHour && view.gpuPricePerHour === gpuPricePerHour) return null;
    const payload = client.payloads.updatePrice(provider, pricePerHour, gpuPricePerHour);
    return operator.execute("update_price", payload, FORGETFUL);
  }

  /** The status of an older command isn't brought about any more once a newer one has changed the mode. */
  function isOvertaken({ number, command }: TakenCommand): boolean {
    return journal
      .open()
      .some(
        (other) => other.number > number && (other.command.kind === "price") === (command.kind === "price"),
      );
  }

  async function toItsEnd(taken: TakenCommand): Promise<void> {
    const { id, command } = taken;
    for (let failures = 0; !stop.signal.aborted; failures += 1) {
      try {
        const end = isOvertaken(taken) ? OVERTAKEN : endOf(await act(command));
        await journal.end(id, end);
        log.info({ id, command: command.kind, ...end }, "command ended");
        return tell(result(id, end));
      } catch (error) {
        log.warn({ id, err: messageOf(error) }, "the command will be tried again");
        await rest(failures);
      }
    }
  }

  function perform(taken: TakenCommand): void {
    doing = doing.then(() => toItsEnd(taken));
  }

  return {
    get mode() {
      return journal.mode;
    },
    receive(id, signed) {
      if (waiting >= WAITING_MAX) return;
      waiting += 1;
      taking = taking
        .then(() => takeSurely(id, signed))
        .finally(() => {
          waiting -= 1;
        });
    },
    start() {
      for (const taken of journal.open()) perform(taken);
    },
    async close() {
      stop.abort();
      await taking;
      await doing;
      await journal.close();
    },
  };
}
