/**
 * What a provider's owner tells its node: the commands, the text that the owner's wallet signs, and their wire.
 * It doesn't know keys or sockets; whether a signature is the owner's is the chain's to say (`./client`).
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { z } from "zod";
import { KEY_SCHEMES } from "./api/auth.ts";
import { normalizeAddress, toHex, zAddress, zHash32, zU64 } from "./primitives.ts";
import type { SignMessage } from "./session/index.ts";

/** A command waits for its node so long at most. */
export const COMMAND_MAX_SECS = 86_400;

export const zCommand = z.discriminatedUnion("kind", [
  /** Takes no new jobs, finishes those it has. */
  z.strictObject({ kind: z.literal("drain") }),
  /** The same, and says that it is being worked on. */
  z.strictObject({ kind: z.literal("maintenance") }),
  /** Takes jobs again. */
  z.strictObject({ kind: z.literal("resume") }),
  /** Base units an hour, for new jobs. */
  z.strictObject({ kind: z.literal("price"), pricePerHour: zU64, gpuPricePerHour: zU64.prefault("0") }),
]);
export type Command = z.output<typeof zCommand>;

/** Whether the node takes new jobs, and if not, why. */
export const NODE_MODES = ["open", "draining", "maintenance"] as const;
export type NodeMode = (typeof NODE_MODES)[number];

export interface CommandTerms {
  chainId: number;
  packageAddress: string;
  provider: string;
  command: Command;
  /** Strictly rising for a provider: its node takes none twice, and none after a later one. Unix milliseconds will do. */
  number: number;
  /** Unix seconds. */
  expiresAt: number;
}

/** What the wallet is given as `message`: everything that is wanted, in words. */
export function commandMessage(terms: CommandTerms): string {
  const { command } = terms;
  const prices =
    command.kind === "price"
      ? `price per hour: ${command.pricePerHour}\nprice per GPU and hour: ${command.gpuPricePerHour}\n`
      : "";
  return `ComputeStream: command to the node of one provider
command: ${command.kind}
${prices}chain: ${terms.chainId}
package: ${normalizeAddress(terms.packageAddress)}
provider: ${normalizeAddress(terms.provider)}
number: ${terms.number}
expires: ${terms.expiresAt}`;
}

/** A command's name: of what it says, not of how it is signed. */
export function commandId(terms: CommandTerms): string {
  return toHex(sha256(new TextEncoder().encode(commandMessage(terms))));
}

const zBytes = (maxLength: number) =>
  z
    .string()
    .max(maxLength)
    .regex(/^0x([0-9a-fA-F]{2})+$/, "must be bytes as 0x-prefixed hex");

/** As a wallet's `signMessage` (AIP-62) with address, application and chainId signs it. */
export const zSignedCommand = z.strictObject({
  command: zCommand,
  number: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  expiresAt: z.number().int().min(1),
  /** The owner's account. */
  address: zAddress,
  scheme: z.enum(KEY_SCHEMES).default("ed25519"),
  publicKey: zBytes(2_300),
  signature: zBytes(4_400),
  fullMessage: z.string().max(2_000),
});
export type SignedCommand = z.output<typeof zSignedCommand>;
export type SignedCommandJson = z.input<typeof zSignedCommand>;

export function signedCommandToJson({ command, ...rest }: SignedCommand): SignedCommandJson {
  if (command.kind !== "price") return { command, ...rest };
  const { kind, pricePerHour, gpuPricePerHour } = command;
  return {
    command: { kind, pricePerHour: `${pricePerHour}`, gpuPricePerHour: `${gpuPricePerHour}` },
    ...rest,
  };
}

/** Asks a wallet; `domain` is the site that the owner sees. */
export async function signCommand(
  terms: CommandTerms & { owner: string; domain: string },
  sign: SignMessage,
): Promise<SignedCommandJson> {
  const { command, number, expiresAt, chainId, domain } = terms;
  const address = normalizeAddress(terms.owner);
  const message = commandMessage(terms);
  const signed = await sign({ address, domain, chainId, message, nonce: `${number}` });
  return signedCommandToJson({ command, number, expiresAt, address, ...signed });
}

/**
 * kept: no node is there, it is delivered when one comes; delivered: a node has it and hasn't answered; accepted: the
 * node has written it down and acts; done, refused: its end, by the node; expired: no node took it in time.
 */
export const COMMAND_STATES = ["kept", "delivered", "accepted", "done", "refused", "expired"] as const;

export const zCommandState = z.object({
  id: z.string(),
  provider: z.string(),
  kind: z.enum(["drain", "maintenance", "resume", "price"]),
  number: z.number().int(),
  expiresAt: z.number().int(),
  state: z.enum(COMMAND_STATES),
  /** Of a refused one. */
  code: z.string().nullable(),
  message: z.string().nullable(),
  /** What the node sent to the chain for it, if anything. */
  transaction: z.string().nullable(),
});
export type CommandState = z.output<typeof zCommandState>;

/** Hub to node. */
export const zCommandMessage = z.object({ type: z.literal("command"), id: zHash32, signed: zSignedCommand });
/** Node to hub. */
export const zCommandResult = z.object({
  type: z.literal("command_result"),
  id: zHash32,
  state: z.enum(["accepted", "done", "refused"]),
  code: z.string().max(100).nullable().default(null),
  message: z.string().max(500).nullable().default(null),
  transaction: zHash32.nullable().default(null),
});
export type CommandResult = z.output<typeof zCommandResult>;
