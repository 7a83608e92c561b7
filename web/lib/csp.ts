/**
 * The content security policy as text: scripts by nonce only, connections only to the configured services.
 * It doesn't know how a header is set.
 */
import type { PublicConfig } from "@computestream/protocol/api";

const origin = (url: string): string => new URL(url).origin;
const webSocketOrigin = (url: string): string => origin(url).replace(/^http/, "ws");

export function contentSecurityPolicy(config: PublicConfig, nonce: string, development: boolean): string {
  const connect = new Set([
    origin(config.nodeUrl),
    origin(config.indexerUrl),
    webSocketOrigin(config.indexerUrl),
    origin(config.relayerUrl),
    webSocketOrigin(config.relayerUrl),
    ...[config.faucetUrl, config.s3GatewayUrl, config.ipfsGatewayUrl].filter((u) => u !== null).map(origin),
  ]);
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development ? " 'unsafe-eval'" : ""}`,
    // React writes style attributes on the server; nothing but our own stylesheet is loaded.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    `connect-src 'self' ${[...connect].join(" ")}${development ? " ws:" : ""}`,
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
}
