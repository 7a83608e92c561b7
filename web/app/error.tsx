"use client";
/** A page that broke: says that nothing on chain is affected, offers another try. */
import { Notice } from "../components/ui/notice.tsx";

export default function ErrorPage({ error, reset }: { error: Error; reset: () => void }) {
  return (
    <Notice
      tone="bad"
      title="This page stopped working"
      action={
        <button type="button" className="btn" onClick={reset}>
          Try again
        </button>
      }
    >
      {error.message || "An unexpected error."} Your jobs and your money live on chain and aren't affected.
    </Notice>
  );
}
