import { describe, expect, it } from "vitest";
import { clientAddress, countedAs } from "./client-address.ts";

describe("clientAddress", () => {
  it.each([
    ["without proxies the header is worth nothing", 0, "10.0.0.9", "1.1.1.1", "10.0.0.9"],
    ["one proxy: what it wrote", 1, "10.0.0.9", "203.0.113.5", "203.0.113.5"],
    [
      "one proxy: what the client wrote before it is not looked at",
      1,
      "10.0.0.9",
      "1.1.1.1, 203.0.113.5",
      "203.0.113.5",
    ],
    ["two proxies", 2, "10.0.0.9", "1.1.1.1, 203.0.113.5, 10.0.0.8", "203.0.113.5"],
    ["more proxies than wrote anything: the last that is known", 3, "10.0.0.9", "203.0.113.5", "203.0.113.5"],
    ["a proxy that wrote nothing", 1, "10.0.0.9", undefined, "10.0.0.9"],
    ["a proxy that wrote nonsense", 1, "10.0.0.9", "unknown", "10.0.0.9"],
    ["with a port", 1, "10.0.0.9", "203.0.113.5:4711", "203.0.113.5"],
    ["IPv6 with a port", 1, "10.0.0.9", "[2001:db8::1]:4711", "2001:db8::1"],
  ])("%s", (_what, proxies, socket, header, expected) => {
    expect(clientAddress(socket, header, proxies)).toBe(expected);
  });
});

describe("countedAs", () => {
  it.each([
    ["203.0.113.5", "203.0.113.5"],
    ["::ffff:203.0.113.5", "203.0.113.5"],
    ["::ffff:cb00:7105", "203.0.113.5"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:db8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:0DB8:0001:0002:ffff:ffff:ffff:ffff", "2001:db8:1:2::/64"],
    ["2001:db8:1:3::9", "2001:db8:1:3::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["fe80::1%eth0", "fe80:0:0:0::/64"],
    ["", "unknown"],
    ["nonsense", "unknown"],
  ])("%s is %s", (address, expected) => {
    expect(countedAs(address)).toBe(expected);
  });
});
