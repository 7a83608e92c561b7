/**
 * A served indexer that wallets sign in to, with a key file of its own, and what its tests ask of it.
 * It doesn't assert anything.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TokensDto } from "@computestream/protocol/api";
import { createHandWrittenChain } from "./hand-written-chain.ts";
import { parameters, T0 } from "./histories.ts";
import { serve, startDatabases, untilMirrored } from "./parts.ts";
import { bearer, post } from "./sign-in.ts";

export type AuthWorld = Awaited<ReturnType<typeof startAuthWorld>>;

export async function startAuthWorld() {
  const directory = mkdtempSync(join(tmpdir(), "indexer-auth-"));
  const signingKeyFile = join(directory, "keys", "signing-key.pem");
  const databases = await startDatabases();
  const databaseUrl = await databases.database();
  const chain = createHandWrittenChain();
  chain.append(T0, [parameters()]);
  const service = await serve(databaseUrl, chain, { signingKeyFile });
  const { url } = service;
  await untilMirrored(url, chain.head);
  return {
    url,
    chain,
    databaseUrl,
    directory,
    signingKeyFile,
    sessions: (tokens: TokensDto | string) =>
      fetch(`${url}/api/v1/auth/sessions`, { headers: bearer(tokens) }),
    refresh: (refreshToken: string) => post(url, "/auth/refresh", { refreshToken }),
    async close() {
      await service.close();
      await databases.close();
    },
  };
}

/** Status, code and field. */
export async function refusalOf(response: Response) {
  const { error } = (await response.json()) as { error: { code: string; field?: string } };
  return [response.status, error.code, error.field];
}
