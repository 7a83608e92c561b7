/** One number with its name and a line of context. It doesn't compute. */
import type { ReactNode } from "react";

export function Stat({
  label,
  children,
  note,
  large,
}: {
  label: string;
  children: ReactNode;
  note?: ReactNode;
  large?: boolean;
}) {
  return (
    <div className="min-w-0">
      <dt className="eyebrow">{label}</dt>
      <dd className={`mt-1 font-semibold tracking-tight ${large ? "text-xl sm:text-2xl" : "text-lg"}`}>
        {children}
      </dd>
      {note && <dd className="mt-0.5 text-xs text-muted">{note}</dd>}
    </div>
  );
}

/** Holds the place of a number that hasn't arrived. */
export function Waiting({ wide }: { wide?: boolean }) {
  return (
    <span className={`inline-block h-[0.8em] animate-pulse rounded bg-raised ${wide ? "w-32" : "w-16"}`}>
      <span className="sr-only">Loading</span>
    </span>
  );
}
