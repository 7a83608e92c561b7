/** Publishing in one transaction and in several, on a real devnet. */
import { Ed25519Account, Ed25519PrivateKey } from "@aptos-labs/ts-sdk";
import { type Devnet, startDevnet } from "@computestream/devnet";
import { createChainClient } from "@computestream/protocol/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type CompiledPackage, compilePackage } from "./build-package.ts";
import { isPublication, publish, STAGING_DIR, split } from "./publish.ts";

const ASSET = {
  address: "0x000000000000000000000000000000000000000000000000000000000000000a",
  symbol: "MOVE",
  decimals: 8,
};

let devnet: Devnet;

beforeAll(async () => {
  devnet = await startDevnet();
});

afterAll(async () => {
  await devnet?.close();
});

async function gatherer() {
  const account = new Ed25519Account({ privateKey: Ed25519PrivateKey.generate() });
  const packageAddress = account.accountAddress.toStringLong();
  const funded = await fetch(`${devnet.faucetUrl}/fund`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ address: packageAddress, amount: 10_000_000_000 }),
  });
  expect(funded.status).toBe(200);
  const client = createChainClient({
    nodeUrl: devnet.nodeUrl,
    deployment: {
      network: "devnet",
      chainId: devnet.chainId,
      nodeUrl: devnet.nodeUrl,
      packageAddress,
      asset: ASSET,
      deployedAtVersion: "0",
      transactionHash: "",
      deployedAt: "",
      modules: {},
    },
  });
  const compile = (packageDir: string) =>
    compilePackage({ network: "devnet", packageDir, address: packageAddress });
  const lines: string[] = [];
  return {
    account,
    client,
    packageAddress,
    lines,
    built: () => compile(new URL("..", import.meta.url).pathname),
    options: {
      client,
      account,
      compileStaging: () => compile(STAGING_DIR),
      report: (line: string) => void lines.push(line),
    },
  };
}

describe("publish", () => {
  it("gathers what one transaction can't take, and the modules stand as compiled", async () => {
    const { built, options, lines, client, packageAddress, account } = await gatherer();
    const compiled = await built();
    await publish({ ...options, built: compiled, transactionMaxBytes: 20_000 });
    expect(lines[0]).toMatch(/don't fit one transaction: gathering them in [345]$/);
    for (const { name, bytecode } of compiled.modules) {
      const answer = await fetch(`${devnet.nodeUrl}/accounts/${packageAddress}/module/${name}`);
      const module = (await answer.json()) as { bytecode: string };
      expect(module.bytecode).toBe(`0x${Buffer.from(bytecode).toString("hex")}`);
    }
    // init_module ran: the market has its publisher as treasury.
    expect((await client.parameters()).treasury).toBe(packageAddress);

    const sent = await client.sequenceNumber(packageAddress);
    const first = compiled.modules[0] as CompiledPackage["modules"][number];
    await publish({ ...options, account, built: compiled, transactionMaxBytes: 20_000 });
    // begin, the chunks and publish again, but not the package that gathers.
    expect(await client.sequenceNumber(packageAddress)).toBe(
      sent + BigInt(split(compiled, 17_600).length) + 2n,
    );
    expect(first.bytecode.length).toBeGreaterThan(0);
  });
});

describe("split", () => {
  const built: CompiledPackage = {
    metadata: new Uint8Array(),
    modules: [
      { name: "a", bytecode: Uint8Array.of(1, 2, 3, 4, 5) },
      { name: "b", bytecode: Uint8Array.of(6) },
      { name: "c", bytecode: Uint8Array.of(7, 8) },
    ],
  };

  it("cuts in order, over module bounds, and fills each chunk", () => {
    const parts = split(built, 3).map((chunk) => chunk.map(({ number, bytes }) => [number, [...bytes]]));
    expect(parts).toEqual([
      [[0, [1, 2, 3]]],
      [
        [0, [4, 5]],
        [1, [6]],
      ],
      [[2, [7, 8]]],
    ]);
  });
});

describe("isPublication", () => {
  const metadata = (name: string) =>
    `0x${Buffer.from([name.length, ...Buffer.from(name)]).toString("hex")}00`;
  it.each([
    ["0x1::code::publish_package_txn", [metadata("ComputeStream")], true],
    ["0x1::code::publish_package_txn", [metadata("ComputeStreamStaging")], false],
    ["0xcafe::staging::publish", [], true],
    ["0xcafe::staging::stage", [], false],
    ["0xe1ca::large_packages::stage_code_chunk_and_publish_to_account", [], true],
    ["0xe1ca::large_packages::stage_code_chunk", [], false],
    ["0x1::aptos_account::transfer", [], false],
  ])("%s %j: %s", (called, args, is) => {
    expect(isPublication(called, args)).toBe(is);
  });
});
