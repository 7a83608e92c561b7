"use client";
/** Where you are, where you can go, who you are. It doesn't load the wallet until asked. */
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useApp } from "./app-provider.tsx";
import { ThemeToggle } from "./ui/theme-toggle.tsx";
import { ConnectButton } from "./wallet/connect-button.tsx";
import { DevWalletBanner } from "./wallet/dev-wallet-banner.tsx";

const LINKS = [
  { href: "/", label: "Live" },
  { href: "/providers", label: "Machines" },
  { href: "/jobs", label: "Jobs" },
  { href: "/jobs/new", label: "Run a job" },
] as const;

export function Header() {
  const { config } = useApp();
  const path = usePathname();
  const current = [...LINKS]
    .sort((a, b) => b.href.length - a.href.length)
    .find((link) => (link.href === "/" ? path === "/" : path.startsWith(link.href)));
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-bg/90 backdrop-blur">
      <div className="mx-auto flex max-w-7xl flex-wrap items-center gap-x-3 px-4 sm:px-6">
        <Link href="/" className="flex h-14 items-center gap-2.5 text-[1.0625rem] font-bold tracking-tight">
          <svg viewBox="0 0 32 32" className="size-7" aria-hidden="true">
            <rect width="32" height="32" rx="8" className="fill-accent" />
            <path
              d="M6 12c4-4 6-4 10 0s6 4 10 0M6 20c4-4 6-4 10 0s6 4 10 0"
              fill="none"
              className="stroke-on-accent"
              strokeWidth="2.8"
              strokeLinecap="round"
            />
          </svg>
          ComputeStream
        </Link>
        {config.network !== "mainnet" && (
          <span className="hidden rounded-full border border-line px-2 py-0.5 text-xs font-medium text-muted sm:inline">
            {config.network}
          </span>
        )}
        <nav
          aria-label="Main"
          className="order-last -mx-1 flex w-full gap-1 pb-2 md:order-none md:mx-3 md:w-auto md:pb-0"
        >
          {LINKS.map((link) => (
            <Link
              key={link.href}
              href={link.href}
              aria-current={current === link ? "page" : undefined}
              className={`rounded-lg px-3 py-2 text-sm font-medium ${
                current === link ? "bg-raised text-text" : "text-muted hover:text-text"
              }`}
            >
              {link.label}
            </Link>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-1.5">
          <ThemeToggle />
          <ConnectButton />
        </div>
      </div>
      <DevWalletBanner />
    </header>
  );
}
