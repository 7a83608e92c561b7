/**
 * Who a request comes from, as far as it can't be forged, and as what it is counted.
 * It doesn't know HTTP beyond the one header that proxies write.
 */
import { z } from "zod";

const [zIpv4, zIpv6] = [z.ipv4(), z.ipv6()];
const isIPv4 = (text: string): boolean => zIpv4.safeParse(text).success;
const isIPv6 = (text: string): boolean => zIpv6.safeParse(text.split("%")[0]).success;

/**
 * The address that the outermost of our own `proxies` saw. Each of them adds the address it was called from at the right
 * end of X-Forwarded-For; what stands further left was sent by the client and is worth nothing.
 */
export function clientAddress(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  proxies: number,
): string {
  const seen = (forwardedFor ?? "").split(",").map((part) => part.trim());
  let address = socketAddress ?? "";
  for (let hop = 0; hop < proxies; hop += 1) {
    const before = withoutPort(seen.pop() ?? "");
    // A proxy that doesn't say whom it serves: it is the last one known.
    if (!isIPv4(before) && !isIPv6(before)) break;
    address = before;
  }
  return address;
}

/** One counted as one: an IPv6 customer has a whole /64, an IPv4 address in IPv6's clothes is that IPv4 address. */
export function countedAs(address: string): string {
  if (isIPv4(address)) return address;
  const bare = address.split("%")[0] ?? "";
  if (!isIPv6(bare)) return "unknown";
  const groups = groupsOf(bare);
  const mapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (mapped) {
    const [high = 0, low = 0] = groups.slice(6);
    return [high >> 8, high & 255, low >> 8, low & 255].join(".");
  }
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(":")}::/64`;
}

/** The eight groups of a valid IPv6 address. */
function groupsOf(address: string): number[] {
  const plain = address.replace(/(\d+)\.(\d+)\.(\d+)\.(\d+)$/, (_, a, b, c, d) => {
    const pair = (high: string, low: string) => ((Number(high) << 8) | Number(low)).toString(16);
    return `${pair(a, b)}:${pair(c, d)}`;
  });
  const [head = "", tail] = plain.split("::");
  const parse = (part: string) =>
    part === "" ? [] : part.split(":").map((group) => Number.parseInt(group, 16));
  const [left, right] = [parse(head), parse(tail ?? "")];
  return [...left, ...Array<number>(8 - left.length - right.length).fill(0), ...right];
}

/** Some proxies write 1.2.3.4:567 or [2001:db8::1]:567. */
function withoutPort(text: string): string {
  return /^\[(.*)\](:\d+)?$/.exec(text)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(text)?.[1] ?? text;
}
