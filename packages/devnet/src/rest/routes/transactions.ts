/**
 * Submitting, simulating, finding and listing transactions.
 * It doesn't decide whether a transaction is valid.
 */
import type { LedgerEntry } from "../../chain/ledger.ts";
import type { RestContext } from "../context.ts";
import { ApiError, json, type Reply, type Request, type Route } from "../http.ts";
import { addressParam, booleanQuery, hashParam, integerQuery, limitQuery, versionParam } from "../parse.ts";

const SIGNED_TRANSACTION = "application/x.aptos.signed_transaction+bcs";
const DEFAULT_PAGE = 25;
const MAX_PAGE = 100;
/** How long `wait_by_hash` holds a request. */
const WAIT_MS = 1000;
const GAS_PRICE = 100n;
const PRIORITIZED_GAS_PRICE = 150n;

export function transactionRoutes({ chain, transactions }: RestContext): Route[] {
  const { ledger } = chain;

  function signedBytes(request: Request): Buffer {
    if (request.contentType !== SIGNED_TRANSACTION)
      throw new ApiError(
        415,
        "web_framework_error",
        `the content type must be ${SIGNED_TRANSACTION}; this devnet takes no JSON transactions`,
      );
    return request.body;
  }

  const committed = (entry: LedgerEntry): Reply => ({ status: 200, body: transactions.committed(entry) });

  /** Committed, else pending, else 404. */
  function byHash(hash: Buffer): Reply {
    const entry = ledger.byHash(hash);
    if (entry) return committed(entry);
    const waiting = chain.pending(hash);
    if (waiting) return { status: 200, body: transactions.pending(waiting) };
    throw new ApiError(
      404,
      "transaction_not_found",
      `Transaction not found by Transaction hash(0x${hash.toString("hex")})`,
    );
  }

  function range(start: number, limit: number): LedgerEntry[] {
    const entries: LedgerEntry[] = [];
    for (let version = start; version < Math.min(start + limit, ledger.length); version++) {
      const entry = ledger.at(version);
      if (entry) entries.push(entry);
    }
    return entries;
  }

  return [
    {
      method: "POST",
      path: "/v1/transactions",
      handler: async (request) => {
        const transaction = await chain.submit(signedBytes(request));
        return { status: 202, body: transactions.pending(transaction) };
      },
    },
    {
      method: "POST",
      path: "/v1/transactions/simulate",
      handler: async (request) => {
        const prioritized = booleanQuery(request, "estimate_prioritized_gas_unit_price");
        const estimated = booleanQuery(request, "estimate_gas_unit_price");
        const entry = await chain.simulate(signedBytes(request), {
          estimateMaxGas: booleanQuery(request, "estimate_max_gas_amount"),
          gasUnitPrice: prioritized ? PRIORITIZED_GAS_PRICE : estimated ? GAS_PRICE : null,
        });
        return { status: 200, body: `[${transactions.simulated(entry)}]` };
      },
    },
    {
      method: "GET",
      path: "/v1/transactions",
      handler: (request) => {
        const limit = limitQuery(request, DEFAULT_PAGE, MAX_PAGE);
        const start = integerQuery(request, "start") ?? Math.max(0, ledger.length - limit);
        return { status: 200, body: transactions.list(range(start, limit)) };
      },
    },
    {
      method: "GET",
      path: "/v1/transactions/by_hash/:txn_hash",
      handler: (request) => byHash(hashParam(request, "txn_hash")),
    },
    {
      method: "GET",
      path: "/v1/transactions/wait_by_hash/:txn_hash",
      handler: async (request) => {
        const hash = hashParam(request, "txn_hash");
        // As on the fullnode: what isn't known is not waited for.
        if (chain.pending(hash)) await chain.waitFor(hash, WAIT_MS);
        return byHash(hash);
      },
    },
    {
      method: "GET",
      path: "/v1/transactions/by_version/:txn_version",
      handler: (request) => {
        const version = versionParam(request, "txn_version");
        const entry = ledger.at(version);
        if (!entry)
          throw new ApiError(
            404,
            "transaction_not_found",
            `Transaction not found by Ledger version(${version})`,
          );
        return committed(entry);
      },
    },
    {
      method: "GET",
      path: "/v1/accounts/:address/transactions",
      handler: (request) => {
        const address = addressParam(request, "address");
        const limit = limitQuery(request, DEFAULT_PAGE, MAX_PAGE);
        const start = integerQuery(request, "start");
        const own = ledger
          .bySender(address)
          .map((version) => ledger.at(version))
          .filter((entry): entry is LedgerEntry => entry?.transaction?.nonce === null);
        const from =
          start === null
            ? Math.max(0, own.length - limit)
            : own.findIndex((entry) => (entry.transaction?.sequenceNumber ?? -1n) >= BigInt(start));
        if (from < 0) return json([]);
        return { status: 200, body: transactions.list(own.slice(from, from + limit)) };
      },
    },
  ];
}
