import { describe, expect, it } from "vitest";
import { readConfig } from "./config.ts";

describe("configuration", () => {
  it("has safe defaults", () => {
    expect(readConfig([], {})).toMatchObject({
      host: "127.0.0.1",
      port: 8080,
      faucetPort: null,
      dataDir: null,
      chainId: 4,
      manualTime: false,
    });
  });
  it("takes the command line before the environment", () => {
    const env = { DEVNET_PORT: "1", DEVNET_CHAIN_ID: "77" };
    expect(readConfig(["--port", "0", "--faucet-port", "8081"], env)).toMatchObject({
      port: 0,
      faucetPort: 8081,
      chainId: 77,
    });
  });
  it.each([126, 250, 1, 2])("refuses chain id %d of a real network unless it is a rehearsal", (id) => {
    expect(() => readConfig(["--chain-id", String(id)], {})).toThrow("--rehearsal");
    expect(readConfig(["--chain-id", String(id), "--rehearsal"], {}).chainId).toBe(id);
  });
  it.each(["0.0.0.0", "::", "10.0.0.5", "example.org"])("refuses to listen on %s without a flag", (host) => {
    expect(() => readConfig(["--host", host], {})).toThrow("--public");
    expect(readConfig(["--host", host, "--public"], {}).host).toBe(host);
  });
  it.each([
    [["--port", "70000"], "--port must be at most 65535"],
    [["--port", "http"], "--port must be a port number"],
    [["--chain-id", "0"], "--chain-id must be a number from 1 to 255"],
    [["--chain-id", "999"], "--chain-id must be a number from 1 to 255"],
    [["--nope"], "Usage:"],
  ])("names the option in %j", (argv, message) => {
    expect(() => readConfig(argv, {})).toThrow(message);
  });
});
