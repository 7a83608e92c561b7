/** What a browser may send and read, and from where: a stock x402 client sends two headers and reads two. */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { pino } from "pino";
import { expect, it } from "vitest";
import { type AppContext, createApp } from "./app.ts";

it("lets an allowed origin pay, and tells another nothing", async () => {
  const context = { corsOrigins: ["https://app.example"], logger: pino({ level: "silent" }) };
  const server = createServer(createApp(context as unknown as AppContext));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1/x402/quotes/0/job`;
  const preflight = (origin: string) =>
    fetch(url, {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "payment-signature, access-control-expose-headers",
      },
    });
  try {
    const allowed = (await preflight("https://app.example")).headers;
    expect(allowed.get("access-control-allow-origin")).toBe("https://app.example");
    expect(allowed.get("access-control-allow-headers")).toBe(
      "content-type, payment-signature, access-control-expose-headers",
    );
    expect(allowed.get("access-control-expose-headers")).toBe("PAYMENT-REQUIRED, PAYMENT-RESPONSE");
    const refused = (await preflight("https://evil.example")).headers;
    expect(refused.get("access-control-allow-origin")).toBe(null);
    expect(refused.get("access-control-expose-headers")).toBe(null);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});
