/**
 * Wallets of tests: keys that the hand-written chain takes for those of its accounts, and sign-ins with them.
 * It doesn't assert anything.
 */
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import {
  type NonceDto,
  type TokensDto,
  walletMessage,
  type zSignInRequest,
} from "@computestream/protocol/api";
import pg from "pg";
import type { z } from "zod";
import { createAuth } from "../src/auth/auth.ts";
import { loadSigningKey } from "../src/auth/signing-key.ts";
import type { ChainSource } from "../src/chain/source.ts";
import type { HandWrittenChain } from "./hand-written-chain.ts";

export const newAccount = () => new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });
export const addressOf = (account: Ed25519Account) => account.accountAddress.toStringLong();

/** A key for an address that has none by itself, as after a rotation. */
export function keyFor(chain: HandWrittenChain, address: string): Ed25519Account {
  const account = newAccount();
  chain.authenticationKeys.set(address, account.publicKey.authKey().toString());
  return account;
}

export function post(
  url: string,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}/api/v1${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
}

export async function nonceFor(url: string, address: string): Promise<NonceDto> {
  const response = await post(url, "/auth/nonce", { address });
  if (response.status !== 200) throw new Error(`nonce: ${response.status} ${await response.text()}`);
  return (await response.json()) as NonceDto;
}

/** What the wallet answers; `over` replaces what it would have put into the text. */
export function signed(
  account: Ed25519Account,
  nonce: NonceDto,
  over: Partial<Parameters<typeof walletMessage>[0]> = {},
): z.output<typeof zSignInRequest> {
  const fullMessage = walletMessage({
    address: nonce.address,
    application: `http://${nonce.domain}`,
    chainId: nonce.chainId,
    message: nonce.message,
    nonce: nonce.nonce,
    ...over,
  });
  return {
    address: nonce.address,
    scheme: "ed25519",
    publicKey: account.publicKey.toString(),
    signature: account.sign(new TextEncoder().encode(fullMessage)).toString(),
    fullMessage,
  };
}

export async function signIn(
  url: string,
  account: Ed25519Account,
  address: string = addressOf(account),
): Promise<TokensDto> {
  const response = await post(url, "/auth/sign-in", signed(account, await nonceFor(url, address)));
  if (response.status !== 200) throw new Error(`sign-in: ${response.status} ${await response.text()}`);
  return (await response.json()) as TokensDto;
}

export const bearer = (token: string | TokensDto) => ({
  authorization: `Bearer ${typeof token === "string" ? token : token.accessToken}`,
});

export const NOBODY = { origin: undefined, userAgent: "" };

/** The service's own parts over the same database and key, at a time of the test's choosing. */
export async function authBeside(p: { databaseUrl: string; signingKeyFile: string; source: ChainSource }) {
  const pool = new pg.Pool({ connectionString: p.databaseUrl, max: 4 });
  const clock = { ms: Date.now() };
  const auth = createAuth({
    pool,
    key: await loadSigningKey(p.signingKeyFile, false),
    source: p.source,
    domains: ["localhost:3000"],
    now: () => clock.ms,
  });
  return {
    auth,
    clock,
    async start(): Promise<TokensDto> {
      const account = newAccount();
      return auth.signIn(signed(account, auth.makeNonce({ address: addressOf(account) }, NOBODY)), NOBODY);
    },
    close: () => pool.end(),
  };
}
