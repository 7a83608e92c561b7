/**
 * Ledger information, health, gas price, blocks.
 * It doesn't know accounts or how transactions are rendered.
 */
import type { LedgerEntry } from "../../chain/ledger.ts";
import { toHex } from "../../codec/bytes.ts";
import type { RestContext } from "../context.ts";
import { ApiError, json, type Reply, type Request, type Route } from "../http.ts";
import { booleanQuery, versionParam } from "../parse.ts";

export function ledgerRoutes({ chain, transactions }: RestContext): Route[] {
  const ledgerInfo = (): Reply => {
    const head = String(chain.ledger.length - 1);
    return json({
      chain_id: chain.chainId,
      epoch: "1",
      ledger_version: head,
      oldest_ledger_version: "0",
      ledger_timestamp: String(chain.nowUsecs()),
      node_role: "full_node",
      oldest_block_height: "0",
      block_height: head,
      git_hash: "computestream-devnet",
    });
  };

  const block = (entry: LedgerEntry | null, what: string, request: Request): Reply => {
    if (!entry) throw new ApiError(404, "block_not_found", `Block not found by ${what}`);
    const height = String(entry.version);
    const header = JSON.stringify({
      block_height: height,
      block_hash: toHex(entry.accumulatorRootHash),
      block_timestamp: String(entry.timestampUsecs),
      first_version: height,
      last_version: height,
    });
    const list = booleanQuery(request, "with_transactions") ? transactions.list([entry]).toString() : "null";
    return { status: 200, body: `${header.slice(0, -1)},"transactions":${list}}` };
  };

  return [
    { method: "GET", path: "/v1", handler: ledgerInfo },
    { method: "GET", path: "/v1/-/healthy", handler: () => json({ message: "aptos-node:ok" }) },
    {
      method: "GET",
      path: "/v1/estimate_gas_price",
      handler: () =>
        json({ deprioritized_gas_estimate: 100, gas_estimate: 100, prioritized_gas_estimate: 150 }),
    },
    {
      method: "GET",
      path: "/v1/blocks/by_height/:height",
      handler: (request) => {
        const height = versionParam(request, "height");
        return block(chain.ledger.at(height), `Block height(${height})`, request);
      },
    },
    {
      method: "GET",
      path: "/v1/blocks/by_version/:version",
      handler: (request) => {
        const version = versionParam(request, "version");
        return block(chain.ledger.at(version), `Ledger version(${version})`, request);
      },
    },
  ];
}
