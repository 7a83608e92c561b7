/**
 * Gives every page its content security policy and a fresh nonce.
 * It doesn't know pages; Next.js puts the nonce on its own scripts.
 */
import { type NextRequest, NextResponse } from "next/server";
import { loadConfig } from "./lib/config.ts";
import { contentSecurityPolicy } from "./lib/csp.ts";

export function proxy(request: NextRequest): NextResponse {
  const nonce = Buffer.from(crypto.randomUUID()).toString("base64");
  const policy = contentSecurityPolicy(loadConfig().public, nonce, process.env.NODE_ENV === "development");
  const headers = new Headers(request.headers);
  headers.set("x-nonce", nonce);
  headers.set("Content-Security-Policy", policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", policy);
  return response;
}

export const config = {
  matcher: [{ source: "/((?!_next/static|_next/image|favicon.ico|icon.svg|config.json).*)" }],
};
