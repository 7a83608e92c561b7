/**
 * The relay's wire: what stands beside a write's own fields, what a build answers, how a signed transaction is handed in
 * and what became of it.
 * It doesn't know keys or the chain.
 */
import { z } from "zod";
import { zAddress, zHash32, zHex, zU64 } from "../primitives.ts";

/** A chain takes no larger transactions. */
const MAX_TRANSACTION_HEX = 2 + 2 * 65_536;
/** How long a wallet may be given to sign, at most. */
export const MAX_EXPIRE_IN_SECS = 600;
export const MAX_WAIT_MS = 10_000;

/** Of every write: without a sender only the payload is told. */
export const zBuildOptions = z.strictObject({
  sender: zAddress.optional().describe("Who will sign: the answer has the transaction to sign."),
  sponsored: z.boolean().default(false).describe("The relayer is to pay the gas."),
  maxGasAmount: zU64.optional(),
  expireInSecs: z.number().int().min(5).max(MAX_EXPIRE_IN_SECS).optional(),
  sequenceNumber: zU64.optional().describe("Default: the sender's next on chain."),
});
export type BuildOptionsInput = z.input<typeof zBuildOptions>;

const zJsonArgument: z.ZodType<unknown> = z
  .unknown()
  .describe("A string, number, boolean, or a list of them; bytes are lists of numbers.");

export const zBuilt = z
  .object({
    write: z.string(),
    function: z.string().describe("address::module::name"),
    typeArguments: z.array(z.string()),
    functionArguments: z.array(zJsonArgument),
    transaction: z
      .object({
        rawTransaction: z.string().describe("BCS of the RawTransaction as hex."),
        feePayer: z.string().nullable(),
        signingMessage: z.string().describe("The bytes that the sender's key signs, as hex."),
        chainId: z.number().int(),
        sequenceNumber: z.string(),
        maxGasAmount: z.string(),
        gasUnitPrice: z.string(),
        expiresAt: z.string().describe("Unix seconds."),
      })
      .nullable()
      .describe("Null without a sender."),
  })
  .meta({ id: "BuiltWrite" });
export type BuiltWrite = z.output<typeof zBuilt>;

export const zSubmission = z.strictObject({
  rawTransaction: zHex.min(4).max(MAX_TRANSACTION_HEX).describe("BCS of the RawTransaction as hex."),
  feePayer: zAddress
    .nullable()
    .default(null)
    .describe("The sponsor's address when the signature is over the fee payer's form."),
  authenticator: zHex.min(4).max(20_000).describe("BCS of the sender's AccountAuthenticator as hex."),
  waitMs: z
    .number()
    .int()
    .min(0)
    .max(MAX_WAIT_MS)
    .default(5_000)
    .describe("How long to wait for the outcome before answering that it is pending."),
});
export type SubmissionInput = z.input<typeof zSubmission>;

export const zTransactionHash = zHash32;

export const RELAY_STATUSES = ["pending", "success", "failed"] as const;

export const zRelayed = z
  .object({
    hash: z.string(),
    status: z.enum(RELAY_STATUSES),
    onChain: z.boolean().describe("False while pending, and for one that failed before it got there."),
    sponsored: z.boolean().nullable().describe("Null for one that wasn't relayed here."),
    function: z.string().nullable(),
    sender: z.string().nullable(),
    expiresAt: z.string().nullable().describe("Unix seconds after which it can't get on chain any more."),
    version: z.string().nullable(),
    gasUsed: z.string().nullable(),
    events: z.array(z.object({ name: z.string(), data: z.unknown() })).describe("The market's own events."),
    error: z
      .object({ code: z.string(), module: z.string().nullable(), message: z.string() })
      .nullable()
      .describe("Of a failed one: the abort's name, or what the chain's node said."),
  })
  .meta({ id: "RelayedTransaction" });
export type RelayedTransaction = z.output<typeof zRelayed>;
