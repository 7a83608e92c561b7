/**
 * A container registry with one image of one layer, enough for an engine to pull by digest.
 * It doesn't authenticate and takes no pushes; engines trust 127.0.0.0/8 without TLS.
 */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import tar from "tar-stream";

export interface Registry {
  /** name@sha256:… */
  image: string;
  host: string;
  close(): Promise<void>;
}

const digestOf = (bytes: Buffer) => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

/** `salt` makes the image a new one, so that an engine that pulled before pulls again. */
export async function startRegistry(salt: string, layerBytes: number, pauseMs = 0): Promise<Registry> {
  const layer = await layerOf(salt, layerBytes);
  const config = Buffer.from(
    JSON.stringify({
      architecture: "amd64",
      os: "linux",
      config: { User: "1234", Volumes: { "/data": {} }, Cmd: ["/hello"] },
      rootfs: { type: "layers", diff_ids: [digestOf(layer)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: MANIFEST,
      config: {
        mediaType: "application/vnd.docker.container.image.v1+json",
        size: config.length,
        digest: digestOf(config),
      },
      layers: [
        {
          mediaType: "application/vnd.docker.image.rootfs.diff.tar",
          size: layer.length,
          digest: digestOf(layer),
        },
      ],
    }),
  );
  const blobs = new Map([config, layer].map((bytes) => [digestOf(bytes), bytes]));
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    const digest = path.slice(path.lastIndexOf("/") + 1);
    if (path === "/v2/") return void response.end("{}");
    const isManifest = path.includes("/manifests/") && digest === digestOf(manifest);
    const body = isManifest ? manifest : path.includes("/blobs/") ? blobs.get(digest) : undefined;
    if (!body) {
      response.statusCode = 404;
      return void response.end('{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}');
    }
    response.setHeader("content-type", isManifest ? MANIFEST : "application/octet-stream");
    response.setHeader("docker-content-digest", digest);
    response.setHeader("content-length", body.length);
    if (request.method === "HEAD") return void response.end();
    setTimeout(() => response.end(body), body === layer ? pauseMs : 0);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    image: `${host}/test/hello@${digestOf(manifest)}`,
    host,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function layerOf(salt: string, size: number): Promise<Buffer> {
  const pack = tar.pack();
  pack.entry({ name: "hello", mode: 0o755, mtime: new Date(0) }, salt.padEnd(size, "."));
  pack.finalize();
  const chunks: Buffer[] = [];
  for await (const chunk of pack) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
