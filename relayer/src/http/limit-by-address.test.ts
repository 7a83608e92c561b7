/** Who shares a limit: clients behind one proxy of ours don't, and neither can one client be many. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { Router } from "express";
import { pino } from "pino";
import { describe, expect, it } from "vitest";
import { type AppContext, createApp } from "./app.ts";
import { limitByAddress } from "./limit-by-address.ts";

/** Statuses of requests with these X-Forwarded-For; an address is refused from its seventh on. */
async function statuses(trustProxy: number, forwarded: string[]): Promise<number[]> {
  const router = Router();
  // So slow that nothing comes back while the test runs, and six at once.
  router.get("/limited", limitByAddress(1), (_request, response) => void response.json({}));
  const context = { corsOrigins: [], logger: pino({ level: "silent" }), x402: router, trustProxy };
  const server = createServer(createApp(context as unknown as AppContext));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/limited`;
  try {
    const answers = forwarded.map((address) => fetch(url, { headers: { "x-forwarded-for": address } }));
    return (await Promise.all(answers)).map(({ status }) => status);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}
const refused = (all: number[]) => all.filter((status) => status === 429).length;
const twenty = (of: (index: number) => string) => Array.from({ length: 20 }, (_, index) => of(index));

describe("limitByAddress", () => {
  it("counts clients behind a proxy of ours each for themselves", async () => {
    expect(
      refused(
        await statuses(
          1,
          twenty((index) => `203.0.113.${index}`),
        ),
      ),
    ).toBe(0);
  });

  it("believes no header where there is no proxy", async () => {
    expect(
      refused(
        await statuses(
          0,
          twenty((index) => `203.0.113.${index}`),
        ),
      ),
    ).toBeGreaterThan(0);
  });

  it("counts a customer's whole IPv6 network as one", async () => {
    expect(
      refused(
        await statuses(
          1,
          twenty((index) => `2001:db8:1:1::${index}`),
        ),
      ),
    ).toBeGreaterThan(0);
  });
});
