import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { DeployError } from "./deploy-error.ts";
import { loadDeployer } from "./key-file.ts";

const dir = mkdtempSync(join(tmpdir(), "computestream-keys-"));
afterAll(() => rmSync(dir, { recursive: true }));

// RFC 8032, section 7.1, test 1.
const SEED = "0x9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
const PUBLIC_KEY = "0xd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";

function keyFile(name: string, content: string, mode = 0o600): string {
  const path = join(dir, name);
  writeFileSync(path, content);
  chmodSync(path, mode);
  return path;
}

function refusal(run: () => unknown): DeployError {
  try {
    run();
  } catch (error) {
    if (error instanceof DeployError) return error;
    throw error;
  }
  throw new Error("wasn't refused");
}

describe("loadDeployer", () => {
  it("makes a key on the devnet, for its owner only, and keeps it", () => {
    const path = join(dir, "new", "devnet.json");
    const first = loadDeployer(path, "devnet");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(loadDeployer(path, "devnet").accountAddress).toEqual(first.accountAddress);
  });

  it.each(["testnet", "mainnet"] as const)("never makes a key for %s", (network) => {
    const path = join(dir, `${network}.json`);
    expect(refusal(() => loadDeployer(path, network)).code).toBe("KEY_FILE_MISSING");
    expect(existsSync(path)).toBe(false);
  });

  it.each(["testnet", "mainnet"] as const)("refuses a key made on the devnet for %s", (network) => {
    const path = join(dir, `devnet-for-${network}.json`);
    loadDeployer(path, "devnet");
    expect(refusal(() => loadDeployer(path, network)).code).toBe("DEVNET_KEY");
  });

  it.each([SEED, `ed25519-priv-${SEED}`])("reads a key of the person's own", (privateKey) => {
    const path = keyFile("own.json", JSON.stringify({ privateKey }));
    expect(loadDeployer(path, "mainnet").publicKey.toString()).toBe(PUBLIC_KEY);
  });

  it("refuses a file that others can read", () => {
    const path = keyFile("open.json", JSON.stringify({ privateKey: SEED }), 0o644);
    expect(refusal(() => loadDeployer(path, "testnet"))).toMatchObject({
      code: "KEY_FILE_OPEN",
      remedy: `Run: chmod 600 ${path}`,
    });
  });

  it.each(["", "{}", `{"privateKey":"${SEED.slice(0, 40)}"}`, `"${SEED}"`])(
    "refuses %j without showing it",
    (content) => {
      const path = keyFile("bad.json", content);
      const error = refusal(() => loadDeployer(path, "testnet"));
      expect(error.code).toBe("KEY_FILE_INVALID");
      expect(`${error.message}${error.remedy}${JSON.stringify(error.cause) ?? ""}`).not.toContain("9d61b19d");
      expect(readFileSync(path, "utf8")).toBe(content);
    },
  );
});
