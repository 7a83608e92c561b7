/**
 * The table's part on signing in and sessions.
 * It doesn't answer anything: routes/auth.ts does.
 */
import {
  API_ROUTES,
  zNonceRequest,
  zNoQuery,
  zRefreshRequest,
  zSignInRequest,
  zSignOutRequest,
} from "@computestream/protocol/api";
import type { RouteTable } from "./types.ts";

const common = { tag: "auth", params: zNoQuery, query: zNoQuery, errors: [], exampleQuery: "" } as const;

export const AUTH_ROUTES = {
  "/api/v1/auth/nonce": {
    ...common,
    method: "POST",
    limit: "sign_in",
    summary: "A nonce to sign in with, good for five minutes and one sign-in",
    description:
      "Bound to the account, the site and this market. Let the wallet sign message by signMessage (AIP-62) with address, application and chainId.",
    body: zNonceRequest,
    answer: API_ROUTES["/api/v1/auth/nonce"],
  },
  "/api/v1/auth/sign-in": {
    ...common,
    method: "POST",
    limit: "sign_in",
    summary: "Tokens for a wallet's signature over the nonce's message",
    description:
      "The chain says which key is the account's, so that a rotated one counts and the one before doesn't. Keys: Ed25519, MultiEd25519, and Ed25519 or Secp256k1 as single or multi key. A wallet has ten sessions at most; further ones end the oldest.",
    body: zSignInRequest,
    answer: API_ROUTES["/api/v1/auth/sign-in"],
    errors: [
      "WRONG_MESSAGE",
      "WRONG_DOMAIN",
      "WRONG_CHAIN",
      "INVALID_NONCE",
      "NONCE_EXPIRED",
      "NONCE_USED",
      "BAD_SIGNATURE",
      "KEY_NOT_OF_ADDRESS",
      "CHAIN_UNAVAILABLE",
    ],
  },
  "/api/v1/auth/refresh": {
    ...common,
    method: "POST",
    limit: "sign_in",
    summary: "The next access token and refresh token of a session",
    description:
      "Whoever lost the answer may ask again with the same token for ten seconds and gets the same next one. Later, or once the next one was used, it ends the session. Unused for seven days a session ends, and thirty days after the sign-in.",
    body: zRefreshRequest,
    answer: API_ROUTES["/api/v1/auth/refresh"],
    errors: ["INVALID_REFRESH_TOKEN", "REFRESH_REUSED"],
  },
  "/api/v1/auth/sign-out": {
    ...common,
    method: "POST",
    security: "wallet",
    summary: "Ends this session, or all of the wallet's, at once",
    body: zSignOutRequest,
    answer: API_ROUTES["/api/v1/auth/sign-out"],
  },
  "/api/v1/auth/sessions": {
    ...common,
    security: "wallet",
    summary: "The wallet's sessions, newest first",
    answer: API_ROUTES["/api/v1/auth/sessions"],
  },
  "/api/v1/auth/jwks.json": {
    ...common,
    summary: "The public keys of access tokens",
    description:
      "For services that verify tokens themselves: EdDSA, typ at+jwt, iss computestream:<chain id>:<package address>, aud the site, sub the wallet, chain the chain id, sid the session. That a session was revoked they learn only when its token ends.",
    answer: API_ROUTES["/api/v1/auth/jwks.json"],
  },
} as const satisfies RouteTable;
