/** A job's money and time: what is settled on chain in large, what is accruing beside it, marked as an estimate. */
import type { JobDto } from "@computestream/protocol/api";
import { isWaiting } from "@computestream/protocol/job-state";
import { grossPaid, isConserved, type StreamEstimate, unearned } from "../../lib/estimate.ts";
import { formatAmount, formatCount, formatDuration, formatPerSecond, isSomebody } from "../../lib/format.ts";
import { Amount } from "../ui/amount.tsx";
import { Notice } from "../ui/notice.tsx";
import { Stat } from "../ui/stat.tsx";

const ACCRUAL: Record<StreamEstimate["accrual"], string> = {
  still: "",
  accruing: "Accruing estimate between settlements",
  holding: "Nothing is due yet: all of it waits for the buyer",
  waiting: "Waiting for the next settlement; the estimate has stopped",
  exhausted: "Every funded second is used",
};

export function JobMoney({ job, estimate }: { job: JobDto; estimate: StreamEstimate }) {
  const { asset } = job;
  const { symbol, decimals } = asset;
  const running = job.state === "Running";
  const settled = job.state === "Settled";
  const waiting = isWaiting(job.state);
  const holdsBack = job.holdbackSecs > 0;
  const places = Math.min(decimals, 6);
  return (
    <section className="card p-5" aria-labelledby="money">
      <div className="mb-4 flex flex-wrap items-baseline justify-between gap-x-4 gap-y-1">
        <h2 id="money" className="font-semibold">
          Time and money
        </h2>
        <p className="text-xs text-muted">
          {isSomebody(job.provider) ? "" : "at most "}
          {formatPerSecond(BigInt(job.ratePerHour), decimals)} {symbol} a second · large numbers are settled
          on chain
        </p>
      </div>
      <dl
        className={`grid grid-cols-2 gap-x-6 gap-y-5 ${holdsBack ? "sm:grid-cols-3 xl:grid-cols-6" : "lg:grid-cols-5"}`}
      >
        <Stat
          label="Seconds billed"
          large
          note={
            <>
              {formatCount(job.secondsAttested)} proven
              {holdsBack && <>, {formatCount(job.secondsConfirmed)} confirmed</>}
              {running && <>, about {(estimate.billedMs / 1000).toFixed(1)} now</>}
            </>
          }
        >
          <span data-testid="job-seconds-billed">{formatCount(job.secondsBilled)}</span>
        </Stat>
        <Stat
          label="Paid to the machine"
          large
          note={
            running ? (
              <>
                accruing: {formatAmount(estimate.gross, decimals, places)} {symbol} gross
                {holdsBack && ", held part included"}
              </>
            ) : (
              <>
                {formatAmount(grossPaid(job), decimals)} {symbol} gross
              </>
            )
          }
        >
          <Amount value={job.paidToProvider} asset={asset} places={places} testId="job-paid" />
        </Stat>
        <Stat
          label="Market fee"
          large
          note={
            <>
              {(job.feeBps / 100).toFixed(2)} % of what is paid
              {BigInt(job.keeperFees) > 0n && (
                <span data-testid="job-keeper-fees">
                  ; {formatAmount(BigInt(job.keeperFees), decimals)} {symbol} of it to keepers, who settle
                </span>
              )}
            </>
          }
        >
          <Amount value={job.fees} asset={asset} places={places} testId="job-fees" />
        </Stat>
        {holdsBack && (
          <Stat
            label="Held back"
            large
            note={
              settled
                ? "nothing waits any more"
                : `at most the last ${formatDuration(job.holdbackSecs)}, until confirmed`
            }
          >
            <Amount value={job.held} asset={asset} places={places} testId="job-held" />
          </Stat>
        )}
        {settled ? (
          <Stat
            label="Refunded"
            large
            note={`of ${formatAmount(BigInt(job.deposited), decimals)} ${symbol} locked`}
          >
            <Amount value={job.refunded} asset={asset} places={places} testId="job-refundable" />
          </Stat>
        ) : (
          <Stat
            label={waiting ? "Still locked" : "Refundable"}
            large
            note={
              running ? (
                <>
                  about {formatAmount(estimate.refundable, decimals, places)} {symbol} if stopped now
                </>
              ) : waiting ? (
                <>
                  {formatAmount(BigInt(job.refunded), decimals)} {symbol} already refunded
                </>
              ) : (
                "all of it, until the container starts"
              )
            }
          >
            <Amount
              value={waiting ? job.balance : unearned(job)}
              asset={asset}
              places={places}
              testId="job-refundable"
            />
          </Stat>
        )}
        <Stat
          label={running ? "Time to empty" : "Longest run"}
          large
          note={running ? `of ${formatDuration(job.maxDurationSecs)} at most` : "covered by the deposit"}
        >
          <span data-testid="job-time-left">
            {formatDuration(running ? estimate.leftSecs : job.maxDurationSecs)}
          </span>
        </Stat>
      </dl>
      {running && (
        <div className="mt-5">
          <div
            className="h-1.5 overflow-hidden rounded-full bg-raised"
            role="progressbar"
            aria-label="Funded time used"
            aria-valuemin={0}
            aria-valuemax={100}
            aria-valuenow={Math.round(usedShare(job, estimate))}
          >
            <div className="flowing h-full rounded-full" style={{ width: `${usedShare(job, estimate)}%` }} />
          </div>
          <p className="mt-2 text-xs text-muted">{ACCRUAL[estimate.accrual]}</p>
        </div>
      )}
      {settled && isConserved(job) && (
        <p className="mt-4 text-xs text-muted" data-testid="job-conserved">
          {formatAmount(BigInt(job.deposited), decimals)} locked ={" "}
          {formatAmount(BigInt(job.paidToProvider), decimals)} to the machine +{" "}
          {formatAmount(BigInt(job.fees), decimals)} fee + {formatAmount(BigInt(job.refunded), decimals)} back
          to the buyer. Nothing is missing.
        </p>
      )}
      {!isConserved(job) && (
        <div className="mt-4">
          <Notice tone="warn">
            These numbers don't add up to the deposit yet: the indexer is between two events. The chain's own
            numbers always do.
          </Notice>
        </div>
      )}
    </section>
  );
}

function usedShare(job: JobDto, estimate: StreamEstimate): number {
  const total = estimate.billedMs / 1000 + estimate.leftSecs;
  return total > 0 && job.state === "Running" ? Math.min(100, estimate.billedMs / 10 / total) : 0;
}
