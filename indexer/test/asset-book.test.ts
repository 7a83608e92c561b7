/** What assets are called: read from the chain once, kept while the node is away, and in every answer from then on. */
import { normalizeAddress } from "@computestream/protocol";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Service } from "../src/service.ts";
import { createHandWrittenChain } from "./hand-written-chain.ts";
import { readerOf, serve, startDatabases, until } from "./parts.ts";

const COIN = normalizeAddress("0xc011");
const UNDESCRIBED = { address: COIN, symbol: "0x0000…", decimals: 0 };
const DESCRIBED = { address: COIN, symbol: "COIN", decimals: 6 };

let databases: Awaited<ReturnType<typeof startDatabases>>;
const open: Service[] = [];

beforeAll(async () => {
  databases = await startDatabases();
}, 60_000);
afterAll(async () => {
  for (const service of open) await service.close();
  await databases?.close();
});

/** As REST shows the asset to one who asks again and again, cached answers and all. */
async function shown(service: Service): Promise<unknown> {
  const { items } = (await readerOf(service.url)("/api/v1/assets")) as {
    items: Array<{ asset: { address: string } }>;
  };
  return items.find(({ asset }) => asset.address === COIN)?.asset;
}

it("an asset that the market allows is described by the chain, and stays so without a node", async () => {
  const chain = createHandWrittenChain();
  const databaseUrl = await databases.database();
  const first = await serve(databaseUrl, chain, { cacheMaxMb: 16 });
  open.push(first);
  chain.append(1_800_000_000, [["market::AssetAllowanceChanged", { asset: COIN, allowed: true }]]);
  await until(async () => (await shown(first)) !== undefined, "the asset");
  expect(await shown(first)).toEqual(UNDESCRIBED);

  // An asset that couldn't be read is left alone for a while, so another instance is the one that finds out.
  chain.assetMetadataOf.set(COIN, { symbol: "COIN", decimals: 6 });
  const second = await serve(databaseUrl, chain, { cacheMaxMb: 16 });
  open.push(second);
  await until(async () => {
    const asset = (await shown(second)) as { decimals: number } | undefined;
    return asset?.decimals === 6;
  }, "the description");
  expect(await shown(second)).toEqual(DESCRIBED);

  chain.assetMetadataOf.clear();
  const third = await serve(databaseUrl, chain, { cacheMaxMb: 16 });
  open.push(third);
  expect(await shown(third)).toEqual(DESCRIBED);
});
