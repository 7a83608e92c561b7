"use client";
/** Which chain and which contract all of this is about. It doesn't ask them. */
import { useApp } from "./app-provider.tsx";
import { Address } from "./ui/address.tsx";

export function Footer() {
  const { config } = useApp();
  return (
    <footer className="mt-8 border-t border-line">
      <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-6 gap-y-2 px-4 py-5 text-sm text-muted sm:px-6">
        <span>
          Movement {config.network}, chain {config.chainId}
        </span>
        <span className="inline-flex items-center gap-1.5">
          Contract <Address value={config.packageAddress} label="contract address" />
        </span>
        <span className="sm:ml-auto">The chain decides; this page only shows it.</span>
      </div>
    </footer>
  );
}
