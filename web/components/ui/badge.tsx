/** A state in a coloured word; never colour alone. It doesn't know which states there are. */
import type { ReactNode } from "react";

const TONES = {
  good: "bg-accent-soft text-accent",
  bad: "bg-bad-soft text-bad",
  warn: "bg-warn-soft text-warn",
  busy: "bg-busy-soft text-busy",
  neutral: "bg-raised text-muted",
} as const;

export type Tone = keyof typeof TONES;

export function Badge({
  tone,
  children,
  pulse,
  testId,
}: {
  tone: Tone;
  children: ReactNode;
  pulse?: boolean;
  testId?: string;
}) {
  return (
    <span
      data-testid={testId}
      className={`inline-flex items-center gap-1.5 rounded-full px-2.5 py-0.5 text-xs font-semibold whitespace-nowrap ${TONES[tone]}`}
    >
      {pulse && <span className="pulse-dot size-1.5 rounded-full bg-current" aria-hidden="true" />}
      {children}
    </span>
  );
}
