/**
 * A chain that goes on where a dataset ends: running streams are settled, orders come and go, machines tell of themselves.
 * It doesn't know the past beyond what the mirror has of it; nothing of it ends, so that each run finds the same market.
 */

import { NO_ADDRESS } from "@computestream/protocol";
import type { TransactionRecord } from "@computestream/protocol/client";
import { encodeJobSpec } from "@computestream/protocol/job-spec";
import { maxCost } from "@computestream/protocol/money";
import type { ChainSource } from "../../indexer/src/chain/source.ts";
import { connectClient } from "../../indexer/src/db/client.ts";
import { readCursor } from "../../indexer/src/db/cursor.ts";
import { DEPLOYMENT } from "./dataset.ts";
import * as money from "./life.ts";
import { ASSET } from "./providers.ts";
import { createRandom, hex32 } from "./random.ts";
import { type Told, tell, transactionOf } from "./told.ts";

export interface LiveChain extends ChainSource {
  /** Settlements told so far. */
  readonly ticks: number;
  start(): void;
  close(): void;
}

/** Transactions come this often, as blocks do. */
const BLOCK_MS = 200;
const BLOCKS_PER_SEC = 1_000 / BLOCK_MS;
/** An order that nobody takes is cancelled after so many blocks. */
const ORDER_BLOCKS = 50;

export async function createLiveChain(options: {
  databaseUrl: string;
  ticksPerSec: number;
}): Promise<LiveChain> {
  const { past, lives, providers } = await readMarket(options.databaseUrl);
  const random = createRandom(Number(past.nextVersion % 1_000_003n));
  const first = past.nextVersion;
  const startSecs = Number(past.lastTimestampUsecs / 1_000_000n) + 1;
  const records: TransactionRecord[] = [];
  const orders: Array<{ life: money.Life; block: number }> = [];
  let block = 0;
  let ticks = 0;
  let turn = 0;
  let timer: NodeJS.Timeout | undefined;

  const at = (version: bigint, atSecs: number, told: Told[] = []) =>
    transactionOf({ version, hash: hex32(`live tx ${version} ${past.lastHash}`), atSecs }, told);

  function transact(told: Told[]): void {
    const secs = startSecs + Math.floor(block / BLOCKS_PER_SEC);
    records.push(at(first + BigInt(records.length), secs, told));
  }

  function nextBlock(): void {
    block += 1;
    const keeper = random.pick(money.KEEPERS);
    const settled: Told[] = [];
    for (let i = 0; i < options.ticksPerSec / BLOCKS_PER_SEC && lives.length > 0; i += 1) {
      const life = lives[turn++ % lives.length];
      if (!life) continue;
      if (life.maxSecs - life.secs < 10n) settled.push(...money.extend(life, 3_600n));
      settled.push(money.settle(life, BigInt(random.whole(1, 3)), keeper));
      ticks += 1;
    }
    if (settled.length > 0) transact(settled);
    const provider = random.pick(providers);
    transact([tell("ProviderHeartbeat", { provider: provider.provider })]);
    if (block % BLOCKS_PER_SEC !== 0) return;
    const price = random.pick(providers);
    transact([
      tell("ProviderPriceChanged", {
        provider: price.provider,
        price_per_hour: (price.price * BigInt(random.whole(95, 105))) / 100n + 1n,
        gpu_price_per_hour: price.gpuPrice,
      }),
    ]);
    transact(order());
    const oldest = orders[0];
    if (oldest && block - oldest.block >= ORDER_BLOCKS) {
      orders.shift();
      const { job, buyer } = oldest.life;
      transact([tell("JobCancelled", { job, buyer }), ...money.close(oldest.life, 5, false)]);
    }
  }

  function order(): Told[] {
    const rate = 100_000_000n + BigInt(random.whole(0, 100_000_000));
    const deposited = maxCost(rate, 3_600n);
    const life: money.Life = {
      job: hex32(`live job ${first} ${block}`),
      buyer: hex32(`live buyer ${block % 20}`),
      owner: NO_ADDRESS,
      provider: NO_ADDRESS,
      asset: ASSET,
      rate,
      maxSecs: 3_600n,
      holdback: 0n,
      deposited,
      ...{ secs: 0n, confirmed: 0n, seq: 0n, acc: 0n, paid: 0n, keeperPaid: 0n, refunded: 0n },
    };
    orders.push({ life, block });
    const { job, buyer, asset } = life;
    return [
      tell("JobCreated", {
        ...{ job, buyer, provider: NO_ADDRESS, asset, image: "demo:1" },
        spec: encodeJobSpec({ version: 1, title: `Live order ${block}` }),
        ...{ gpu_model: "", gpus: 0n, vram_gb: 0n, cpu_cores: 1n, ram_gb: 1n, disk_gb: 1n },
        ...{ region: "", sandbox: "", min_stake: 0n, rate_per_hour: rate, max_duration_secs: 3_600n },
        ...{ deposit: deposited, holdback_secs: 0n, priority: 5, buyer_key: "0x", is_open: true },
        terms_hash: "0x",
        accept_by: BigInt(startSecs + 86_400),
      }),
      tell("EscrowDeposited", { job, payer: buyer, asset, amount: deposited, balance: deposited }),
    ];
  }

  const head = () => first + BigInt(records.length) - 1n;
  return {
    deployment: DEPLOYMENT,
    get ticks() {
      return ticks;
    },
    start() {
      timer ??= setInterval(nextBlock, BLOCK_MS);
    },
    close() {
      clearInterval(timer);
    },
    assertChain: async () => undefined,
    admin: async () => DEPLOYMENT.packageAddress,
    authenticationKey: async (address) => address,
    assetMetadata: async () => ({ symbol: "COIN", decimals: 6 }),
    ledger: async () => ({
      chainId: DEPLOYMENT.chainId,
      version: head(),
      timestampUsecs: records.at(-1)?.timestampUsecs ?? past.lastTimestampUsecs,
    }),
    async transactions(start, limit) {
      // What the mirror has already is only asked for by its hash.
      if (start === 0n) return [{ ...at(0n, 0), hash: past.genesisHash ?? "" }];
      if (start < first) return [{ ...at(start, startSecs - 1), hash: past.lastHash ?? "" }];
      const from = Number(start - first);
      return records.slice(from, from + Math.min(limit, 100));
    },
  };
}

/** Where the mirror stands, and what goes on there. */
async function readMarket(databaseUrl: string) {
  const client = await connectClient({ databaseUrl });
  try {
    const past = await readCursor(client);
    if (!past) throw new Error("the dataset has no cursor");
    const { rows: running } = await client.query(
      `SELECT j.*, p.owner FROM jobs j JOIN providers p USING (provider)
       WHERE j.state = 2 AND NOT j.sealed AND j.seq > 0 ORDER BY j.job LIMIT 2000`,
    );
    const { rows } = await client.query(
      "SELECT provider, price_per_hour, gpu_price_per_hour FROM providers ORDER BY provider LIMIT 2000",
    );
    return {
      past,
      lives: running.map(lifeOf),
      providers: rows.map((row) => ({
        provider: String(row.provider),
        price: BigInt(row.price_per_hour),
        gpuPrice: BigInt(row.gpu_price_per_hour),
      })),
    };
  } finally {
    await client.end();
  }
}

function lifeOf(row: Record<string, string>): money.Life {
  const number = (column: string) => BigInt(row[column] ?? "");
  const text = (column: string) => row[column] ?? "";
  return {
    job: text("job"),
    buyer: text("buyer"),
    owner: text("owner"),
    provider: text("provider"),
    asset: text("asset"),
    rate: number("rate_per_hour"),
    maxSecs: number("max_duration_secs"),
    holdback: number("holdback_secs"),
    deposited: number("deposited"),
    secs: number("seconds_billed"),
    confirmed: number("seconds_confirmed"),
    seq: number("seq"),
    acc: number("acc"),
    paid: number("paid"),
    keeperPaid: number("keeper_paid"),
    refunded: number("refunded"),
  };
}
