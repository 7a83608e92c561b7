/** Outputs published to a real S3 server and an IPFS node, and read back by other means than the code that sent them. */
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startIpfs, startS3 } from "@computestream/dev-env/parts";
import tar from "tar-stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createIpfsStore } from "../src/publish/ipfs.ts";
import { type PackedOutput, packOutput } from "../src/publish/pack.ts";
import { publish } from "../src/publish/publish.ts";
import { createS3Store } from "../src/publish/s3.ts";
import type { OutputStore } from "../src/publish/store.ts";

const JOB = `0x${"1".repeat(64)}`;
let s3: Awaited<ReturnType<typeof startS3>>;
let ipfs: Awaited<ReturnType<typeof startIpfs>>;

beforeAll(async () => {
  [s3, ipfs] = await Promise.all([startS3(), startIpfs()]);
});
afterAll(async () => {
  await Promise.all([s3?.close(), ipfs?.close()]);
});

async function packOf(size: number): Promise<PackedOutput> {
  const source = tar.pack();
  source.entry(
    { name: "output/result" },
    Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 7) & 255)),
  );
  source.finalize();
  return packOutput(source as never, {
    dir: mkdtempSync(join(tmpdir(), "publish-")),
    limitBytes: 10_000_000,
  });
}

async function fetchHash(url: string): Promise<string> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return `0x${createHash("sha256")
    .update(Buffer.from(await response.arrayBuffer()))
    .digest("hex")}`;
}

const s3Store = () => createS3Store({ ...s3, forcePathStyle: true });

it.each([10, 1_000_000])(
  "an output of %d bytes lands in both stores and has its hash there",
  async (size) => {
    const store = s3Store();
    await store.check();
    const pack = await packOf(size);
    const uris = await publish([store, createIpfsStore(ipfs.apiUrl)], JOB, pack);
    expect(uris[0]).toBe(`s3://${s3.bucket}/outputs/${JOB}/${pack.sha256.slice(2)}.tar`);
    // CIDv1 in base32: of one raw block, or of a dag-pb node above several.
    expect(uris[1]).toMatch(
      size === 10 ? /^ipfs:\/\/bafkrei[a-z2-7]{52}$/ : /^ipfs:\/\/bafybei[a-z2-7]{52}$/,
    );
    expect(await fetchHash(uris[0]?.replace("s3:/", s3.endpoint) ?? "")).toBe(pack.sha256);
    expect(await fetchHash(`${ipfs.gatewayUrl.replace(/\/ipfs\/?$/, "")}/ipfs/${uris[1]?.slice(7)}`)).toBe(
      pack.sha256,
    );
    // Again is the same: nothing depends on when or how often.
    expect(await publish([store, createIpfsStore(ipfs.apiUrl)], JOB, pack)).toEqual(uris);
    store.close();
  },
);

it("a copy that isn't what was sent is never published", async () => {
  const pack = await packOf(1_000);
  const corrupted = { ...pack, path: join(mkdtempSync(join(tmpdir(), "publish-")), "other") };
  writeFileSync(corrupted.path, readFileSync(pack.path).fill(0x78, 600, 610));
  for (const store of [s3Store(), createIpfsStore(ipfs.apiUrl)]) {
    await expect(store.put(JOB, corrupted, new AbortController().signal)).rejects.toMatchObject({
      code: "OUTPUT_MISMATCH",
      retryable: true,
    });
  }
});

it("one store that is down costs its URI, not the job; all down is an error worth a retry", async () => {
  const pack = await packOf(100);
  const dead = await deadPort();
  const deadS3 = createS3Store({ ...s3, endpoint: dead, forcePathStyle: true });
  const deadIpfs = createIpfsStore(dead);
  const failures: string[] = [];
  const options = { attempts: 2, backoffMs: 1, onFailure: (store: string) => failures.push(store) };
  expect(await publish([deadS3, createIpfsStore(ipfs.apiUrl)], JOB, pack, options)).toEqual([
    expect.stringMatching(/^ipfs:/),
  ]);
  expect(failures).toEqual(["s3", "s3"]);
  await expect(publish([deadS3, deadIpfs], JOB, pack, options)).rejects.toMatchObject({
    code: "PUBLISH_FAILED",
    retryable: true,
  });
  await expect(deadS3.check()).rejects.toMatchObject({ code: "STORE_UNREACHABLE" });
});

it("a store that recovers is used", async () => {
  const pack = await packOf(100);
  let calls = 0;
  const flaky: OutputStore = {
    name: "ipfs",
    async put() {
      calls += 1;
      if (calls < 3) throw new Error("busy");
      return "ipfs://x";
    },
    get: async () => null,
  };
  expect(await publish([flaky], JOB, pack, { attempts: 3, backoffMs: 1 })).toEqual(["ipfs://x"]);
});

it("a store that takes the connection and never answers costs its URI, not the job", async () => {
  const pack = await packOf(100);
  const silent = createServer(() => {});
  await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  try {
    const mute = [createS3Store({ ...s3, endpoint, forcePathStyle: true }), createIpfsStore(endpoint)];
    const answers = [mute[0] as OutputStore, createIpfsStore(ipfs.apiUrl)];
    expect(await publish(answers, JOB, pack, { signal: AbortSignal.timeout(1_500) })).toEqual([
      expect.stringMatching(/^ipfs:/),
    ]);
    await expect(publish(mute, JOB, pack, { signal: AbortSignal.timeout(500) })).rejects.toMatchObject({
      code: "PUBLISH_FAILED",
      retryable: true,
    });
  } finally {
    silent.closeAllConnections();
    silent.close();
  }
});

/** An address at which nothing listens. */
async function deadPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
