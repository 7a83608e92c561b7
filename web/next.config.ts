/**
 * How the browser bundle is built.
 * It doesn't know any environment: addresses and URLs are read at run time by lib/config.ts.
 */
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NextConfig } from "next";

const here = dirname(fileURLToPath(import.meta.url));

const config: NextConfig = {
  transpilePackages: ["@computestream/protocol"],
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm run typecheck` is the type gate; a production build shouldn't need the compiler twice.
  typescript: { ignoreBuildErrors: true },
  turbopack: {
    root: join(here, ".."),
    resolveAlias: {
      // The adapter bundles hosted wallets of another network that open a frame to a public host on every page.
      "@aptos-connect/wallet-adapter-plugin": "./wallet/no-hosted-wallets.ts",
    },
  },
  async headers() {
    return [
      {
        source: "/:path*",
        headers: [
          { key: "X-Content-Type-Options", value: "nosniff" },
          { key: "X-Frame-Options", value: "DENY" },
          { key: "Referrer-Policy", value: "strict-origin-when-cross-origin" },
          { key: "Permissions-Policy", value: "camera=(), microphone=(), geolocation=(), payment=()" },
          { key: "Cross-Origin-Opener-Policy", value: "same-origin-allow-popups" },
        ],
      },
    ];
  },
};

export default config;
