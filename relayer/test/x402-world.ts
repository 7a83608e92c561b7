/**
 * A market with a relayer that sells by x402, payers with stock clients, and payments that are right but for what is said.
 * It doesn't assert more than that asking for a quote works.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  AccountAddress,
  type AccountAuthenticator,
  Ed25519Account,
  type InputEntryFunctionData,
  SimpleTransaction,
} from "@aptos-labs/ts-sdk";
import { type RedisPart, startRedis } from "@computestream/dev-env/parts";
import { encodeJobSpec } from "@computestream/protocol";
import { encodePayment, networkOf, transferPayload } from "@computestream/x402";
import { createExactClient, registerMovement, signerOf } from "@computestream/x402/client";
import {
  decodePaymentRequiredHeader,
  decodePaymentResponseHeader,
  encodePaymentSignatureHeader,
} from "@x402/core/http";
import { parsePaymentRequired } from "@x402/core/schemas";
import type { PaymentPayload, PaymentRequired, PaymentRequirements } from "@x402/core/types";
import { wrapFetchWithPayment, x402Client } from "@x402/fetch";
import { address, type Provider, type RelayerProcess, startWorld, type World } from "./world.ts";

/** 3,600,000 base units an hour: 1,000 a second. */
export const RATE = 3_600_000n;
export const FUNDS = 10_000_000_000n;
const IMAGE = `busybox@sha256:${"0".repeat(64)}`;

export interface QuoteAnswer {
  quote: string;
  state: string;
  amount: string;
  payTo: string;
  payUrl: string;
  statusUrl: string;
  terms: { payer: string; clerk: string; redeemBy: string; nonce: string; orderHash: string };
  payment: { transaction: string; scheme: string; result: string } | null;
  outcome: { state: string; job: string | null; code: string | null } | null;
}

export interface Forge {
  call?: InputEntryFunctionData;
  maxGasAmount?: number;
  gasUnitPrice?: bigint;
  expireInSecs?: number;
  feePayer?: string;
  chainId?: number;
  sequenceNumber?: bigint;
  sign?: (transaction: SimpleTransaction) => AccountAuthenticator;
}

export type X402World = Awaited<ReturnType<typeof startX402World>>;

export async function startX402World() {
  const world: World = await startWorld();
  const redis: RedisPart = await startRedis();
  const provider: Provider = await world.register(RATE);
  const { account: sponsor, keyFile } = await sponsorKey("sponsor", FUNDS);
  // Many buyers at one address: how often they may ask is tested on its own.
  const sponsorEnv: Record<string, string> = { SPONSOR_KEY_FILE: keyFile, X402_REQUESTS_PER_SEC: "1000" };
  const relayer: RelayerProcess = await world.startRelayer(redis.url, sponsorEnv);
  const network = networkOf(world.chain.deployment.chainId);
  const deployments = () => [{ ...world.chain.deployment, nodeUrl: world.chain.nodeUrl }];

  async function newAccount(): Promise<Ed25519Account> {
    const account = Ed25519Account.generate();
    await world.chain.fund(address(account), FUNDS);
    return account;
  }

  async function sponsorKey(name: string, funds: bigint) {
    const account = Ed25519Account.generate();
    await world.chain.fund(address(account), funds);
    const keyFile = join(world.home, `${name}.json`);
    writeFileSync(keyFile, JSON.stringify({ privateKey: account.privateKey.toHexString() }), { mode: 0o600 });
    return { account, keyFile };
  }

  async function quoteFor(
    payer: Ed25519Account,
    secs = 60,
    at = relayer,
    from = provider,
  ): Promise<QuoteAnswer> {
    const response = await fetch(`${at.url}/api/v1/x402/quotes`, {
      method: "POST",
      body: JSON.stringify({
        payer: address(payer),
        provider: from.address,
        image: IMAGE,
        spec: encodeJobSpec({ version: 1, title: "paid" }),
        maxDurationSecs: `${secs}`,
      }),
    });
    if (response.status !== 201) throw new Error(`no quote: ${await response.text()}`);
    return (await response.json()) as QuoteAnswer;
  }

  /** Upstream's fetch with the plugin registered as its documentation says. */
  function payingFetch(payer: Ed25519Account, schemes: "both" | "exact" = "both") {
    const options = { signer: signerOf(payer), deployments: deployments() };
    const client = new x402Client();
    if (schemes === "both") registerMovement(client, options);
    else client.register("movement:*", createExactClient(options));
    return wrapFetchWithPayment(fetch, client);
  }

  async function termsOf(
    { payUrl }: Pick<QuoteAnswer, "payUrl">,
    scheme: "exact" | "stream",
  ): Promise<PaymentRequirements> {
    const { accepts } = await askFor(payUrl);
    const found = accepts.find((offer) => offer.scheme === scheme);
    if (!found) throw new Error(`${scheme} isn't offered`);
    return found;
  }

  /** A payment of these terms, right but for what is said. */
  async function payment(
    payer: Ed25519Account,
    accepted: PaymentRequirements,
    forge: Forge = {},
  ): Promise<PaymentPayload> {
    const call = forge.call ?? transferPayload(accepted.asset, accepted.payTo, BigInt(accepted.amount));
    const { rawTransaction } = await world.client.build(address(payer), call, {
      maxGasAmount: forge.maxGasAmount ?? 100_000,
      expireInSecs: forge.expireInSecs ?? 50,
      ...(forge.sequenceNumber === undefined ? {} : { sequenceNumber: forge.sequenceNumber }),
    });
    const { gasUnitPrice, chainId } = forge;
    if (gasUnitPrice !== undefined) Object.assign(rawTransaction, { gas_unit_price: gasUnitPrice });
    if (chainId !== undefined) Object.assign(rawTransaction.chain_id, { chainId });
    const transaction = new SimpleTransaction(
      rawTransaction,
      AccountAddress.from(forge.feePayer ?? address(sponsor)),
    );
    const sign = forge.sign ?? ((unsigned) => payer.signTransactionWithAuthenticator(unsigned));
    const authenticator = sign(transaction);
    return {
      x402Version: 2,
      accepted,
      payload: { transaction: encodePayment({ transaction, authenticator }) },
    };
  }

  return {
    world,
    redis,
    provider,
    sponsor,
    sponsorEnv,
    relayer,
    network,
    deployments,
    newAccount,
    sponsorKey,
    quoteFor,
    payingFetch,
    termsOf,
    payment,
    async close() {
      await relayer.process.close();
      await redis.close();
      await world.close();
    },
  };
}

export const receiptOf = (response: Response) =>
  decodePaymentResponseHeader(response.headers.get("PAYMENT-RESPONSE") ?? "");

export async function askFor(url: string, init: RequestInit = {}): Promise<PaymentRequired> {
  const response = await fetch(url, { method: "POST", ...init });
  if (response.status !== 402) throw new Error(`${response.status} instead of 402`);
  return decodePaymentRequiredHeader(response.headers.get("PAYMENT-REQUIRED") ?? "");
}

export function pay(url: string, payload: PaymentPayload): Promise<Response> {
  return fetch(url, {
    method: "POST",
    headers: { "PAYMENT-SIGNATURE": encodePaymentSignatureHeader(payload) },
  });
}

/**
 * The reason of a refusal. It stands in the body and in one of upstream's two headers, whose fields must be as upstream
 * says: a settlement that failed, or new terms.
 */
export async function reasonOf(response: Response): Promise<string> {
  const { code } = ((await response.json()) as { error: { code: string } }).error;
  if (response.status !== 402) throw new Error(`${response.status} ${code} instead of 402`);
  const asked = response.headers.get("PAYMENT-REQUIRED");
  if (asked !== null) {
    const required = decodePaymentRequiredHeader(asked);
    const parsed = parsePaymentRequired(required);
    if (!parsed.success || !required.error?.startsWith(code)) throw new Error(`${code}: no such terms`);
    return code;
  }
  const { success, errorReason, transaction, network } = receiptOf(response);
  const isTold = success === false && errorReason === code && typeof transaction === "string";
  if (!isTold || !/^movement:\d+$/.test(network)) throw new Error(`${code}: the receipt says ${errorReason}`);
  return code;
}
