/**
 * The frame of every page: theme before first paint, configuration for the browser, header, footer.
 * It doesn't know what the pages show.
 */
import type { Metadata, Viewport } from "next";
import { headers } from "next/headers";
import type { ReactNode } from "react";
import { AppProvider } from "../components/app-provider.tsx";
import { Footer } from "../components/footer.tsx";
import { Header } from "../components/header.tsx";
import { WalletLoader } from "../components/wallet/wallet-loader.tsx";
import { loadConfig } from "../lib/config.ts";
import { THEME_SCRIPT } from "../lib/theme.ts";
import "./globals.css";

export const metadata: Metadata = {
  title: { default: "ComputeStream: compute, paid by the second", template: "%s · ComputeStream" },
  description:
    "Rent a GPU or CPU by the second. Money streams from an on-chain escrow only for seconds the machine can prove.",
};

export const viewport: Viewport = {
  width: "device-width",
  initialScale: 1,
  themeColor: [
    { media: "(prefers-color-scheme: light)", color: "#f5f7f8" },
    { media: "(prefers-color-scheme: dark)", color: "#0a0f13" },
  ],
};

export default async function RootLayout({ children }: { children: ReactNode }) {
  const nonce = (await headers()).get("x-nonce") ?? undefined;
  const { public: config } = loadConfig();
  return (
    // The theme script sets data-theme before React wakes.
    <html lang="en" suppressHydrationWarning>
      <head>
        {/* biome-ignore lint/security/noDangerouslySetInnerHtml: a constant of ours, run before paint so that nothing flashes */}
        <script nonce={nonce} suppressHydrationWarning dangerouslySetInnerHTML={{ __html: THEME_SCRIPT }} />
      </head>
      <body className="flex min-h-dvh flex-col">
        <AppProvider config={config}>
          <a
            href="#main"
            className="btn btn-primary sr-only z-50 focus:not-sr-only focus:absolute focus:top-3 focus:left-3"
          >
            Skip to content
          </a>
          <Header />
          <main id="main" className="mx-auto w-full max-w-7xl flex-1 px-4 py-6 sm:px-6 sm:py-8">
            {children}
          </main>
          <Footer />
          <WalletLoader />
        </AppProvider>
      </body>
    </html>
  );
}
