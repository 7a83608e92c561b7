/**
 * An IPFS node's face on this machine: the part of Kubo's RPC that clients use to add, read and pin, and a gateway.
 * It computes real CIDs (UnixFS, CIDv1, raw leaves, 256 KiB chunks, as `ipfs add --cid-version=1` does) and keeps real
 * blocks, but talks to no peers: production uses a Kubo node.
 */
import type { Server } from "node:http";
import { Readable } from "node:stream";
import { FsBlockstore } from "blockstore-fs";
import busboy from "busboy";
import express, { type Request, type Response } from "express";
import { exporter } from "ipfs-unixfs-exporter";
import { importer } from "ipfs-unixfs-importer";
import { fixedSize } from "ipfs-unixfs-importer/chunker";
import { balanced } from "ipfs-unixfs-importer/layout";
import { CID } from "multiformats/cid";
import { scratch } from "./scratch.ts";

export interface IpfsPart {
  apiUrl: string;
  gatewayUrl: string;
  close(): Promise<void>;
}

export async function startIpfs(options: { dir?: string; port?: number } = {}): Promise<IpfsPart> {
  const home = scratch("ipfs", options.dir);
  const blocks = new FsBlockstore(home.path);
  await blocks.open();
  const app = express();

  // As Kubo does: any page in a browser could otherwise fill this machine's disk.
  app.use("/api/v0", (req, res, next) => {
    if (req.headers.origin === undefined) return next();
    res.status(403).json({ Message: "browsers may not use the RPC", Code: 0, Type: "error" });
  });
  app.post(
    "/api/v0/version",
    (_req, res) => void res.json({ Version: "0.0.0-computestream-devnet", Commit: "" }),
  );
  app.post(
    "/api/v0/id",
    (_req, res) => void res.json({ ID: "devnet", Addresses: [], AgentVersion: "computestream-devnet" }),
  );
  app.post("/api/v0/add", (req, res) => addFiles(req, res, blocks));
  app.post("/api/v0/cat", async (req, res) => sendFile(res, blocks, String(req.query.arg ?? "")));
  app.post("/api/v0/pin/add", async (req, res) => {
    const cid = parseCid(String(req.query.arg ?? ""));
    if (!cid || !(await blocks.has(cid)))
      return void rpcError(res, "pin: block was not found locally (offline)");
    res.json({ Pins: [cid.toString()] });
  });
  app.get("/ipfs/:cid", async (req, res) => {
    res.set("Access-Control-Allow-Origin", "*");
    await sendFile(res, blocks, req.params.cid);
  });

  const server = await new Promise<Server>((resolve, reject) => {
    const listening = app.listen(options.port ?? 0, "127.0.0.1", (error?: Error) =>
      error ? reject(error) : resolve(listening),
    );
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("an HTTP server has a port");
  const base = `http://127.0.0.1:${address.port}`;
  return {
    apiUrl: `${base}/api/v0`,
    gatewayUrl: `${base}/ipfs`,
    async close() {
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await blocks.close();
      home.close();
    },
  };
}

function addFiles(req: Request, res: Response, blocks: FsBlockstore): void {
  const form = busboy({ headers: req.headers, preservePath: true });
  const added: Promise<{ Name: string; Hash: string; Size: string }>[] = [];
  form.on("file", (_field, stream, info) => {
    added.push(addFile(blocks, stream, info.filename ?? ""));
  });
  form.on("error", () => rpcError(res, "malformed multipart body"));
  form.on("close", async () => {
    try {
      const lines = await Promise.all(added);
      res.type("application/json").send(lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
    } catch (error) {
      rpcError(res, error instanceof Error ? error.message : String(error));
    }
  });
  req.pipe(form);
}

async function addFile(blocks: FsBlockstore, content: Readable, name: string) {
  for await (const entry of importer([{ path: name || "file", content }], blocks, {
    cidVersion: 1,
    rawLeaves: true,
    reduceSingleLeafToSelf: true,
    wrapWithDirectory: false,
    chunker: fixedSize({ chunkSize: 262_144 }),
    layout: balanced({ maxChildrenPerNode: 174 }),
  })) {
    const hash = entry.cid.toString();
    return { Name: name || hash, Hash: hash, Size: String(entry.size ?? 0) };
  }
  throw new Error("nothing was added");
}

async function sendFile(res: Response, blocks: FsBlockstore, path: string): Promise<void> {
  const cid = parseCid(path.replace(/^\/?ipfs\//, ""));
  if (!cid) return void res.status(400).json({ Message: `invalid path "${path}"`, Code: 0, Type: "error" });
  if (!(await blocks.has(cid)))
    return void res
      .status(404)
      .json({ Message: "block was not found locally (offline)", Code: 0, Type: "error" });
  try {
    const entry = await exporter(cid, blocks);
    if (entry.type !== "file" && entry.type !== "raw") return void rpcError(res, `not a file: ${entry.type}`);
    res.set({
      "Content-Type": "application/octet-stream",
      "Cache-Control": "public, max-age=29030400, immutable",
      Etag: `"${cid.toString()}"`,
      "X-Content-Type-Options": "nosniff",
    });
    Readable.from(entry.content()).pipe(res);
  } catch (error) {
    rpcError(res, error instanceof Error ? error.message : String(error));
  }
}

function parseCid(text: string): CID | null {
  try {
    return CID.parse(text);
  } catch {
    return null;
  }
}

function rpcError(res: Response, message: string): void {
  if (!res.headersSent) res.status(500).json({ Message: message, Code: 0, Type: "error" });
}
