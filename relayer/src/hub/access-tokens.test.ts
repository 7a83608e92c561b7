/** Tokens as the indexer signs them, by a key pair whose public half a server publishes. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createAccessTokenReader } from "./access-tokens.ts";
import { checkLogAccess, type LogAccessContext } from "./log-access.ts";

const address = (byte: string) => `0x${byte.repeat(32)}`;
const [JOB, PROVIDER, PACKAGE, BUYER, OWNER] = ["11", "22", "33", "b0", "aa"].map(address) as [
  string,
  string,
  string,
  string,
  string,
];
const NOW_SECS = 1_800_000_000;
const ISSUER = `computestream:4:${PACKAGE}`;

type Pair = Awaited<ReturnType<typeof generateKeyPair>>;
let pair: Pair;
let stranger: Pair;
let server: Server;
let jwksUrl: string;
/** What the server answers with. */
let published: { status: number; keys: object[] };

beforeAll(async () => {
  pair = await generateKeyPair("EdDSA");
  stranger = await generateKeyPair("EdDSA");
  const jwk = { ...(await exportJWK(pair.publicKey)), alg: "EdDSA", use: "sig", kid: "first" };
  published = { status: 200, keys: [jwk] };
  server = createServer((_request, response) => {
    response.writeHead(published.status, { "content-type": "application/json" });
    response.end(JSON.stringify({ keys: published.keys }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  jwksUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/auth/jwks.json`;
});
afterAll(() => new Promise((resolve) => server?.close(resolve)));

const reader = (url = jwksUrl) =>
  createAccessTokenReader({
    jwksUrl: url,
    domains: ["market.example", "www.market.example"],
    chainId: 4,
    packageAddress: PACKAGE,
    now: () => new Date(NOW_SECS * 1000),
  });

interface Wrong {
  claims?: JWTPayload;
  header?: { typ?: string; kid?: string };
  by?: Pair;
}

/** Right but for what is said. */
function token({ claims, header, by = pair }: Wrong = {}): Promise<string> {
  return new SignJWT({
    ...{ iss: ISSUER, aud: "market.example", sub: BUYER, sid: crypto.randomUUID(), chain: 4 },
    ...{ iat: NOW_SECS - 60, exp: NOW_SECS + 540 },
    ...claims,
  })
    .setProtectedHeader({ alg: "EdDSA", typ: "at+jwt", kid: "first", ...header })
    .sign(by.privateKey);
}

const codeOf = (read: Promise<unknown>) =>
  read.then(
    () => "taken",
    (error: { code: string }) => error.code,
  );

describe("an access token", () => {
  it("names its wallet and its end", async () => {
    expect(await reader().read(await token())).toEqual({ wallet: BUYER, expiresAt: NOW_SECS + 540 });
    const elsewhere = await token({ claims: { aud: "www.market.example" } });
    expect(await reader().read(elsewhere)).toMatchObject({ wallet: BUYER });
  });

  it("is good until its time is over, and five seconds for the clocks", async () => {
    expect(await codeOf(reader().read(await token({ claims: { exp: NOW_SECS - 4 } })))).toBe("taken");
    expect(await codeOf(reader().read(await token({ claims: { exp: NOW_SECS - 5 } })))).toBe("TOKEN_EXPIRED");
  });

  it("of another market, site, chain, key or kind is none", async () => {
    const wrong: Wrong[] = [
      { claims: { iss: `computestream:4:${address("34")}` } },
      { claims: { iss: `computestream:5:${PACKAGE}` } },
      { claims: { aud: "evil.example" } },
      { claims: { chain: 5 } },
      { claims: { sub: "0xb0" } },
      { header: { typ: "JWT" } },
      { header: { kid: "second" } },
      { by: stranger },
    ];
    for (const what of wrong) {
      expect(await codeOf(reader().read(await token(what))), JSON.stringify(what)).toBe("BAD_TOKEN");
    }
  });

  it("isn't what is unsigned, cut off or changed afterwards", async () => {
    const good = await token();
    const [header = "", payload = "", signature = ""] = good.split(".");
    const claims = JSON.parse(Buffer.from(payload, "base64url").toString()) as JWTPayload;
    const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    for (const text of [
      "",
      "a.b.c",
      `${header}.${payload}.`,
      `${encoded({ alg: "none", typ: "at+jwt" })}.${payload}.`,
      `${header}.${encoded({ ...claims, sub: OWNER })}.${signature}`,
    ]) {
      expect(await codeOf(reader().read(text)), text).toBe("BAD_TOKEN");
    }
  });

  it("can't be read while the keys can't be had, which is nobody's fault who holds one", async () => {
    const good = await token();
    expect(await codeOf(reader("http://127.0.0.1:1/jwks.json").read(good))).toBe("SIGN_IN_UNAVAILABLE");
    published.status = 503;
    const late = reader();
    expect(await codeOf(late.read(good))).toBe("SIGN_IN_UNAVAILABLE");
    published.status = 200;
    expect(await codeOf(late.read(good))).toBe("taken");
  });
});

describe("logs by token", () => {
  const context = (tokens: LogAccessContext["tokens"]) =>
    ({
      ...{ chainId: 4, packageAddress: PACKAGE, authenticationKey: async () => null, tokens },
      views: {
        nowSecs: () => BigInt(NOW_SECS),
        job: async (job: string) => (job === JOB ? { buyer: BUYER, provider: PROVIDER } : null),
        provider: async () => ({ owner: OWNER, operator: address("ab") }),
      },
    }) as unknown as LogAccessContext;
  const open = async (wallet: string, job = JOB, tokens: LogAccessContext["tokens"] = reader()) =>
    checkLogAccess(
      { type: "open", job, accessToken: await token({ claims: { sub: wallet } }) },
      context(tokens),
    );

  it("are the buyer's and the provider's, until the token ends", async () => {
    for (const wallet of [BUYER, OWNER, address("ab")])
      expect(await open(wallet)).toEqual({ until: NOW_SECS + 540 });
    expect(await codeOf(open(address("cc")))).toBe("NOT_A_PARTY");
    expect(await codeOf(open(BUYER, address("12")))).toBe("JOB_UNKNOWN");
  });

  it("are nobody's where tokens aren't taken", async () => {
    expect(await codeOf(open(BUYER, JOB, null))).toBe("TOKENS_NOT_TAKEN");
  });
});
