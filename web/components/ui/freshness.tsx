"use client";
import type { Live } from "../../hooks/use-live-topic.ts";
/** How old the numbers on screen are, in words. It doesn't fetch. */
import { useNow } from "../../hooks/use-now.ts";
import { formatAgo } from "../../lib/format.ts";
import { Notice } from "./notice.tsx";

type Age = Pick<Live<unknown>, "at" | "status" | "error" | "reload">;

/** A dot and a word: live, connecting, or how old. */
export function Freshness({ age }: { age: Age }) {
  const now = useNow(1000);
  const isLive = age.status === "live" && age.at !== null && !age.error;
  const text = isLive
    ? "Live"
    : age.at === null
      ? "Connecting…"
      : `Reconnecting… numbers from ${formatAgo(age.at, Math.max(now, age.at))}`;
  return (
    <span className="inline-flex items-center gap-2 text-sm text-muted" role="status" aria-live="polite">
      <span
        aria-hidden="true"
        className={`size-2 rounded-full ${isLive ? "pulse-dot bg-accent" : "bg-warn"}`}
      />
      {text}
    </span>
  );
}

/** The whole banner, when there is nothing to show or it has become old. */
export function StaleNotice({ age, what }: { age: Age; what: string }) {
  if (!age.error) return null;
  return (
    <Notice
      tone={age.at === null ? "bad" : "warn"}
      title={age.at === null ? `${what} can't be loaded` : `${what} may be out of date`}
      action={
        <button type="button" className="btn" onClick={age.reload}>
          Try again
        </button>
      }
    >
      {age.error}
    </Notice>
  );
}
