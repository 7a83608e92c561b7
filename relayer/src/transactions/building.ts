/**
 * From a write's name and its fields to the payload that a wallet takes, and to the transaction that it signs.
 * It doesn't send anything and holds no keys.
 */
import {
  AccountAddress,
  generateSigningMessageForTransaction,
  type InputEntryFunctionData,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { toHex } from "@computestream/protocol";
import type { BuildOptions, ChainClient } from "@computestream/protocol/client";
import {
  type BuiltWrite,
  payloadToJson,
  type WriteName,
  writeOf,
  zBuildOptions,
} from "@computestream/protocol/writes";
import type { z } from "zod";
import { AppError } from "../errors.ts";

export interface BuildSponsor {
  address: string;
  functions: ReadonlySet<string>;
  maxGasAmount: bigint;
  maxGasUnitPrice: bigint;
  maxTimeoutSecs: number;
}

/** A person reads what a wallet shows. */
const EXPIRE_IN_SECS = 120;
const OPTIONS = Object.keys(zBuildOptions.shape);

export async function buildWrite(
  client: Pick<ChainClient, "build" | "payloads" | "deployment">,
  sponsor: BuildSponsor | null,
  name: WriteName,
  given: unknown,
): Promise<BuiltWrite> {
  const { body: schema, build } = writeOf(name);
  const { options, fields } = split(given);
  const payload = payloadOf(() => build(client.payloads, schema.parse(fields) as never));
  const json = { write: name, ...payloadToJson(payload) };
  if (options.sender === undefined) {
    if (options.sponsored)
      throw new AppError(400, "BAD_INPUT", "Who is the sender of a sponsored transaction?", {
        field: "sender",
      });
    return { ...json, transaction: null };
  }
  const transaction = await transactionOf(client, sponsor, payload, { ...options, sender: options.sender });
  const raw = transaction.rawTransaction;
  return {
    ...json,
    transaction: {
      rawTransaction: toHex(raw.bcsToBytes()),
      feePayer: transaction.feePayerAddress?.toStringLong() ?? null,
      signingMessage: toHex(generateSigningMessageForTransaction(transaction)),
      chainId: raw.chain_id.chainId,
      sequenceNumber: `${raw.sequence_number}`,
      maxGasAmount: `${raw.max_gas_amount}`,
      gasUnitPrice: `${raw.gas_unit_price}`,
      expiresAt: `${raw.expiration_timestamp_secs}`,
    },
  };
}

async function transactionOf(
  client: Pick<ChainClient, "build">,
  sponsor: BuildSponsor | null,
  payload: InputEntryFunctionData,
  options: z.output<typeof zBuildOptions> & { sender: string },
): Promise<SimpleTransaction> {
  const terms: BuildOptions = {
    expireInSecs: options.expireInSecs ?? EXPIRE_IN_SECS,
    ...(options.maxGasAmount === undefined ? {} : { maxGasAmount: Number(options.maxGasAmount) }),
    ...(options.sequenceNumber === undefined ? {} : { sequenceNumber: options.sequenceNumber }),
  };
  if (!options.sponsored) return client.build(options.sender, payload, terms);
  if (!sponsor)
    throw new AppError(422, "NO_SPONSOR", "This relayer pays nobody's gas.", { field: "sponsored" });
  if (!sponsor.functions.has(payload.function))
    throw new AppError(403, "FUNCTION_NOT_SPONSORED", "The gas of this write isn't paid here.", {
      field: "sponsored",
    });
  const { maxGasAmount, maxGasUnitPrice, maxTimeoutSecs } = sponsor;
  const wanted = options.maxGasAmount ?? maxGasAmount;
  const built = await client.build(options.sender, payload, {
    ...terms,
    maxGasAmount: Number(wanted < maxGasAmount ? wanted : maxGasAmount),
    maxGasUnitPrice,
    expireInSecs: Math.min(options.expireInSecs ?? maxTimeoutSecs, maxTimeoutSecs),
  });
  return new SimpleTransaction(built.rawTransaction, AccountAddress.from(sponsor.address));
}

/** Options and fields stand side by side in one object. */
function split(given: unknown): { options: z.output<typeof zBuildOptions>; fields: Record<string, unknown> } {
  if (typeof given !== "object" || given === null || Array.isArray(given))
    throw new AppError(400, "BAD_INPUT", "The body must be a JSON object.", { field: "body" });
  const entries = Object.entries(given);
  return {
    options: zBuildOptions.parse(Object.fromEntries(entries.filter(([key]) => OPTIONS.includes(key)))),
    fields: Object.fromEntries(entries.filter(([key]) => !OPTIONS.includes(key))),
  };
}

/** What no schema can see, such as two attestations of two jobs. */
function payloadOf(build: () => InputEntryFunctionData): InputEntryFunctionData {
  try {
    return build();
  } catch (error) {
    if (error instanceof RangeError)
      throw new AppError(400, "BAD_INPUT", `${error.message}.`, { field: "body" });
    throw error;
  }
}
