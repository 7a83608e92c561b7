/**
 * What a wallet has in the market now, as the API shows it; REST and the live feed both answer from here.
 * It doesn't know HTTP or sockets.
 */
import { jobStateName, providerStatusName } from "@computestream/protocol";
import type { WalletDto } from "@computestream/protocol/api";
import type { AssetBook } from "../assets/book.ts";
import { countJobs, listJobs } from "../db/queries/jobs.ts";
import { countProvidersOf, listProviders } from "../db/queries/providers.ts";
import { walletBalances } from "../db/queries/wallets.ts";
import type { Queryable } from "../db/table.ts";

const JOBS_SHOWN = 20;
const PROVIDERS_SHOWN = 100;

export async function readWallet(db: Queryable, wallet: string, book: AssetBook): Promise<WalletDto> {
  const balances = await walletBalances(db, wallet);
  const { secondsBilled: _, ...counts } = await countJobs(db, { party: "buyer", address: wallet });
  const jobs = await listJobs(db, { filter: { buyer: wallet }, after: null, limit: JOBS_SHOWN });
  const providers = await listProviders(db, {
    filter: { owner: wallet },
    sort: "newest",
    after: null,
    limit: PROVIDERS_SHOWN,
  });
  return {
    wallet,
    balances: balances.map((line) => ({ ...line, asset: book.describe(line.asset) })),
    jobs: {
      ...counts,
      newest: jobs.map((row) => ({
        job: row.job,
        title: row.title,
        provider: row.provider,
        state: jobStateName(row.state),
        createdAt: Number(row.created_at),
        asset: book.describe(row.asset),
        deposited: row.deposited.toString(),
        balance: row.balance.toString(),
      })),
    },
    providers: {
      total: await countProvidersOf(db, wallet),
      newest: providers.map((row) => ({
        provider: row.provider,
        name: row.name,
        status: providerStatusName(row.status),
        asset: book.describe(row.asset),
        stake: row.staked.toString(),
        unbonding: row.unbonding.toString(),
        earned: row.earned.toString(),
      })),
    },
  };
}
