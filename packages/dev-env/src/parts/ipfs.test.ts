import { create } from "kubo-rpc-client";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type IpfsPart, startIpfs } from "./ipfs.ts";

let ipfs: IpfsPart;
beforeAll(async () => {
  ipfs = await startIpfs();
});
afterAll(() => ipfs?.close());

it("names content as Kubo does and gives it back to clients and browsers", async () => {
  const { cid } = await create({ url: ipfs.apiUrl }).add("hello world", { cidVersion: 1 });
  // base32(0x01 0x55 0x12 0x20, sha256 of the bytes): CIDv1, raw leaf, as `ipfs add --cid-version=1` gives.
  expect(cid.toString()).toBe("bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e");
  const fetched = await fetch(`${ipfs.gatewayUrl}/${cid}`, {
    headers: { origin: "http://dashboard.example" },
  });
  expect(fetched.headers.get("access-control-allow-origin")).toBe("*");
  expect(await fetched.text()).toBe("hello world");
});

it("lets no page of a browser write", async () => {
  const body = new FormData();
  body.append("file", new Blob(["unwanted"]));
  const refused = await fetch(`${ipfs.apiUrl}/add`, {
    method: "POST",
    body,
    headers: { origin: "http://evil.example" },
  });
  expect(refused.status).toBe(403);
});
