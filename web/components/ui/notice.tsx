/** A sentence that asks for attention, with what can be done about it. It doesn't decide when. */
import type { ReactNode } from "react";

const TONES = {
  info: "border-line bg-raised text-text",
  warn: "border-warn/30 bg-warn-soft text-warn",
  bad: "border-bad/30 bg-bad-soft text-bad",
  good: "border-accent/30 bg-accent-soft text-accent",
} as const;

export function Notice({
  tone,
  title,
  children,
  action,
  testId,
}: {
  tone: keyof typeof TONES;
  title?: string;
  children?: ReactNode;
  action?: ReactNode;
  testId?: string;
}) {
  return (
    <div
      role={tone === "bad" ? "alert" : "status"}
      data-testid={testId}
      className={`flex flex-wrap items-center gap-x-4 gap-y-2 rounded-xl border px-4 py-3 text-sm ${TONES[tone]}`}
    >
      <div className="min-w-0 flex-1 basis-60 break-words">
        {title && <p className="font-semibold">{title}</p>}
        {children && <div className={title ? "mt-0.5 opacity-90" : ""}>{children}</div>}
      </div>
      {action}
    </div>
  );
}
