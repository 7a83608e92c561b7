/**
 * An S3 endpoint on this machine for development and tests (s3rver; production uses a real one).
 * It doesn't know what is stored. It does not check secrets: never bind it publicly.
 */
import { createRequire } from "node:module";
import { freePort } from "./ports.ts";
import { scratch } from "./scratch.ts";

export interface S3Part {
  endpoint: string;
  region: string;
  bucket: string;
  accessKeyId: string;
  secretAccessKey: string;
  close(): Promise<void>;
}

interface S3rverServer {
  run(): Promise<unknown>;
  close(): Promise<void>;
}
type S3rverClass = new (options: Record<string, unknown>) => S3rverServer;

const BUCKET = "computestream-outputs";
/** The browser fetches outputs to verify them: any origin may read, none may write. */
const CORS = `<CORSConfiguration><CORSRule><AllowedOrigin>*</AllowedOrigin><AllowedMethod>GET</AllowedMethod><AllowedMethod>HEAD</AllowedMethod></CORSRule></CORSConfiguration>`;

export async function startS3(options: { dir?: string; port?: number } = {}): Promise<S3Part> {
  const S3rver = createRequire(import.meta.url)("s3rver") as S3rverClass;
  const home = scratch("s3", options.dir);
  const port = options.port ?? (await freePort());
  const server = new S3rver({
    address: "127.0.0.1",
    port,
    silent: true,
    directory: home.path,
    resetOnClose: false,
    configureBuckets: [{ name: BUCKET, configs: [CORS] }],
  });
  await server.run();
  return {
    endpoint: `http://127.0.0.1:${port}`,
    region: "us-east-1",
    bucket: BUCKET,
    accessKeyId: "S3RVER",
    secretAccessKey: "S3RVER",
    async close() {
      await server.close();
      home.close();
    },
  };
}
