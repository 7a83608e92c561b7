/**
 * The clerk: makes the jobs of paid quotes, or sends their money back, until each has an outcome.
 * It doesn't take payments, and can do nothing else with the money: the chain lets it be that job's or the payer's only.
 */
import { type ChainClient, ChainError, type Outcome } from "@computestream/protocol/client";
import type { Submitter } from "../chain/submitter.ts";
import { messageOf } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { QuoteOutcome, QuoteStore, StoredQuote } from "../store/quotes.ts";

export interface Clerk {
  start(): void;
  /** Ends with what it is doing. */
  close(): Promise<void>;
}

const ROUND_EVERY_MS = 100;
const BATCH = 20;
const RETRY_AFTER_MS = 2_000;

export function createClerk(options: {
  client: Pick<ChainClient, "payloads" | "jobOfQuote">;
  quotes: Pick<QuoteStore, "due" | "get" | "finish" | "postpone" | "forget">;
  submitter: Pick<Submitter, "send">;
  /** Whether this instance may submit with the clerk's key. */
  isSubmitter: () => boolean;
  logger: Logger;
  onOutcome?: (state: QuoteOutcome["state"]) => void;
}): Clerk {
  const { client, quotes, submitter, logger } = options;
  let timer: NodeJS.Timeout | null = null;
  let running: Promise<void> | null = null;

  const send = (kind: "redeem" | "refund", quote: StoredQuote): Promise<Outcome> =>
    submitter.send({
      kind,
      payload:
        kind === "redeem"
          ? client.payloads.redeemQuote(quote.terms, quote.order)
          : client.payloads.refundQuote(quote.asset, quote.terms),
      jobs: [],
      seqs: [],
    });

  /** What the chain says of a quote that was used before: by an earlier process, or by somebody else. */
  async function usedBefore(quote: StoredQuote, code: string | null): Promise<QuoteOutcome> {
    const job = await client.jobOfQuote(quote.address);
    return job === null
      ? { state: "refunded", job: null, transaction: null, code, message: "The money went back before." }
      : { state: "created", job, transaction: null, code: null, message: null };
  }

  async function settle(quote: StoredQuote): Promise<QuoteOutcome> {
    const made = await send("redeem", quote);
    const event = made.events.find((found) => found.name === "QuoteRedeemed");
    if (event)
      return { state: "created", job: event.data.job, transaction: made.hash, code: null, message: null };
    const code = made.failure?.code ?? null;
    const message = made.failure?.message ?? null;
    if (code === "E_QUOTE_USED") return usedBefore(quote, null);
    // No state of the chain that refuses the job now is waited out: the payer gets the money back at once.
    const back = await send("refund", quote);
    if (back.success) return { state: "refunded", job: null, transaction: back.hash, code, message };
    if (back.failure?.code === "E_NOTHING_TO_REFUND") return usedBefore(quote, code);
    throw new ChainError(back.failure ?? { code: "UNKNOWN", module: null, message: "the refund failed" });
  }

  async function conclude(id: string): Promise<void> {
    const quote = await quotes.get(id);
    if (!quote) {
      logger.error({ quote: id }, "a paid quote is gone from the store: its payer can refund it on chain");
      return quotes.forget(id);
    }
    try {
      const outcome = await settle(quote);
      await quotes.finish(id, outcome);
      options.onOutcome?.(outcome.state);
      logger.info({ quote: id, ...outcome }, "a paid quote has its outcome");
    } catch (error) {
      logger.warn({ quote: id, reason: messageOf(error) }, "a paid quote will be tried again");
      await quotes.postpone(id, Date.now() + RETRY_AFTER_MS);
    }
  }

  /** The submitter sends as many at a time as it can follow. */
  async function round(): Promise<void> {
    if (!options.isSubmitter()) return;
    const due = await quotes.due(Date.now(), BATCH);
    const concluded = await Promise.allSettled(due.map(conclude));
    for (const result of concluded) if (result.status === "rejected") throw result.reason;
  }

  return {
    start() {
      timer = setInterval(() => {
        running ??= round()
          .catch((error: unknown) => logger.warn({ reason: messageOf(error) }, "the clerk will try again"))
          .finally(() => {
            running = null;
          });
      }, ROUND_EVERY_MS);
    },
    async close() {
      if (timer) clearInterval(timer);
      await running;
    },
  };
}
