/**
 * Answers the routes about wallets.
 * It doesn't know SQL or paths' parameters: the table does.
 */
import type { Context } from "../../context.ts";
import { listLedger } from "../../db/queries/ledger.ts";
import { ledgerEntryDto, ledgerKeyOf, zLedgerKey } from "../ledger.ts";
import { decodeCursor, toPage } from "../pagination.ts";
import type { Handlers } from "../table/types.ts";
import type { WALLET_ROUTES } from "../table/wallets.ts";
import { readWallet } from "../wallet-snapshot.ts";

export function walletHandlers({ pool, assets }: Context): Handlers<typeof WALLET_ROUTES> {
  return {
    "/api/v1/wallets/:address": async ({ params: { address: wallet } }) => ({
      body: await readWallet(pool, wallet, assets),
    }),

    "/api/v1/wallets/:address/ledger": async ({ params: { address: wallet }, query: { limit, cursor } }) => {
      const after = decodeCursor(zLedgerKey, cursor);
      const rows = await listLedger(pool, { wallet, after, limit: limit + 1 });
      return { body: toPage(rows, limit, (row) => ledgerEntryDto(row, assets), ledgerKeyOf) };
    },
  };
}
