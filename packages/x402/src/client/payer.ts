/**
 * What both client schemes do: find the chain, build a sponsored transaction, sign it, wrap it.
 * It doesn't choose what to call.
 */
import { AccountAddress, type InputEntryFunctionData, SimpleTransaction } from "@aptos-labs/ts-sdk";
import {
  type Deployment,
  normalizeAddress,
  orderHash,
  type QuotedOrder,
  quoteAddress,
} from "@computestream/protocol";
import { type ChainClient, createChainClient } from "@computestream/protocol/client";
import type { DefaultAsset, Network, PaymentRequirements } from "@x402/core/types";
import { z } from "zod";
import { encodePayment } from "../encoding.ts";
import { networkOf } from "../networks.ts";
import { zOrder, type zQuoteTerms } from "../terms.ts";
import type { MovementSigner } from "./account.ts";

export interface PayerOptions {
  signer: MovementSigner;
  /** The markets the payer trusts, one for each network: their code is what it signs calls of. */
  deployments: Deployment[];
  /** Beside each deployment's own; what a stock client may spend without being told of it. */
  assets?: Array<DefaultAsset & { network: Network }>;
  fetch?: typeof globalThis.fetch;
}

/** The payment isn't made: what was asked for isn't what it says it is. */
export class UntrustedPaymentError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UntrustedPaymentError";
  }
}

export interface Payer {
  readonly address: string;
  /** Throws `UntrustedPaymentError` for a network without a deployment. */
  chain(network: string): ChainClient;
  findDefaultAsset(asset: string, network: Network): DefaultAsset | undefined;
  pay(p: {
    requirements: PaymentRequirements;
    feePayer: string;
    call: InputEntryFunctionData;
  }): Promise<string>;
  /** The order behind a quote, checked against its hash, its amount and the address that is to be paid. */
  orderOf(
    quote: z.output<typeof zQuoteTerms>,
    requirements: PaymentRequirements,
  ): Promise<{ order: QuotedOrder; address: string }>;
}

/** Enough for an order of the greatest length, and below what facilitators sponsor. */
const MAX_GAS_AMOUNT = 100_000;
/** Room for the two clocks to differ. */
const EXPIRY_MARGIN_SECS = 5;
/** However long a server would like to hold a signed payment. */
const MAX_EXPIRY_SECS = 300;
const ORDER_TIMEOUT_MS = 10_000;

export function createPayer(options: PayerOptions): Payer {
  const { signer } = options;
  const request = options.fetch ?? globalThis.fetch;
  const chains = new Map<string, ChainClient>(
    options.deployments.map((deployment) => [
      networkOf(deployment.chainId),
      createChainClient({ deployment }),
    ]),
  );
  const assets = [
    ...options.deployments.map(({ chainId, asset: { address, symbol, decimals } }) => ({
      network: networkOf(chainId) as Network,
      asset: address,
      symbol,
      decimals,
    })),
    ...(options.assets ?? []),
  ];

  function chain(network: string): ChainClient {
    const client = chains.get(network);
    if (!client) throw new UntrustedPaymentError(`No deployment is known for the network ${network}.`);
    return client;
  }

  return {
    address: normalizeAddress(signer.address),
    chain,

    findDefaultAsset(asset, network) {
      const found = assets.find(
        (entry) => entry.network === network && normalizeAddress(entry.asset) === normalizeAddress(asset),
      );
      return found && { asset: found.asset, symbol: found.symbol, decimals: found.decimals };
    },

    async pay({ requirements, feePayer, call }) {
      const { rawTransaction } = await chain(requirements.network).build(signer.address, call, {
        maxGasAmount: MAX_GAS_AMOUNT,
        expireInSecs: Math.min(
          MAX_EXPIRY_SECS,
          Math.max(1, requirements.maxTimeoutSeconds - EXPIRY_MARGIN_SECS),
        ),
      });
      const transaction = new SimpleTransaction(rawTransaction, AccountAddress.from(feePayer));
      return encodePayment({ transaction, authenticator: await signer.sign(transaction) });
    },

    async orderOf(quote, requirements) {
      const { packageAddress } = chain(requirements.network).deployment;
      if (quote.payer !== normalizeAddress(signer.address))
        throw new UntrustedPaymentError("The quote is another payer's: its refund would be too.");
      const response = await request(quote.url, { signal: AbortSignal.timeout(ORDER_TIMEOUT_MS) });
      if (!response.ok) throw new UntrustedPaymentError(`The quote can't be read: HTTP ${response.status}.`);
      const { order } = z.object({ order: zOrder }).parse(await response.json());
      if (orderHash(order) !== quote.orderHash)
        throw new UntrustedPaymentError("The quote's order isn't the one that its hash names.");
      if (`${order.deposit}` !== requirements.amount)
        throw new UntrustedPaymentError("The amount isn't the order's deposit.");
      return { order, address: quoteAddress(packageAddress, quote) };
    },
  };
}
