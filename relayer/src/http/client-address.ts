/**
 * As whom a request is counted: by the address before our own proxies, an IPv6 customer as one.
 * It doesn't count.
 */
import type { IncomingMessage } from "node:http";
import { clientAddress, countedAs } from "@computestream/protocol/client-address";

export function addressOf({ socket, headers }: IncomingMessage, proxies: number): string {
  const forwarded = headers["x-forwarded-for"];
  return countedAs(clientAddress(socket.remoteAddress, forwarded?.toString(), proxies));
}
