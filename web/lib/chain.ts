/**
 * The browser's chain client, loaded only when something is signed or verified, and the one path by which a wallet's
 * signature becomes an outcome: check chain, build, sign, remember the hash, submit, wait.
 * It doesn't know which wallet signs nor what the transaction does.
 */
import type { PublicConfig } from "@computestream/protocol/api";
import type { ChainClient, Outcome, Payloads } from "@computestream/protocol/client";
import { isChunkError, OUTDATED_SENTENCE } from "./chunk-error.ts";
import { forgetPending, rememberPending } from "./pending.ts";
import { walletActions } from "./wallet-store.ts";

/** A human reads the wallet's dialog before signing; the chain's default of 20 s is for services. */
const EXPIRE_IN_SECS = 300;

/** Enough for any call of the market many times over, and little enough not to lock a small wallet's money. */
const MAX_GAS_AMOUNT = 20_000;
const USUAL_GAS_PRICE = 100n;
/** The network's own coin, in which fees are paid. */
const NATIVE_ASSET = `0x${"a".padStart(64, "0")}`;

/** What a wallet must hold beside a deposit, in the market's asset: zero where fees are paid in another. */
export function feeReserve(config: Pick<PublicConfig, "asset">): bigint {
  return config.asset.address === NATIVE_ASSET ? BigInt(MAX_GAS_AMOUNT) * USUAL_GAS_PRICE : 0n;
}

/** Something a person can act on; `code` is stable. */
export class ActionError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "ActionError";
    this.code = code;
  }
}

let loading: Promise<ChainClient> | null = null;

export function loadChain(config: PublicConfig): Promise<ChainClient> {
  loading ??= import("@computestream/protocol/client")
    .then(({ createChainClient }) =>
      createChainClient({
        nodeUrl: config.nodeUrl,
        // The browser's part of the deployment record; where and when it was published is the services' concern.
        deployment: {
          network: config.network,
          chainId: config.chainId,
          nodeUrl: config.nodeUrl,
          ...(config.faucetUrl ? { faucetUrl: config.faucetUrl } : {}),
          packageAddress: config.packageAddress,
          asset: config.asset,
          deployedAtVersion: "0",
          transactionHash: "",
          deployedAt: "",
          modules: {},
        },
      }),
    )
    .catch((error: unknown) => {
      loading = null;
      throw error;
    });
  return loading;
}

export type Step = "preparing" | "signing" | "submitting" | "waiting";

/** Throws `ActionError` with a sentence; a refused or failed transaction has changed nothing. */
export async function signAndWait(options: {
  config: PublicConfig;
  sender: string;
  /** The wallet's own chain id, when it tells one. */
  walletChainId: number | null;
  payload: (payloads: Payloads) => ReturnType<Payloads[keyof Payloads]>;
  onStep: (step: Step) => void;
  /** Kept over a reload under this name until the outcome is known. */
  pendingKey: string;
}): Promise<Outcome> {
  const { config, onStep } = options;
  let sent = false;
  try {
    onStep("preparing");
    const [chain, wallet] = await Promise.all([loadChain(config), walletActions()]);
    if (options.walletChainId !== null && options.walletChainId !== config.chainId) {
      throw new ActionError(
        "WALLET_ON_OTHER_CHAIN",
        `Your wallet is on chain ${options.walletChainId}; this market is on chain ${config.chainId}. Switch the wallet's network and try again.`,
      );
    }
    await chain.assertChain();
    const transaction = await chain.build(options.sender, options.payload(chain.payloads), {
      expireInSecs: EXPIRE_IN_SECS,
      maxGasAmount: MAX_GAS_AMOUNT,
    });
    onStep("signing");
    const authenticator = await wallet.signTransaction(transaction);
    onStep("submitting");
    const sdk = await import("@aptos-labs/ts-sdk");
    const signed = { transaction, senderAuthenticator: authenticator };
    const bytes = sdk.generateSignedTransaction(signed);
    const hash = sdk.generateUserTransactionHash(signed);
    rememberPending(options.pendingKey, hash);
    sent = true;
    await chain.submit({ hash, bytes });
    onStep("waiting");
    const outcome = await chain.waitFor(hash);
    forgetPending(options.pendingKey);
    if (outcome.failure) throw new ActionError(outcome.failure.code, outcome.failure.message);
    return outcome;
  } catch (error) {
    // An outcome that may still come stays remembered, so that a reload asks the chain instead of signing twice.
    const mayStillLand = sent && (error as { retryable?: unknown } | null)?.retryable === true;
    if (!mayStillLand) forgetPending(options.pendingKey);
    throw explainAction(error);
  }
}

/** Any failure as one with a code and a sentence. */
export function explainAction(error: unknown): ActionError {
  if (error instanceof ActionError) return error;
  const failure = (error as { failure?: { code?: unknown; message?: unknown } } | null)?.failure;
  if (failure && typeof failure.code === "string" && typeof failure.message === "string") {
    return new ActionError(failure.code, failure.message, { cause: error });
  }
  if (isChunkError(error)) return new ActionError("PAGE_OUTDATED", OUTDATED_SENTENCE, { cause: error });
  // The wallet adapter throws plain strings.
  const text = typeof error === "string" ? error : error instanceof Error ? error.message : String(error);
  if (/reject|denied|cancel/i.test(text)) {
    return new ActionError("REJECTED", "You didn't sign. Nothing was sent and nothing was spent.", {
      cause: error,
    });
  }
  return new ActionError("FAILED", text === "" ? "Something failed. Try again." : text, { cause: error });
}
