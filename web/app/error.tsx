"use client";
/** A page that broke: says that nothing on chain is affected, offers another try. */
import { Notice } from "../components/ui/notice.tsx";
import { isChunkError, OUTDATED_SENTENCE } from "../lib/chunk-error.ts";

export default function ErrorPage({ error, reset }: { error: Error; reset: () => void }) {
  // Trying again would ask for the same part, which a redeployment has removed.
  const outdated = isChunkError(error);
  return (
    <Notice
      tone="bad"
      title="This page stopped working"
      action={
        <button type="button" className="btn" onClick={outdated ? () => window.location.reload() : reset}>
          {outdated ? "Reload the page" : "Try again"}
        </button>
      }
    >
      {outdated ? OUTDATED_SENTENCE : error.message || "An unexpected error."} Your jobs and your money live
      on chain and aren't affected.
    </Notice>
  );
}
