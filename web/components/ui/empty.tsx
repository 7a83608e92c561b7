/** Says honestly that there is nothing, and what would change that. It doesn't guess why. */
import type { ReactNode } from "react";

export function Empty({
  title,
  children,
  action,
}: {
  title: string;
  children: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className="flex flex-col items-center gap-2 px-6 py-10 text-center">
      <p className="font-semibold">{title}</p>
      <p className="max-w-md text-sm text-muted">{children}</p>
      {action && <div className="mt-2">{action}</div>}
    </div>
  );
}
