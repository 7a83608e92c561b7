/** Whose command it is: every part of what is signed, of who signed it and when, changed one at a time. */
import { Account, Ed25519Account, SigningSchemeInput } from "@aptos-labs/ts-sdk";
import { beforeAll, describe, expect, it } from "vitest";
import {
  type Command,
  type CommandTerms,
  commandId,
  commandMessage,
  type SignedCommand,
  signCommand,
  zSignedCommand,
} from "../command.ts";
import { normalizeAddress } from "../primitives.ts";
import { refusalOfCommand } from "./commands.ts";
import { signMessageWith } from "./sign-message.ts";

const PACKAGE = normalizeAddress("0xcafe");
const PROVIDER = normalizeAddress("0x51");
const NOW = 1_000;
const owner = Ed25519Account.generate();
const OWNER = normalizeAddress(owner.accountAddress.toString());
let keyOnChain: string;
let ownerOnChain: string | null;

const client = {
  deployment: { chainId: 4, packageAddress: PACKAGE },
  getProvider: async () => (ownerOnChain === null ? null : { owner: ownerOnChain }),
  authenticationKey: async () => keyOnChain,
} as unknown as Parameters<typeof refusalOfCommand>[0];

const terms = (over: Partial<CommandTerms> = {}): CommandTerms => ({
  chainId: 4,
  packageAddress: PACKAGE,
  provider: PROVIDER,
  command: { kind: "drain" },
  number: 7,
  expiresAt: NOW + 60,
  ...over,
});

async function signed(over: Partial<CommandTerms> = {}, by: Account = owner): Promise<SignedCommand> {
  const from = { owner: by.accountAddress.toString(), domain: "market.example" };
  return zSignedCommand.parse(await signCommand({ ...terms(over), ...from }, signMessageWith(by)));
}

const codeOf = async (command: SignedCommand, provider = PROVIDER, now = NOW) =>
  (await refusalOfCommand(client, provider, command, now))?.code ?? "good";

beforeAll(() => {
  keyOnChain = OWNER;
  ownerOnChain = OWNER;
});

describe("a command", () => {
  it("says in words all that it does", () => {
    const command: Command = { kind: "price", pricePerHour: 36n, gpuPricePerHour: 5n };
    expect(commandMessage(terms({ command }))).toBe(
      `ComputeStream: command to the node of one provider
command: price
price per hour: 36
price per GPU and hour: 5
chain: 4
package: ${PACKAGE}
provider: ${PROVIDER}
number: 7
expires: 1060`,
    );
    expect(commandId(terms({ command }))).not.toBe(commandId(terms()));
  });

  it("of the owner's wallet is good, also of a single key", async () => {
    expect(await codeOf(await signed())).toBe("good");
    const single = Account.generate({ scheme: SigningSchemeInput.Ed25519, legacy: false });
    keyOnChain = normalizeAddress(single.accountAddress.toString());
    ownerOnChain = keyOnChain;
    expect(await codeOf(await signed({}, single))).toBe("good");
    keyOnChain = OWNER;
    ownerOnChain = OWNER;
  });

  it("for another chain, package or provider, or with other contents than were signed, isn't", async () => {
    const good = await signed();
    expect(await codeOf(good, normalizeAddress("0x52"))).toBe("WRONG_TEXT");
    expect(await codeOf(await signed({ chainId: 5 }))).toBe("WRONG_TEXT");
    expect(await codeOf(await signed({ packageAddress: "0xdead" }))).toBe("WRONG_TEXT");
    expect(await codeOf({ ...good, command: { kind: "resume" } })).toBe("WRONG_TEXT");
    expect(await codeOf({ ...good, number: 8 })).toBe("WRONG_TEXT");
    expect(await codeOf({ ...good, expiresAt: good.expiresAt + 1 })).toBe("WRONG_TEXT");
    const fullMessage = good.fullMessage.replace("chainId: 4", "chainId: 9");
    expect(await codeOf({ ...good, fullMessage })).toBe("WRONG_TEXT");
    expect(await codeOf({ ...good, fullMessage: good.fullMessage.replace("market", "market2") })).toBe(
      "BAD_SIGNATURE",
    );
  });

  it("that has expired, or lasts too long, isn't", async () => {
    const good = await signed();
    expect(await codeOf(good, PROVIDER, NOW + 59)).toBe("good");
    expect(await codeOf(good, PROVIDER, NOW + 60)).toBe("COMMAND_EXPIRED");
    expect(await codeOf(await signed({ expiresAt: NOW + 86_400 }))).toBe("good");
    expect(await codeOf(await signed({ expiresAt: NOW + 86_401 }))).toBe("COMMAND_TOO_LONG");
  });

  it("of anyone else, or with a key that was turned, isn't", async () => {
    const thief = Ed25519Account.generate();
    expect(await codeOf(await signed({}, thief))).toBe("NOT_THE_OWNER");
    // In the owner's name, with a key of one's own.
    const mine = await signed({}, thief);
    const name = thief.accountAddress.toString();
    const fullMessage = mine.fullMessage.replace(name, OWNER);
    expect(await codeOf({ ...mine, address: OWNER, fullMessage })).toBe("BAD_SIGNATURE");
    const signature = `0x${Buffer.from(thief.sign(new TextEncoder().encode(fullMessage)).toUint8Array()).toString("hex")}`;
    expect(await codeOf({ ...mine, address: OWNER, fullMessage, signature })).toBe("KEY_NOT_OF_ADDRESS");
    const good = await signed();
    keyOnChain = `0x${"77".repeat(32)}`;
    expect(await codeOf(good)).toBe("KEY_NOT_OF_ADDRESS");
    keyOnChain = OWNER;
    ownerOnChain = null;
    expect(await codeOf(good)).toBe("PROVIDER_UNKNOWN");
    ownerOnChain = OWNER;
  });
});
