"use client";
/** The development wallet's question before every signature: what is signed, yes or no. It doesn't sign. */
import { useEffect, useRef, useSyncExternalStore } from "react";
import { approvals } from "../../wallet/approvals.ts";

export function ApprovalDialog() {
  const request = useSyncExternalStore(approvals.subscribe, approvals.current, () => null);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const element = dialog.current;
    if (request && element && !element.open) element.showModal();
    if (!request) element?.close();
  }, [request]);
  return (
    <dialog
      ref={dialog}
      aria-labelledby="approval-title"
      className="m-auto w-[min(30rem,calc(100vw-2rem))] rounded-2xl border border-line bg-surface p-0 text-text shadow-2xl backdrop:bg-black/50"
      onCancel={(event) => {
        // Escape means no.
        event.preventDefault();
        approvals.answer(false);
      }}
    >
      {request && (
        <div>
          <p className="rounded-t-2xl bg-warn-soft px-5 py-2 text-xs font-semibold text-warn">
            Development wallet: its key lives in this browser and is worth nothing elsewhere
          </p>
          <div className="px-5 pt-4 pb-5">
            <h2 id="approval-title" className="text-lg font-bold">
              {request.title}
            </h2>
            <p className="mt-0.5 text-sm text-muted">
              {request.kind === "transaction"
                ? "Read from the bytes that will be signed."
                : "A signature over this text. It moves no money."}
            </p>
            <dl className="mt-4 divide-y divide-line rounded-xl border border-line text-sm">
              {request.lines.map((line) => (
                <div key={line.label} className="flex gap-4 px-3 py-2">
                  <dt className="shrink-0 text-muted">{line.label}</dt>
                  <dd
                    className={`ml-auto max-h-24 overflow-auto text-right wrap-anywhere ${
                      line.strong ? "text-base font-bold" : "font-medium"
                    }`}
                  >
                    {line.value}
                  </dd>
                </div>
              ))}
            </dl>
            {request.text && (
              <pre className="mt-3 max-h-48 overflow-auto rounded-xl bg-raised p-3 text-xs whitespace-pre-wrap break-all">
                {request.text}
              </pre>
            )}
            <div className="mt-5 flex justify-end gap-2">
              <button
                type="button"
                className="btn"
                data-testid="wallet-reject"
                // biome-ignore lint/a11y/noAutofocus: a modal takes the focus, and a stray Enter must not sign
                autoFocus
                onClick={() => approvals.answer(false)}
              >
                Reject
              </button>
              <button
                type="button"
                className="btn btn-primary"
                data-testid="wallet-approve"
                onClick={() => approvals.answer(true)}
              >
                Approve
              </button>
            </div>
          </div>
        </div>
      )}
    </dialog>
  );
}
