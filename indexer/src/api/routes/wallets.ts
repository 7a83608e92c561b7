/**
 * Answers the routes about wallets.
 * It doesn't know SQL or paths' parameters: the table does.
 */
import { jobStateName, providerStatusName } from "@computestream/protocol";
import type { Context } from "../../context.ts";
import { countJobs, listJobs } from "../../db/queries/jobs.ts";
import { listLedger } from "../../db/queries/ledger.ts";
import { countProvidersOf, listProviders } from "../../db/queries/providers.ts";
import { walletBalances } from "../../db/queries/wallets.ts";
import { assetDto } from "../dto.ts";
import { ledgerEntryDto, ledgerKeyOf, zLedgerKey } from "../ledger.ts";
import { decodeCursor, toPage } from "../pagination.ts";
import type { Handlers } from "../table/types.ts";
import type { WALLET_ROUTES } from "../table/wallets.ts";

const JOBS_SHOWN = 20;
const PROVIDERS_SHOWN = 100;

export function walletHandlers({ pool, deployment }: Context): Handlers<typeof WALLET_ROUTES> {
  const known = deployment.asset;
  return {
    "/api/v1/wallets/:address": async ({ params: { address: wallet } }) => {
      const balances = await walletBalances(pool, wallet);
      const { secondsBilled: _, ...counts } = await countJobs(pool, { party: "buyer", address: wallet });
      const jobs = await listJobs(pool, { filter: { buyer: wallet }, after: null, limit: JOBS_SHOWN });
      const providers = await listProviders(pool, {
        filter: { owner: wallet },
        sort: "newest",
        after: null,
        limit: PROVIDERS_SHOWN,
      });
      return {
        body: {
          wallet,
          balances: balances.map((line) => ({ ...line, asset: assetDto(line.asset, known) })),
          jobs: {
            ...counts,
            newest: jobs.map((row) => ({
              job: row.job,
              title: row.title,
              provider: row.provider,
              state: jobStateName(row.state),
              createdAt: Number(row.created_at),
              asset: assetDto(row.asset, known),
              deposited: row.deposited.toString(),
              balance: row.balance.toString(),
            })),
          },
          providers: {
            total: await countProvidersOf(pool, wallet),
            newest: providers.map((row) => ({
              provider: row.provider,
              name: row.name,
              status: providerStatusName(row.status),
              asset: assetDto(row.asset, known),
              stake: row.staked.toString(),
              unbonding: row.unbonding.toString(),
              earned: row.earned.toString(),
            })),
          },
        },
      };
    },

    "/api/v1/wallets/:address/ledger": async ({ params: { address: wallet }, query: { limit, cursor } }) => {
      const after = decodeCursor(zLedgerKey, cursor);
      const rows = await listLedger(pool, { wallet, after, limit: limit + 1 });
      return { body: toPage(rows, limit, (row) => ledgerEntryDto(row, known), ledgerKeyOf) };
    },
  };
}
