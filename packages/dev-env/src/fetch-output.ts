/**
 * Reads a published output back from where its URI says.
 * It doesn't judge what it reads.
 */
import { GetObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { create } from "kubo-rpc-client";
import type { Stack } from "./stack.ts";

export async function fetchOutput(stack: Pick<Stack, "s3" | "ipfs">, uri: string): Promise<Uint8Array> {
  if (uri.startsWith("s3://")) return fetchS3(stack, uri);
  if (uri.startsWith("ipfs://")) return fetchIpfs(stack, uri.slice("ipfs://".length));
  throw new RangeError(`unknown output URI ${uri}`);
}

async function fetchS3({ s3 }: Pick<Stack, "s3">, uri: string): Promise<Uint8Array> {
  const { hostname: bucket, pathname } = new URL(uri);
  const client = new S3Client({
    endpoint: s3.endpoint,
    region: s3.region,
    forcePathStyle: true,
    credentials: { accessKeyId: s3.accessKeyId, secretAccessKey: s3.secretAccessKey },
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  try {
    const object = await client.send(new GetObjectCommand({ Bucket: bucket, Key: pathname.slice(1) }));
    if (!object.Body) throw new Error(`${uri} has no body`);
    return await object.Body.transformToByteArray();
  } finally {
    client.destroy();
  }
}

async function fetchIpfs({ ipfs }: Pick<Stack, "ipfs">, cid: string): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of create({ url: ipfs.apiUrl }).cat(cid)) chunks.push(chunk);
  return Buffer.concat(chunks);
}
