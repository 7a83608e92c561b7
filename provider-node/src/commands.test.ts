/** A node's own judgement of commands, with a hub that lies and a chain that is away on demand; the journal is real. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ed25519Account } from "@aptos-labs/ts-sdk";
import {
  type Command,
  type CommandResult,
  commandId,
  normalizeAddress,
  type ProviderStatus,
  signCommand,
  zSignedCommand,
} from "@computestream/protocol";
import { type ChainClient, ChainError, type Outcome, signMessageWith } from "@computestream/protocol/client";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openCommandJournal } from "./command-journal.ts";
import { type Commands, createCommands } from "./commands.ts";
import { createLogger } from "./logger.ts";

const MARKET = { chainId: 4, packageAddress: normalizeAddress("0xcafe") };
const PROVIDER = normalizeAddress("0x51");
const owner = Ed25519Account.generate();
const OWNER = owner.accountAddress.toStringLong();
const now = () => Math.floor(Date.now() / 1000);

let dir: string;
let told: CommandResult[];
let statuses: ProviderStatus[];
let isAway: boolean;
let refuses: boolean;
let live: Commands | null;

const away = () =>
  new ChainError({ code: "NODE_UNREACHABLE", module: null, message: "" }, { retryable: true });
const client = {
  deployment: MARKET,
  getProvider: async () => {
    if (isAway) throw away();
    return { owner: OWNER };
  },
  authenticationKey: async () => OWNER,
} as unknown as ChainClient;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "commands-"));
  [told, statuses, isAway, refuses, live] = [[], [], false, false, null];
});
afterEach(async () => {
  await live?.close();
  rmSync(dir, { recursive: true, force: true });
});

async function start(): Promise<Commands> {
  live = createCommands({
    client,
    operator: {
      address: normalizeAddress("0x99"),
      execute: () => Promise.reject(new Error("not asked for")),
    },
    provider: PROVIDER,
    journal: await openCommandJournal(join(dir, "commands")),
    status: {
      async bring(to) {
        if (isAway) throw away();
        statuses.push(to);
        const failure = refuses ? { code: "E_STAKE", module: "m", message: "Too little stake." } : null;
        return { hash: `0x${"1".repeat(64)}`, success: !refuses, failure } as Outcome;
      },
    },
    chainNow: () => 0n,
    tell: (result) => told.push(result),
    log: createLogger("silent"),
  });
  live.start();
  return live;
}

async function restart(): Promise<Commands> {
  await live?.close();
  return start();
}

async function command(what: Command, number: number, by = owner, expiresAt = now() + 60) {
  const terms = { ...MARKET, provider: PROVIDER, command: what, number, expiresAt };
  const from = { owner: by.accountAddress.toStringLong(), domain: "market.example" };
  const signed = zSignedCommand.parse(await signCommand({ ...terms, ...from }, signMessageWith(by)));
  return { id: commandId(terms), signed };
}
const states = () => told.map(({ state, code }) => (code === null ? state : `${state} ${code}`));

it("does what its owner says, and tells that it has it before that it is done", async () => {
  const commands = await start();
  const { id, signed } = await command({ kind: "drain" }, 1);
  commands.receive(id, signed);
  await expect.poll(states).toEqual(["accepted", "done"]);
  expect([commands.mode, statuses]).toEqual(["draining", ["Draining"]]);
});

it("takes nothing from a hub that forges, renames, alters or delays", async () => {
  const commands = await start();
  const good = await command({ kind: "drain" }, 1);
  const other = await command({ kind: "drain" }, 2);
  const forged = await command({ kind: "drain" }, 1, Ed25519Account.generate());
  const stale = await command({ kind: "drain" }, 1, owner, now() - 1);
  const altered = { ...good.signed, command: { kind: "maintenance" as const } };
  const alteredId = commandId({ ...MARKET, ...altered, provider: PROVIDER });
  for (const [id, signed] of [
    [forged.id, forged.signed],
    [other.id, good.signed],
    [alteredId, altered],
    [stale.id, stale.signed],
  ] as const)
    commands.receive(id, signed);
  await expect
    .poll(states)
    .toEqual(["refused NOT_THE_OWNER", "refused WRONG_ID", "refused WRONG_TEXT", "refused COMMAND_EXPIRED"]);
  expect([commands.mode, statuses]).toEqual(["open", []]);
});

it("takes no command again and none that a later one has overtaken, also after a restart", async () => {
  let commands = await start();
  const drain = await command({ kind: "drain" }, 5);
  const resume = await command({ kind: "resume" }, 9);
  const between = await command({ kind: "maintenance" }, 7);
  commands.receive(drain.id, drain.signed);
  commands.receive(resume.id, resume.signed);
  await expect.poll(() => told.length).toBe(4);
  commands = await restart();
  told.length = 0;
  for (const { id, signed } of [drain, between]) commands.receive(id, signed);
  await expect.poll(states).toEqual(["done", "refused COMMAND_OVERTAKEN"]);
  expect([commands.mode, statuses]).toEqual(["open", ["Draining", "Active"]]);
});

it("that was accepted and not done when the process ended is done by the next, unless a later one undoes it", async () => {
  const journal = await openCommandJournal(join(dir, "commands"));
  await journal.accept({ id: "a", number: 1, command: { kind: "drain" } });
  await journal.accept({ id: "b", number: 2, command: { kind: "maintenance" } });
  await journal.close();
  const commands = await start();
  await expect.poll(states).toEqual(["done", "done"]);
  expect(told[0]?.message).toBe("A later command has taken its place.");
  expect([commands.mode, statuses]).toEqual(["maintenance", ["Maintenance"]]);
  await restart();
  expect(statuses).toHaveLength(1);
});

it("waits for a chain that is away, and takes the command when it is back", async () => {
  const commands = await start();
  isAway = true;
  const { id, signed } = await command({ kind: "drain" }, 1);
  commands.receive(id, signed);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect([states(), commands.mode]).toEqual([[], "open"]);
  isAway = false;
  await expect.poll(states, { timeout: 5_000 }).toEqual(["accepted", "done"]);
});

it("tells the chain's refusal in the chain's words", async () => {
  const commands = await start();
  refuses = true;
  const { id, signed } = await command({ kind: "resume" }, 1);
  commands.receive(id, signed);
  await expect.poll(states).toEqual(["accepted", "refused E_STAKE"]);
});

it("leaves prices to the owner's wallet when its key isn't the owner's", async () => {
  const commands = await start();
  const { id, signed } = await command({ kind: "price", pricePerHour: 5n, gpuPricePerHour: 0n }, 1);
  commands.receive(id, signed);
  await expect.poll(states).toEqual(["refused PRICE_NEEDS_OWNER"]);
});
