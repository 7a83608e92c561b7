/** Signing in by the client's own code against a real devnet: keys, rotations and the admin as the chain has them. */
import {
  Account,
  AuthenticationKey,
  Ed25519Account,
  SigningSchemeInput,
  type SingleKeyAccount,
} from "@aptos-labs/ts-sdk";
import { type ChainPart, startChain } from "@computestream/dev-env/parts";
import type { TokensDto } from "@computestream/protocol/api";
import { type ChainClient, createChainClient, signMessageWith } from "@computestream/protocol/client";
import { createSessionClient, memoryStore, type SessionError } from "@computestream/protocol/session";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Service } from "../src/service.ts";
import { run, serve, startDatabases } from "./parts.ts";

let databases: Awaited<ReturnType<typeof startDatabases>>;
let databaseUrl: string;
let chain: ChainPart;
let client: ChainClient;
let service: Service;

beforeAll(async () => {
  [databases, chain] = await Promise.all([startDatabases(), startChain()]);
  client = createChainClient({ deployment: chain.deployment });
  databaseUrl = await databases.database();
  service = await serve(databaseUrl, client);
}, 120_000);

afterAll(async () => {
  await service?.close();
  await chain?.close();
  await databases?.close();
});

function sessionOf(
  options: { now?: () => number; store?: ReturnType<typeof memoryStore>; fetcher?: typeof fetch } = {},
) {
  return createSessionClient({ url: service.url, market: chain.deployment, ...options });
}
const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => null,
    (error: unknown) => (error as SessionError).code,
  );

describe("on a real chain", () => {
  it("an account that the chain has never seen signs in with the key of its address, of either kind", async () => {
    const single = Account.generate({ scheme: SigningSchemeInput.Secp256k1Ecdsa }) as SingleKeyAccount;
    for (const account of [Ed25519Account.generate(), single]) {
      const session = sessionOf();
      const address = account.accountAddress.toStringLong();
      await session.signIn(address, signMessageWith(account));
      expect(await session.wallet()).toBe(address);
      const response = await session.fetch("/api/v1/me");
      expect(await response.json()).toMatchObject({ wallet: address, roles: { admin: false } });
    }
  });

  it("after a rotation the new key signs in for the old address, and the first one doesn't", async () => {
    const [first, second] = [Ed25519Account.generate(), Ed25519Account.generate()];
    const address = first.accountAddress.toStringLong();
    await chain.fund(address, 100_000_000n);
    expect(await client.authenticationKey(address)).toBe(address);
    await sessionOf().signIn(address, signMessageWith(first));
    const { aptos } = client;
    const next = AuthenticationKey.fromPublicKey({ publicKey: second.publicKey });
    const transaction = await aptos.transaction.build.simple({
      sender: address,
      data: {
        function: "0x1::account::rotate_authentication_key_call",
        functionArguments: [next.toUint8Array()],
      },
    });
    const { hash } = await aptos.signAndSubmitTransaction({ signer: first, transaction });
    await aptos.waitForTransaction({ transactionHash: hash });
    expect(await client.authenticationKey(address)).toBe(next.toString());
    expect(await codeOf(sessionOf().signIn(address, signMessageWith(first)))).toBe("KEY_NOT_OF_ADDRESS");
    expect((await sessionOf().signIn(address, signMessageWith(second))).wallet).toBe(address);
  });

  it("the market's admin is let in, and no other account", async () => {
    const admin = sessionOf();
    await admin.signIn(chain.admin.accountAddress.toString(), signMessageWith(chain.admin));
    expect((await admin.fetch("/api/v1/admin/status")).status).toBe(200);
    const other = sessionOf();
    const account = Ed25519Account.generate();
    await other.signIn(account.accountAddress.toString(), signMessageWith(account));
    expect((await other.fetch("/api/v1/admin/status")).status).toBe(403);
  });
});

describe("the client's session", () => {
  const start = async (options: Parameters<typeof sessionOf>[0] = {}) => {
    const store = memoryStore();
    const session = sessionOf({ store, ...options });
    const account = Ed25519Account.generate();
    await session.signIn(account.accountAddress.toString(), signMessageWith(account));
    return { session, account, kept: async () => (await store.load()) as TokensDto };
  };

  it("renews the token before it ends, once for all that wait", async () => {
    let ms = Date.now();
    const paths: string[] = [];
    const { session, kept } = await start({
      now: () => ms,
      fetcher: (input, init) => {
        paths.push(String(input).replace(service.url, ""));
        return fetch(input, init);
      },
    });
    const first = await kept();
    expect(await session.accessToken()).toBe(first.accessToken);
    ms += 571_000;
    paths.length = 0;
    const tokens = await Promise.all([1, 2, 3].map(() => session.accessToken()));
    expect(new Set(tokens).size).toBe(1);
    expect(paths).toEqual(["/api/v1/auth/refresh"]);
    expect((await kept()).refreshToken).not.toBe(first.refreshToken);
    expect((await session.fetch("/api/v1/me")).status).toBe(200);
  });

  it("gets a new token when the API finds the old one ended, and asks the wallet when the session is over", async () => {
    const { session, kept } = await start();
    const { sid } = await kept();
    let isFirst = true;
    const tampering = sessionOf({
      store: { ...memoryStore(), load: kept, save: async () => {} },
      fetcher: (input, init) => {
        const headers = new Headers(init?.headers);
        // As after a new signing key: no token of the old one is good.
        if (isFirst) headers.set("authorization", "Bearer x");
        isFirst = false;
        return fetch(input, { ...init, headers });
      },
    });
    expect((await tampering.fetch("/api/v1/me")).status).toBe(200);
    await run(
      databaseUrl,
      "UPDATE auth_sessions SET expires_at = now() - interval '1 second' WHERE sid = $1",
      [sid],
    );
    expect(await codeOf(session.fetch("/api/v1/me"))).toBe("NOT_SIGNED_IN");
    expect(await session.wallet()).toBeNull();
  });

  it("forgets the tokens at sign-out, also when the API is away, and ends the session where it can", async () => {
    const one = await start();
    const { accessToken } = await one.kept();
    await one.session.signOut();
    expect(await one.session.wallet()).toBeNull();
    const asked = await fetch(`${service.url}/api/v1/me`, {
      headers: { authorization: `Bearer ${accessToken}` },
    });
    expect(asked.status).toBe(401);
    let isAway = false;
    const two = await start({
      fetcher: (...args) => (isAway ? Promise.reject(new Error("away")) : fetch(...args)),
    });
    isAway = true;
    await two.session.signOut();
    expect(await codeOf(two.session.accessToken())).toBe("NOT_SIGNED_IN");
  });

  it("signs nothing that another market, another account's nonce or a changed text asks for", async () => {
    const account = Ed25519Account.generate();
    const address = account.accountAddress.toStringLong();
    for (const change of [
      { message: "Pay everything to 0x1" },
      { chainId: 1 },
      { packageAddress: `0x${"9".repeat(64)}` },
      { address: `0x${"1".repeat(64)}` },
      { domain: "evil.example" },
    ]) {
      const session = createSessionClient({
        url: service.url,
        market: chain.deployment,
        domain: "localhost:3000",
        fetcher: async (input, init) => {
          const answer = (await (await fetch(input, init)).json()) as object;
          return Response.json({ ...answer, ...change });
        },
      });
      let wasAsked = false;
      const signed = session.signIn(address, async () => {
        wasAsked = true;
        throw new Error("asked");
      });
      expect([await codeOf(signed), wasAsked], JSON.stringify(change)).toEqual(["WRONG_MARKET", false]);
    }
  });
});
