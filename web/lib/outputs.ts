/**
 * Where a job's output can be fetched: on-chain URIs to gateway URLs.
 * It doesn't fetch; a URI without a configured gateway stays a text.
 */
import type { PublicConfig } from "@computestream/protocol/api";

export interface OutputLink {
  uri: string;
  kind: "s3" | "ipfs" | "http" | "other";
  label: string;
  /** null when no gateway is configured for it, or when the URI isn't one we would follow. */
  url: string | null;
}

const encodePath = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

export function outputLink(
  uri: string,
  config: Pick<PublicConfig, "s3GatewayUrl" | "ipfsGatewayUrl">,
): OutputLink {
  const s3 = /^s3:\/\/([^/?#]+)\/(.+)$/.exec(uri);
  if (s3) {
    const path = `${encodeURIComponent(s3[1] as string)}/${encodePath(s3[2] as string)}`;
    const url = config.s3GatewayUrl ? `${config.s3GatewayUrl}/${path}` : null;
    return { uri, kind: "s3", label: "Object store", url };
  }
  const ipfs = /^ipfs:\/\/([A-Za-z0-9]+)(\/.*)?$/.exec(uri);
  if (ipfs) {
    const base = config.ipfsGatewayUrl?.replace(/\/ipfs$/, "");
    const rest = encodePath(ipfs[2] ?? "");
    return { uri, kind: "ipfs", label: "IPFS", url: base ? `${base}/ipfs/${ipfs[1]}${rest}` : null };
  }
  // Written by a provider: only plain web links are ever made clickable.
  if (/^https?:\/\//.test(uri)) return { uri, kind: "http", label: "Web", url: uri };
  return { uri, kind: "other", label: "Other", url: null };
}
