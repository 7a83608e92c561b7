import type { TokensDto } from "@computestream/protocol/api";
import { signInMessage, walletMessage } from "@computestream/protocol/api";
import type { SignMessage } from "@computestream/protocol/session";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { createSessions } from "./session.ts";

const ANNA = `0x${"a1".repeat(32)}`;
const BEN = `0x${"be".repeat(32)}`;
const PACKAGE = `0x${"c0".repeat(32)}`;
const NOW_SECS = 1_800_000_000;

/** Answers by path; what isn't named is 500. */
type Answers = Record<string, (body: unknown, init: RequestInit) => [status: number, body: unknown]>;

const kept = new Map<string, string>();
const storage = {
  getItem: (key: string) => kept.get(key) ?? null,
  setItem: (key: string, value: string) => void kept.set(key, value),
  removeItem: (key: string) => void kept.delete(key),
};
beforeEach(() => kept.clear());

const tokensOf = (wallet: string, over: Partial<TokensDto> = {}): TokensDto => ({
  accessToken: `access of ${wallet}`,
  accessExpiresAt: NOW_SECS + 600,
  refreshToken: `csr_${"r".repeat(91)}`,
  refreshExpiresAt: NOW_SECS + 7 * 86_400,
  wallet,
  sid: "s",
  ...over,
});

const nonce = (body: unknown): [number, unknown] => {
  const { address, domain } = body as { address: string; domain: string };
  const terms = {
    domain,
    address,
    chainId: 77,
    packageAddress: PACKAGE,
    nonce: "n1",
    issuedAt: "2027-01-15T08:00:00.000Z",
    expiresAt: "2027-01-15T08:05:00.000Z",
  };
  return [200, { ...terms, message: signInMessage(terms) }];
};

const refusing =
  (status: number, code: string, message = "no") =>
  (): [number, unknown] => [status, { error: { code, message } }];

function open(answers: Answers = {}, nowSecs = NOW_SECS) {
  const seen: string[] = [];
  const sessions = createSessions({
    config: { chainId: 77, packageAddress: PACKAGE, indexerUrl: "http://i" },
    domain: () => "site:3000",
    storage,
    now: () => nowSecs * 1000,
    fetcher: async (input, init = {}) => {
      const path = String(input).replace("http://i/api/v1", "");
      seen.push(path);
      const answer = answers[path.replace(/\?.*/, "")];
      const [status, body] = answer?.(JSON.parse(String(init.body ?? "null")), init) ?? [500, {}];
      return Response.json(body, { status });
    },
  });
  return { sessions, seen };
}

const signs: SignMessage = async ({ address, domain, chainId, message, nonce: of }) => ({
  scheme: "ed25519",
  publicKey: "0x01",
  signature: "0x02",
  fullMessage: walletMessage({ address, application: `http://${domain}`, chainId, message, nonce: of }),
});

const signedIn: Answers = {
  "/auth/nonce": nonce,
  "/auth/sign-in": (body) => [200, tokensOf((body as { address: string }).address)],
};

describe("sessions of wallets in a browser", () => {
  it("are kept over a reload, one for each wallet", async () => {
    await open(signedIn).sessions.signIn(ANNA, signs);
    const reloaded = open().sessions;
    expect(reloaded.has(ANNA)).toBe(true);
    expect(reloaded.has(BEN)).toBe(false);
  });

  it("ask for the page's own site, and have the wallet sign that", async () => {
    let text = "";
    const { sessions } = open({
      ...signedIn,
      "/auth/sign-in": (body) => {
        text = (body as { fullMessage: string }).fullMessage;
        return [200, tokensOf(ANNA)];
      },
    });
    await sessions.signIn(ANNA, signs);
    expect(text).toContain("\napplication: http://site:3000\nchainId: 77\n");
    expect(text).toContain("site:3000 wants you to sign in to ComputeStream");
  });

  it("don't count once they have run out", async () => {
    await open(signedIn).sessions.signIn(ANNA, signs);
    expect(open({}, NOW_SECS + 7 * 86_400 - 1).sessions.has(ANNA)).toBe(true);
    expect(open({}, NOW_SECS + 7 * 86_400).sessions.has(ANNA)).toBe(false);
  });

  it("are another market's business when they are", async () => {
    await open(signedIn).sessions.signIn(ANNA, signs);
    const other = createSessions({
      config: { chainId: 78, packageAddress: PACKAGE, indexerUrl: "http://i" },
      domain: () => "site:3000",
      storage,
      now: () => NOW_SECS * 1000,
    });
    expect(other.has(ANNA)).toBe(false);
  });

  it("read with the wallet's own token", async () => {
    let header: string | null = null;
    const { sessions, seen } = open({
      ...signedIn,
      "/x": (_, init) => {
        header = new Headers(init.headers).get("authorization");
        return [200, { n: 1 }];
      },
    });
    await sessions.signIn(ANNA, signs);
    const read = await sessions.read(ANNA, "/x", z.object({ n: z.number() }), { limit: 5 });
    expect(read).toEqual({ n: 1 });
    expect(header).toBe(`Bearer access of ${ANNA}`);
    expect(seen.at(-1)).toBe("/x?limit=5");
    // For the relayer, which takes the same.
    expect(await sessions.accessToken(ANNA)).toBe(`access of ${ANNA}`);
    await expect(sessions.accessToken(BEN)).rejects.toMatchObject({ code: "NOT_SIGNED_IN" });
  });

  it("that the API has ended are forgotten, and say so to who listens", async () => {
    const { sessions } = open({
      ...signedIn,
      "/x": refusing(401, "INVALID_TOKEN"),
      "/auth/refresh": refusing(401, "INVALID_REFRESH_TOKEN"),
    });
    await sessions.signIn(ANNA, signs);
    let told = 0;
    sessions.subscribe(() => told++);
    await expect(sessions.read(ANNA, "/x", z.unknown())).rejects.toMatchObject({
      code: "NOT_SIGNED_IN",
      message: "Your session has ended. Sign in again.",
    });
    expect(told).toBeGreaterThan(0);
    expect(sessions.has(ANNA)).toBe(false);
    expect(sessions.hasEnded(ANNA)).toBe(true);
    await sessions.signIn(ANNA, signs);
    expect(sessions.hasEnded(ANNA)).toBe(false);
  });

  it("outlive an API that doesn't answer", async () => {
    const { sessions } = open({
      ...signedIn,
      "/x": refusing(503, "QUERY_TIMEOUT", "the query took too long"),
    });
    await sessions.signIn(ANNA, signs);
    await expect(sessions.read(ANNA, "/x", z.unknown())).rejects.toMatchObject({
      status: 503,
      message: "The query took too long.",
    });
    expect(sessions.has(ANNA)).toBe(true);
  });

  it("are forgotten at the sign-out, also when the API can't be told", async () => {
    const { sessions } = open({ ...signedIn, "/auth/sign-out": refusing(500, "INTERNAL") });
    await sessions.signIn(ANNA, signs);
    await sessions.signOut(ANNA);
    expect(sessions.has(ANNA)).toBe(false);
    expect(sessions.hasEnded(ANNA)).toBe(false);
    expect(kept.size).toBe(0);
  });

  it("say what to do about a refusal", async () => {
    const refusal = async (code: string, status = 401) => {
      const { sessions } = open({ ...signedIn, "/auth/sign-in": refusing(status, code) });
      return sessions.signIn(ANNA, signs).then(
        () => "signed in",
        (error: Error) => error.message,
      );
    };
    expect(await refusal("WRONG_CHAIN")).toMatch(/Switch the wallet's network/);
    expect(await refusal("NONCE_EXPIRED")).toMatch(/Sign in again/);
    expect(await refusal("KEY_NOT_OF_ADDRESS")).toMatch(/present key/);
    expect(await refusal("RATE_LIMITED", 429)).toMatch(/Wait a minute/);
    expect(kept.size).toBe(0);
  });

  it("don't take storage that somebody has written to for tokens", () => {
    kept.set(`computestream.session.77.${PACKAGE}.${ANNA}`, "{not json");
    kept.set(`computestream.session.77.${PACKAGE}.${BEN}`, JSON.stringify(tokensOf(ANNA)));
    expect(open().sessions.has(ANNA)).toBe(false);
    expect(open().sessions.has(BEN)).toBe(false);
  });
});
