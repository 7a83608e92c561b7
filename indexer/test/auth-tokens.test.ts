/** Access and refresh tokens, sessions and the signing key's file, against a served indexer and a real PostgreSQL. */
import { createHmac, createPrivateKey, generateKeyPairSync } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ACCESS_TOKEN_SECS, type TokensDto } from "@computestream/protocol/api";
import { createLocalJWKSet, decodeJwt, jwtVerify, SignJWT } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MAX_SESSIONS } from "../src/auth/sessions.ts";
import { loadSigningKey, TOKEN_TYPE } from "../src/auth/signing-key.ts";
import { type AuthWorld, refusalOf, startAuthWorld } from "./auth-world.ts";
import { run } from "./parts.ts";
import { addressOf, authBeside, bearer, newAccount, post, signIn } from "./sign-in.ts";

let world: AuthWorld;
let url: string;
let chain: AuthWorld["chain"];
let databaseUrl: string;
let signingKeyFile: string;
let sessions: AuthWorld["sessions"];
let refresh: AuthWorld["refresh"];

beforeAll(async () => {
  world = await startAuthWorld();
  ({ url, chain, databaseUrl, signingKeyFile, sessions, refresh } = world);
}, 60_000);

afterAll(() => world?.close());

describe("an access token", () => {
  const KEY = () => readFileSync(signingKeyFile, "utf8");
  const get = async (token: string) => (await refusalOf(await sessions(token))).slice(0, 2);
  const refusedToken = [401, "INVALID_TOKEN"];

  it("can be verified by anyone with the published key, and says whose it is", async () => {
    const tokens = await signIn(url, newAccount());
    const jwks = await (await fetch(`${url}/api/v1/auth/jwks.json`)).json();
    expect(JSON.stringify(jwks)).not.toContain('"d"');
    const { payload, protectedHeader } = await jwtVerify(
      tokens.accessToken,
      createLocalJWKSet(jwks as never),
      {
        issuer: `computestream:4:${chain.deployment.packageAddress}`,
        audience: "localhost:3000",
      },
    );
    expect(protectedHeader).toMatchObject({ alg: "EdDSA", typ: TOKEN_TYPE });
    expect(payload).toMatchObject({ sub: tokens.wallet, sid: tokens.sid, chain: 4 });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(ACCESS_TOKEN_SECS);
  });

  it("isn't taken when forged: no algorithm, the public key as a secret, another key, other claims", async () => {
    const { accessToken } = await signIn(url, newAccount());
    expect((await sessions(accessToken)).status).toBe(200);
    const [header = "", payload = "", signature = ""] = accessToken.split(".");
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const kid = JSON.parse(Buffer.from(header, "base64url").toString()).kid as string;
    const { keys } = (await (await fetch(`${url}/api/v1/auth/jwks.json`)).json()) as {
      keys: Array<{ x: string }>;
    };
    for (const alg of ["none", "None", "NONE"]) {
      expect(await get(`${encode({ alg, typ: TOKEN_TYPE })}.${payload}.`)).toEqual(refusedToken);
    }
    for (const secret of [
      Buffer.from(keys[0]?.x ?? "", "base64url"),
      Buffer.from(keys[0]?.x ?? ""),
      Buffer.from(KEY()),
    ]) {
      const head = encode({ alg: "HS256", typ: TOKEN_TYPE, kid });
      const mac = createHmac("sha256", secret).update(`${head}.${payload}`).digest("base64url");
      expect(await get(`${head}.${payload}.${mac}`)).toEqual(refusedToken);
    }
    const claims = decodeJwt(accessToken);
    const ours = createPrivateKey(KEY());
    const other = generateKeyPairSync("ed25519").privateKey;
    const make = (over: object, key = ours, typ = TOKEN_TYPE) =>
      new SignJWT({ ...claims, ...over }).setProtectedHeader({ alg: "EdDSA", typ, kid }).sign(key);
    expect((await sessions(await make({}))).status).toBe(200);
    const now = Math.floor(Date.now() / 1000);
    for (const [what, token] of Object.entries({
      "another key": make({}, other),
      "another type": make({}, ours, "JWT"),
      "another issuer": make({ iss: "computestream:1:0x1" }),
      "another audience": make({ aud: "evil.example" }),
      "another chain": make({ chain: 1 }),
      "another wallet": make({ sub: `0x${"1".repeat(64)}` }),
      "another session": make({ sid: "7d1f0c9e-8a4b-4c1d-9e2f-0a1b2c3d4e5f" }),
      "no session": make({ sid: undefined }),
      "a session that is none": make({ sid: "' OR 1=1 --" }),
      "no end": make({ exp: undefined }),
      expired: make({ exp: now - 10 }),
      "not yet": make({ nbf: now + 60 }),
    })) {
      expect(await get(await token), what).toEqual(refusedToken);
    }
    const flipped = `${header}.${payload}.${signature.startsWith("A") ? "B" : "A"}${signature.slice(1)}`;
    for (const token of [
      flipped,
      `${header}.${payload}`,
      `${header}..${signature}`,
      `${accessToken}.x`,
      "a".repeat(3_000),
    ]) {
      expect(await get(token)).toEqual(refusedToken);
    }
  });

  it("ends after ten minutes", async () => {
    const { auth, clock, start, close } = await authBeside({ databaseUrl, signingKeyFile, source: chain });
    const tokens = await start();
    clock.ms += ACCESS_TOKEN_SECS * 1000;
    // The clocks of two machines may differ by five seconds.
    expect((await auth.authenticate(tokens.accessToken)).wallet).toBe(tokens.wallet);
    clock.ms += 6_000;
    await expect(auth.authenticate(tokens.accessToken)).rejects.toMatchObject({ code: "INVALID_TOKEN" });
    await close();
  });

  it("is refused at once when its session is signed out, also where nobody needs one", async () => {
    const account = newAccount();
    const [one, two, three] = [
      await signIn(url, account),
      await signIn(url, account),
      await signIn(url, account),
    ];
    expect(await (await post(url, "/auth/sign-out", {}, bearer(one))).json()).toEqual({ revoked: 1 });
    expect((await sessions(one)).status).toBe(401);
    const open = await fetch(`${url}/api/v1/stats`, { headers: bearer(one) });
    expect([open.status, open.headers.get("www-authenticate")]).toEqual([
      401,
      'Bearer realm="computestream", error="invalid_token"',
    ]);
    expect(await refusalOf(await refresh(one.refreshToken))).toEqual([
      401,
      "INVALID_REFRESH_TOKEN",
      "refreshToken",
    ]);
    expect((await sessions(two)).status).toBe(200);
    expect(await (await post(url, "/auth/sign-out", { all: true }, bearer(two))).json()).toEqual({
      revoked: 2,
    });
    expect((await sessions(three)).status).toBe(401);
  });

  it("is answered privately, and an open route with it the same as without", async () => {
    const tokens = await signIn(url, newAccount());
    const open = `${url}/api/v1/stats`;
    const [without, withToken] = [await fetch(open), await fetch(open, { headers: bearer(tokens) })];
    expect(without.headers.get("cache-control")).toBe("no-cache");
    expect(withToken.headers.get("cache-control")).toBe("private, no-store");
    for (const { headers } of [without, withToken]) expect(headers.get("vary")).toContain("Authorization");
    expect(await withToken.json()).toEqual(await without.json());
  });
});

describe("a refresh token", () => {
  it("gives the next one, and the access token goes on", async () => {
    const tokens = await signIn(url, newAccount());
    const next = (await (await refresh(tokens.refreshToken)).json()) as TokensDto;
    expect(next).toMatchObject({ wallet: tokens.wallet, sid: tokens.sid });
    expect(next.refreshToken).not.toBe(tokens.refreshToken);
    expect((await sessions(next)).status).toBe(200);
  });

  it("that two bring at once is turned once, and both get the same next one", async () => {
    const tokens = await signIn(url, newAccount());
    const answers = await Promise.all([1, 2, 3].map(() => refresh(tokens.refreshToken)));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    const next = (await Promise.all(answers.map((answer) => answer.json()))) as TokensDto[];
    expect(new Set(next.map(({ refreshToken }) => refreshToken)).size).toBe(1);
    const [row] = await run(databaseUrl, "SELECT generation FROM auth_sessions WHERE sid = $1", [tokens.sid]);
    expect(row).toEqual({ generation: 1 });
  });

  it("ends the session when it comes again late, or after its successor was used", async () => {
    const { auth, clock, start, close } = await authBeside({ databaseUrl, signingKeyFile, source: chain });
    const ended = { status: 401, code: "INVALID_REFRESH_TOKEN" };
    const late = await start();
    const next = await auth.refresh(late.refreshToken);
    clock.ms += 10_000;
    expect((await auth.refresh(late.refreshToken)).refreshToken).toBe(next.refreshToken);
    clock.ms += 1;
    await expect(auth.refresh(late.refreshToken)).rejects.toMatchObject({
      status: 401,
      code: "REFRESH_REUSED",
    });
    await expect(auth.refresh(next.refreshToken)).rejects.toMatchObject(ended);
    await expect(auth.authenticate(next.accessToken)).rejects.toMatchObject({ code: "INVALID_TOKEN" });

    const used = await start();
    const second = await auth.refresh(used.refreshToken);
    const third = await auth.refresh(second.refreshToken);
    await expect(auth.refresh(used.refreshToken)).rejects.toMatchObject({ code: "REFRESH_REUSED" });
    await expect(auth.refresh(third.refreshToken)).rejects.toMatchObject(ended);
    await close();
  });

  it("that was made up ends nobody's session, though it name it", async () => {
    const tokens = await signIn(url, newAccount());
    const bytes = Buffer.from(tokens.refreshToken.slice(4), "base64url");
    for (const at of [16, 19, 20, 51, 52, 67]) {
      const forged = Buffer.from(bytes);
      forged[at] = (forged[at] ?? 0) ^ 1;
      const answer = await refresh(`csr_${forged.toString("base64url")}`);
      expect(await refusalOf(answer), String(at)).toEqual([401, "INVALID_REFRESH_TOKEN", "refreshToken"]);
    }
    // The same bytes in another spelling: the last character has two bits that mean nothing.
    const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const last = letters.indexOf(tokens.refreshToken.at(-1) ?? "");
    const respelled = tokens.refreshToken.slice(0, -1) + letters[last + 1];
    expect((await refusalOf(await refresh(respelled)))[1]).toBe("INVALID_REFRESH_TOKEN");
    expect((await refresh(tokens.refreshToken)).status).toBe(200);
  });

  it("ends after seven days unused and thirty in all", async () => {
    const day = 86_400_000;
    const { auth, clock, start, close } = await authBeside({ databaseUrl, signingKeyFile, source: chain });
    let tokens = await start();
    const begun = clock.ms;
    for (let days = 6; days <= 24; days += 6) {
      clock.ms = begun + days * day;
      tokens = await auth.refresh(tokens.refreshToken);
    }
    expect(tokens.refreshExpiresAt).toBe(Math.floor((begun + 30 * day) / 1000));
    clock.ms = begun + 30 * day;
    await expect(auth.refresh(tokens.refreshToken)).rejects.toMatchObject({ code: "INVALID_REFRESH_TOKEN" });
    await close();
  });
});

describe("what a wallet can fill is bounded", () => {
  it("further sessions end the oldest, and ended ones go", async () => {
    const account = newAccount();
    const made: TokensDto[] = [];
    for (let i = 0; i < MAX_SESSIONS + 12; i++) made.push(await signIn(url, account));
    const alive = await Promise.all(made.map(async (tokens) => (await sessions(tokens)).status === 200));
    expect(alive.lastIndexOf(false)).toBe(11);
    expect(alive.filter(Boolean)).toHaveLength(MAX_SESSIONS);
    const [row] = await run(databaseUrl, "SELECT count(*)::int AS n FROM auth_sessions WHERE wallet = $1", [
      addressOf(account),
    ]);
    expect(row).toEqual({ n: MAX_SESSIONS + 10 });
  });

  it("nonces and sessions whose time is over go with the next sign-ins", async () => {
    await run(databaseUrl, "UPDATE auth_used_nonces SET expires_at = now() - interval '1 second'");
    await run(databaseUrl, "UPDATE auth_sessions SET expires_at = now() - interval '31 days'");
    await signIn(url, newAccount());
    const counts =
      "SELECT (SELECT count(*)::int FROM auth_used_nonces) AS nonces, count(*)::int AS sessions FROM auth_sessions";
    expect(await run(databaseUrl, counts)).toEqual([{ nonces: 1, sessions: 1 }]);
  });
});

describe("the signing key's file", () => {
  it("is made at the first start for its owner alone, and read at the next", async () => {
    expect(statSync(signingKeyFile).mode & 0o777).toBe(0o600);
    const again = await loadSigningKey(signingKeyFile, true);
    const { keys } = (await (await fetch(`${url}/api/v1/auth/jwks.json`)).json()) as { keys: object[] };
    expect(keys).toEqual([again.publicJwk]);
  });

  it("stops the start when it is missing in production, open to others or no key; nothing quotes it", async () => {
    const path = (name: string) => join(world.directory, name);
    await expect(loadSigningKey(path("missing"), false)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    writeFileSync(path("open"), readFileSync(signingKeyFile), { mode: 0o644 });
    await expect(loadSigningKey(path("open"), true)).rejects.toThrow(/chmod 600/);
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
    writeFileSync(path("rsa"), rsa.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });
    writeFileSync(path("text"), "-----BEGIN secret-text", { mode: 0o600 });
    for (const name of ["rsa", "text"]) {
      const error = (await loadSigningKey(path(name), true).catch((e: unknown) => e)) as Error;
      expect(error.message).toMatch(/holds no Ed25519 key in PEM/);
      expect(`${error.stack} ${String(error.cause)}`).not.toContain("secret-text");
    }
  });
});
