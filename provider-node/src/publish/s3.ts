/**
 * Outputs in an S3 bucket, under a key made of the job and the pack's hash.
 * It doesn't know how packs are made or what the chain stores of them.
 */
import { createReadStream } from "node:fs";
import { addAbortSignal, type Readable } from "node:stream";
import { GetObjectCommand, HeadBucketCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import type { S3Config } from "../config.ts";
import { messageOf, NodeError } from "../errors.ts";
import { type OutputStore, verifyCopy } from "./store.ts";

export interface S3Store extends OutputStore {
  /** Throws `STORE_UNREACHABLE` naming the bucket. */
  check(): Promise<void>;
  close(): void;
}

export function createS3Store(config: S3Config): S3Store {
  const client = new S3Client({
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    region: config.region,
    forcePathStyle: config.forcePathStyle,
    credentials: { accessKeyId: config.accessKeyId, secretAccessKey: config.secretAccessKey },
    // The trailing checksums of newer clients corrupt streamed uploads on older S3 servers; the copy is verified anyway.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    // A streamed body can't be sent twice: publish.ts retries with a fresh one.
    maxAttempts: 1,
  });
  const Bucket = config.bucket;

  async function read(Key: string, abortSignal: AbortSignal): Promise<Readable> {
    const copy = await client.send(new GetObjectCommand({ Bucket, Key }), { abortSignal });
    return addAbortSignal(abortSignal, copy.Body as Readable);
  }

  return {
    name: "s3",
    async check() {
      await attempt(() => client.send(new HeadBucketCommand({ Bucket })), `bucket ${Bucket}`);
    },
    async put(job, pack, abortSignal) {
      const Key = `outputs/${job}/${pack.sha256.slice(2)}.tar`;
      const Body = createReadStream(pack.path);
      const upload = new PutObjectCommand({
        Bucket,
        Key,
        Body,
        ContentLength: pack.bytes,
        ContentType: "application/x-tar",
      });
      await attempt(() => client.send(upload, { abortSignal }), "upload").finally(() => Body.destroy());
      await attempt(async () => verifyCopy(await read(Key, abortSignal), pack, "S3"), "reading back");
      return `s3://${Bucket}/${Key}`;
    },
    async get(uri, abortSignal) {
      const prefix = `s3://${Bucket}/`;
      if (!uri.startsWith(prefix)) return null;
      return attempt(() => read(uri.slice(prefix.length), abortSignal), "reading back");
    },
    close: () => client.destroy(),
  };
}

async function attempt<T>(call: () => Promise<T>, what: string): Promise<T> {
  try {
    return await call();
  } catch (cause) {
    if (cause instanceof NodeError) throw cause;
    throw new NodeError("STORE_UNREACHABLE", `S3 ${what}: ${messageOf(cause)}`, {
      retryable: true,
      remedy: "Check S3_ENDPOINT, S3_BUCKET and the access key.",
      cause,
    });
  }
}
