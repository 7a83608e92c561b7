import {
  AnyPublicKey,
  AnySignature,
  Ed25519PrivateKey,
  MultiEd25519PublicKey,
  MultiEd25519Signature,
  MultiKey,
  MultiKeySignature,
  Secp256k1PrivateKey,
} from "@aptos-labs/ts-sdk";
import { toHex } from "@computestream/protocol";
import { NONCE_SECS, type NonceDto, type TokensDto } from "@computestream/protocol/api";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type AuthWorld, refusalOf, startAuthWorld } from "./auth-world.ts";
import { createHandWrittenChain, deploymentOf } from "./hand-written-chain.ts";
import { run } from "./parts.ts";
import { addressOf, authBeside, NOBODY, newAccount, nonceFor, post, signed, signIn } from "./sign-in.ts";

const ORIGIN = "http://localhost:3000";
let world: AuthWorld;
let url: string;
let chain: AuthWorld["chain"];
let databaseUrl: string;
let signingKeyFile: string;
let sessions: AuthWorld["sessions"];

beforeAll(async () => {
  world = await startAuthWorld();
  ({ url, chain, databaseUrl, signingKeyFile, sessions } = world);
}, 60_000);

afterAll(() => world?.close());

describe("a sign-in", () => {
  it("gives tokens for a wallet's signature, and the session tells where it was made", async () => {
    const account = newAccount();
    const nonce = await nonceFor(url, addressOf(account));
    expect(nonce).toMatchObject({ domain: "localhost:3000", chainId: 4, address: addressOf(account) });
    expect(Date.parse(nonce.expiresAt) - Date.parse(nonce.issuedAt)).toBe(NONCE_SECS * 1000);
    const response = await post(url, "/auth/sign-in", signed(account, nonce), {
      origin: ORIGIN,
      "user-agent": "test/1",
    });
    expect([response.status, response.headers.get("cache-control")]).toEqual([200, "private, no-store"]);
    expect(response.headers.get("set-cookie")).toBeNull();
    const tokens = (await response.json()) as TokensDto;
    expect(tokens.wallet).toBe(addressOf(account));
    const list = (await (await sessions(tokens)).json()) as { items: object[] };
    expect(list.items).toEqual([
      expect.objectContaining({
        sid: tokens.sid,
        wallet: addressOf(account),
        domain: "localhost:3000",
        userAgent: "test/1",
        revokedAt: null,
        current: true,
      }),
    ]);
    // Nothing that opens anything is stored.
    const stored = JSON.stringify(await run(databaseUrl, "SELECT * FROM auth_sessions"));
    const secret = Buffer.from(tokens.refreshToken.slice(4), "base64url").subarray(20, 52);
    for (const text of [
      tokens.refreshToken,
      tokens.accessToken,
      secret.toString("hex"),
      secret.toJSON().data.join(),
    ]) {
      expect(stored).not.toContain(text);
    }
  });

  it("takes what wallets differ in: short addresses, a bare host as application", async () => {
    const account = newAccount();
    chain.authenticationKeys.set(`0x${"a1".padStart(64, "0")}`, account.publicKey.authKey().toString());
    const nonce = await nonceFor(url, "0xA1");
    const request = signed(account, nonce, { address: "0xa1", application: "localhost:3000" });
    expect((await post(url, "/auth/sign-in", { ...request, address: "0xA1" })).status).toBe(200);
  });

  it("goes by the key that the chain names: after a rotation the new one's, and never the first one's", async () => {
    const [first, second] = [newAccount(), newAccount()];
    const address = addressOf(first);
    expect((await signIn(url, first)).wallet).toBe(address);
    chain.authenticationKeys.set(address, second.publicKey.authKey().toString());
    expect((await signIn(url, second, address)).wallet).toBe(address);
    const refused = await post(url, "/auth/sign-in", signed(first, await nonceFor(url, address)));
    expect(await refusalOf(refused)).toEqual([401, "KEY_NOT_OF_ADDRESS", "publicKey"]);
  });

  it("waits for the chain when it can't be asked, and then takes the same signature", async () => {
    const account = newAccount();
    const request = signed(account, await nonceFor(url, addressOf(account)));
    const asked = chain.authenticationKey;
    chain.authenticationKey = async () => {
      chain.failNext(1);
      return asked(request.address);
    };
    try {
      expect((await refusalOf(await post(url, "/auth/sign-in", request)))[1]).toBe("CHAIN_UNAVAILABLE");
    } finally {
      chain.authenticationKey = asked;
    }
    expect((await post(url, "/auth/sign-in", request)).status).toBe(200);
  });

  it("takes keys of several kinds", async () => {
    const ed = [1, 2, 3].map(() => Ed25519PrivateKey.generate());
    const k1 = Secp256k1PrivateKey.generate();
    const multiEd = new MultiEd25519PublicKey({ publicKeys: ed.map((key) => key.publicKey()), threshold: 2 });
    const multi = new MultiKey({
      publicKeys: [ed[0]?.publicKey(), k1.publicKey(), ed[2]?.publicKey()].map((key) => key as never),
      signaturesRequired: 2,
    });
    const kinds = [
      {
        scheme: "single_key",
        key: new AnyPublicKey(k1.publicKey()),
        bytes: (key: AnyPublicKey) => key.bcsToBytes(),
        sign: (text: Uint8Array) => new AnySignature(k1.sign(text)).bcsToBytes(),
      },
      {
        scheme: "multi_ed25519",
        key: multiEd,
        bytes: (key: MultiEd25519PublicKey) => key.toUint8Array(),
        sign: (text: Uint8Array, by = [0, 2]) =>
          new MultiEd25519Signature({
            signatures: by.map((i) => ed[i]?.sign(text) as never),
            bitmap: by,
          }).toUint8Array(),
      },
      {
        scheme: "multi_key",
        key: multi,
        bytes: (key: MultiKey) => key.bcsToBytes(),
        sign: (text: Uint8Array, by = [0, 1]) =>
          new MultiKeySignature({
            signatures: by.map(
              (i) => new AnySignature((i === 1 ? k1 : (ed[i] as Ed25519PrivateKey)).sign(text)),
            ),
            bitmap: by,
          }).bcsToBytes(),
      },
    ];
    for (const { scheme, key, bytes, sign } of kinds) {
      const nonce = await nonceFor(url, key.authKey().derivedAddress().toStringLong());
      const { fullMessage, address } = signed(newAccount(), nonce);
      const text = new TextEncoder().encode(fullMessage);
      const request = { address, scheme, fullMessage, publicKey: toHex(bytes(key as never)) };
      const send = (signature: Uint8Array) =>
        post(url, "/auth/sign-in", { ...request, signature: toHex(signature) });
      const good = sign(text);
      expect(await refusalOf(await send(good.slice(0, -1))), scheme).toEqual([
        401,
        "BAD_SIGNATURE",
        "signature",
      ]);
      expect((await refusalOf(await send(Uint8Array.of(...good, 0))))[1], scheme).toBe("BAD_SIGNATURE");
      if (scheme !== "single_key") {
        // One of two signatures, and two places for the same one.
        expect((await refusalOf(await send(sign(text, [0]))))[1], scheme).toBe("BAD_SIGNATURE");
      }
      expect((await send(good)).status, scheme).toBe(200);
    }
  });
});

describe("nobody gets in", () => {
  let account: ReturnType<typeof newAccount>;
  let nonce: NonceDto;
  beforeEach(async () => {
    account = newAccount();
    nonce = await nonceFor(url, addressOf(account));
  });
  const refused = async (request: object, headers?: Record<string, string>) =>
    (await refusalOf(await post(url, "/auth/sign-in", request, headers))).slice(0, 2);

  it("with a nonce a second time, however often at once", async () => {
    const request = signed(account, nonce);
    const answers = await Promise.all([1, 2, 3, 4, 5].map(() => post(url, "/auth/sign-in", request)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 401, 401, 401, 401]);
    expect(await refused(request)).toEqual([401, "NONCE_USED"]);
  });

  it("with another account's nonce, or one that was made up or changed", async () => {
    const other = newAccount();
    const foreign = await nonceFor(url, addressOf(other));
    const mine = { ...foreign, address: nonce.address };
    expect(await refused(signed(account, { ...nonce, nonce: foreign.nonce }))).toEqual([
      401,
      "INVALID_NONCE",
    ]);
    expect(await refused(signed(account, mine))).toEqual([401, "INVALID_NONCE"]);
    for (const made of [
      "0".repeat(64),
      "x",
      "a".repeat(65),
      nonce.nonce.replace(/.$/, (c) => (c === "0" ? "1" : "0")),
    ]) {
      expect(await refused(signed(account, { ...nonce, nonce: made })), made).toEqual([401, "INVALID_NONCE"]);
    }
  });

  it("for another site, from another site, or for another chain", async () => {
    expect(await refused(signed(account, nonce, { application: "http://evil.example" }))).toEqual([
      401,
      "WRONG_DOMAIN",
    ]);
    for (const application of [
      "http://localhost:3000@evil.example",
      "http://evil.example/localhost:3000",
      "localhost:3000.evil.example",
      "javascript://localhost:3000",
      "http://localhost:3001",
    ]) {
      expect(await refused(signed(account, nonce, { application })), application).toEqual([
        401,
        "WRONG_DOMAIN",
      ]);
    }
    expect(await refused(signed(account, nonce), { origin: "http://evil.example" })).toEqual([
      401,
      "WRONG_DOMAIN",
    ]);
    expect(await refused(signed(account, nonce, { chainId: 1 }))).toEqual([401, "WRONG_CHAIN"]);
    const asked = await post(url, "/auth/nonce", { address: nonce.address, domain: "evil.example" });
    expect(await refusalOf(asked)).toEqual([400, "INVALID_PARAMETER", "domain"]);
    const fromPage = await post(
      url,
      "/auth/nonce",
      { address: nonce.address },
      { origin: "http://evil.example" },
    );
    expect(await refusalOf(fromPage)).toEqual([400, "INVALID_PARAMETER", "domain"]);
    // The same key serves another market: its nonces are none here.
    const elsewhere = await authBeside({
      databaseUrl,
      signingKeyFile,
      source: createHandWrittenChain(deploymentOf({ packageAddress: `0x${"9".repeat(64)}` })),
    });
    const other = elsewhere.auth.makeNonce({ address: nonce.address }, NOBODY);
    expect(await refused(signed(account, other))).toEqual([401, "INVALID_NONCE"]);
    await elsewhere.close();
  });

  it("after five minutes", async () => {
    const { auth, clock, close } = await authBeside({ databaseUrl, signingKeyFile, source: chain });
    const request = signed(account, auth.makeNonce({ address: nonce.address }, NOBODY));
    clock.ms += NONCE_SECS * 1000;
    await expect(auth.signIn(request, NOBODY)).rejects.toMatchObject({ status: 401, code: "NONCE_EXPIRED" });
    clock.ms -= 1;
    expect((await auth.signIn(request, NOBODY)).wallet).toBe(nonce.address);
    await close();
  });

  it("with a signature of another key, a key of another account, or bytes that are neither", async () => {
    const other = newAccount();
    const [mine, theirs] = [signed(account, nonce), signed(other, nonce)];
    expect(await refused({ ...mine, signature: theirs.signature })).toEqual([401, "BAD_SIGNATURE"]);
    expect(await refused(theirs)).toEqual([401, "KEY_NOT_OF_ADDRESS"]);
    for (const signature of [
      "0x00",
      mine.signature.slice(0, -2),
      `${mine.signature}00`,
      `0x${"00".repeat(64)}`,
    ]) {
      expect(await refused({ ...mine, signature }), signature).toEqual([401, "BAD_SIGNATURE"]);
    }
    for (const publicKey of [
      "0x00",
      mine.publicKey.slice(0, -2),
      `0x${"00".repeat(32)}`,
      `0x${"ff".repeat(32)}`,
    ]) {
      expect((await refused({ ...mine, publicKey }))[0], publicKey).toBe(401);
    }
    expect(await refused({ ...mine, scheme: "single_key" })).toEqual([401, "BAD_SIGNATURE"]);
  });

  it("with the same signature written as another (S + L)", async () => {
    const mine = signed(account, nonce);
    const bytes = Buffer.from(mine.signature.slice(2), "hex");
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(bytes.subarray(32)).reverse().toString("hex")}`) + order;
    Buffer.from(s.toString(16).padStart(64, "0"), "hex").reverse().copy(bytes, 32);
    expect(await refused({ ...mine, signature: `0x${bytes.toString("hex")}` })).toEqual([
      401,
      "BAD_SIGNATURE",
    ]);
  });

  it("with a text that was changed anywhere, though it be signed", async () => {
    const texts: Array<Partial<Parameters<typeof signed>[2]>> = [
      { message: nonce.message.replace("moves no money", "moves all money") },
      { message: nonce.message.replace(nonce.expiresAt, "2099-01-01T00:00:00.000Z") },
      { message: nonce.message.replace("Chain: 4", "Chain: 1") },
      { message: `${nonce.message}\nnonce: ${nonce.nonce}` },
      { message: `${nonce.message} ` },
      { message: "" },
      { address: "0x1" },
    ];
    for (const text of texts) {
      expect(await refused(signed(account, nonce, text)), JSON.stringify(text)).toEqual([
        401,
        "WRONG_MESSAGE",
      ]);
    }
    const { fullMessage, ...rest } = signed(account, nonce);
    for (const changed of [
      fullMessage.replace("APTOS\n", ""),
      fullMessage.replace(/address: .*\n/, ""),
      fullMessage.replace(/application: .*\n/, ""),
      fullMessage.replace(/chainId: .*\n/, ""),
      `${fullMessage}\n`,
      ` ${fullMessage}`,
    ]) {
      const signature = account.sign(new TextEncoder().encode(changed)).toString();
      expect(await refused({ ...rest, fullMessage: changed, signature })).toEqual([401, "WRONG_MESSAGE"]);
    }
    expect(await refused({ ...rest, fullMessage: fullMessage.replace("no money", "no m0ney") })).toEqual([
      401,
      "WRONG_MESSAGE",
    ]);
  });

  it("and asking for nonces fills nothing", async () => {
    const rows = "SELECT (SELECT count(*) FROM auth_sessions) + (SELECT count(*) FROM auth_used_nonces) AS n";
    const [before] = await run(databaseUrl, rows);
    await Promise.all(Array.from({ length: 200 }, () => nonceFor(url, nonce.address)));
    expect(await run(databaseUrl, rows)).toEqual([before]);
  });
});
