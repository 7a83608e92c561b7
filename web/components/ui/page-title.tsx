/** A page's heading with what belongs beside it. It doesn't know the page. */
import type { ReactNode } from "react";

export function PageTitle({ title, lead, aside }: { title: ReactNode; lead?: ReactNode; aside?: ReactNode }) {
  return (
    <div className="mb-6 flex flex-wrap items-end justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <h1 className="text-2xl font-bold tracking-tight sm:text-3xl">{title}</h1>
        {lead && <p className="mt-1.5 max-w-2xl text-sm text-muted sm:text-base">{lead}</p>}
      </div>
      {aside}
    </div>
  );
}
