import { describe, expect, it } from "vitest";
import { ApiError, allPages, createApi } from "./api.ts";

const config = { indexerUrl: "http://i", relayerUrl: "http://r", faucetUrl: "http://f" };
const answering = (status: number, body: unknown, seen: string[] = []) =>
  createApi(config, async (url) => {
    seen.push(String(url));
    return Response.json(body, { status });
  });

describe("the API client", () => {
  it("asks with only the filters that are set", async () => {
    const seen: string[] = [];
    const api = answering(200, { items: [], nextCursor: null }, seen);
    await api.jobs({ buyer: "0x1", state: undefined, cursor: null, limit: 20 });
    expect(seen).toEqual(["http://i/api/v1/jobs?buyer=0x1&limit=20"]);
  });

  it("takes 404 as none, and any other failure as a failure", async () => {
    await expect(
      answering(404, { error: { code: "NOT_FOUND", message: "no" } }).job("0x1"),
    ).resolves.toBeNull();
    await expect(answering(500, {}).job("0x1")).rejects.toMatchObject({ status: 500, code: "HTTP_500" });
  });

  it("passes on the service's own code and sentence", async () => {
    const api = answering(400, { error: { code: "BAD_CURSOR", message: "The cursor is not ours." } });
    await expect(api.jobs({})).rejects.toMatchObject({
      code: "BAD_CURSOR",
      message: "The cursor is not ours.",
    });
  });

  it("refuses an answer of another shape", async () => {
    await expect(answering(200, { items: "x" }).providers({})).rejects.toMatchObject({
      code: "UNEXPECTED_ANSWER",
    });
  });

  it("says which service doesn't answer", async () => {
    const api = createApi(config, async () => {
      throw new TypeError("Failed to fetch");
    });
    await expect(api.jobStatus("0x1")).rejects.toThrow(/relayer doesn't answer/);
    await expect(api.stats()).rejects.toBeInstanceOf(ApiError);
  });

  it("downloads whole files and tells progress", async () => {
    const body = new Uint8Array([1, 2, 3]);
    const api = createApi(config, async () => new Response(body, { headers: { "content-length": "3" } }));
    const progress: Array<[number, number | null]> = [];
    const got = await api.download("http://s/x", (received, total) => progress.push([received, total]));
    expect([...got]).toEqual([1, 2, 3]);
    expect(progress.at(-1)).toEqual([3, 3]);
  });
});

it("follows cursors to the end but not for ever", async () => {
  const pages: Record<string, { items: number[]; nextCursor: string | null }> = {
    start: { items: [1], nextCursor: "a" },
    a: { items: [2], nextCursor: "b" },
    b: { items: [3], nextCursor: null },
  };
  const load = async (cursor?: string) => pages[cursor ?? "start"] as (typeof pages)[string];
  expect(await allPages(load, 10)).toEqual([1, 2, 3]);
  expect(await allPages(load, 2)).toEqual([1, 2]);
});
