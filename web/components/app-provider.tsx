"use client";
/**
 * What every island of the page shares: configuration, API client, live connection, wallets' sessions.
 * It doesn't hold data; hooks do.
 */
import type { PublicConfig } from "@computestream/protocol/api";
import { createContext, type ReactNode, useContext, useMemo } from "react";
import { type Api, createApi } from "../lib/api.ts";
import { createLiveSocket, type LiveSocket } from "../lib/live-socket.ts";
import { createSessions, type Sessions } from "../lib/session.ts";

interface App {
  config: PublicConfig;
  api: Api;
  live: LiveSocket;
  sessions: Sessions;
}

const AppContext = createContext<App | null>(null);

export function AppProvider({ config, children }: { config: PublicConfig; children: ReactNode }) {
  const app = useMemo(
    () => ({
      config,
      api: createApi(config),
      live: createLiveSocket(`${config.indexerUrl.replace(/^http/, "ws")}/api/v1/ws`),
      sessions: createSessions({ config, domain: () => window.location.host }),
    }),
    [config],
  );
  return <AppContext value={app}>{children}</AppContext>;
}

export function useApp(): App {
  const app = useContext(AppContext);
  if (!app) throw new Error("useApp outside of AppProvider");
  return app;
}
