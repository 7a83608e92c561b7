/**
 * Puts the routes together: the fullnode API, the faucet and the developer endpoints.
 * It never listens.
 */
import type { Server } from "node:http";
import { z } from "zod";
import type { Chain } from "../chain/chain.ts";
import { SimulationSigned } from "../chain/chain.ts";
import {
  ConflictingTransaction,
  MalformedTransaction,
  MempoolFull,
  TransactionRejected,
} from "../chain/rejection.ts";
import { BcsError } from "../codec/bcs.ts";
import { ValueError } from "../codec/move-value.ts";
import { TypeTagError } from "../codec/type-tag.ts";
import { type Faucet, FaucetError } from "../faucet.ts";
import type { RestContext } from "./context.ts";
import { ApiError, createHttpServer, invalidInput, json, type Route } from "./http.ts";
import { jsonBody } from "./parse.ts";
import { accountRoutes } from "./routes/accounts.ts";
import { faucetRoutes } from "./routes/faucet.ts";
import { graphqlRoutes } from "./routes/graphql.ts";
import { ledgerRoutes } from "./routes/ledger.ts";
import { transactionRoutes } from "./routes/transactions.ts";
import { viewRoutes } from "./routes/view.ts";
import { createTransactionJson } from "./transaction-json.ts";
import { createValues } from "./values.ts";
import { mapViewError } from "./view-error.ts";

export interface AppOptions {
  chain: Chain;
  faucet: Faucet;
  /** `/dev/…`: anybody who reaches them can move the clock. */
  developerEndpoints: boolean;
  onError(message: string, error: unknown): void;
}

export function createNodeServer(options: AppOptions): Server {
  const { chain } = options;
  const values = createValues(chain);
  const context: RestContext = { chain, values, transactions: createTransactionJson(chain, values) };
  return createHttpServer({
    routes: [
      {
        method: "GET",
        path: "/",
        handler: () => json({ message: "ComputeStream devnet: the API is at /v1" }),
      },
      ...ledgerRoutes(context),
      ...accountRoutes(context),
      ...transactionRoutes(context),
      ...viewRoutes(context),
      ...graphqlRoutes(context),
      ...faucetRoutes(options.faucet),
      ...(options.developerEndpoints ? developerRoutes(chain) : []),
    ],
    headers: () => ledgerHeaders(chain),
    mapError,
    onError: options.onError,
  });
}

export function createFaucetServer(options: AppOptions): Server {
  return createHttpServer({
    routes: [
      { method: "GET", path: "/", handler: () => json({ message: "tap:ok" }) },
      ...faucetRoutes(options.faucet),
    ],
    headers: () => ({}),
    mapError,
    onError: options.onError,
  });
}

const zAdvance = z.object({ seconds: z.number().int().min(1).max(1_000_000_000) });

function developerRoutes(chain: Chain): Route[] {
  return [
    {
      method: "POST",
      path: "/dev/advance_time",
      handler: (request) => {
        chain.advanceTime(jsonBody(request, zAdvance).seconds);
        return json({ timestamp_usecs: String(chain.nowUsecs()) });
      },
    },
  ];
}

function ledgerHeaders(chain: Chain): Record<string, string> {
  const head = String(chain.ledger.length - 1);
  return {
    "x-aptos-chain-id": String(chain.chainId),
    "x-aptos-ledger-version": head,
    "x-aptos-ledger-oldest-version": "0",
    "x-aptos-ledger-timestampusec": String(chain.nowUsecs()),
    "x-aptos-epoch": "1",
    "x-aptos-block-height": head,
    "x-aptos-oldest-block-height": "0",
  };
}

function mapError(error: unknown): ApiError | null {
  if (error instanceof TransactionRejected)
    return new ApiError(400, "vm_error", error.message, error.statusNumber);
  if (error instanceof ConflictingTransaction)
    return new ApiError(400, "invalid_transaction_update", error.message);
  if (error instanceof MempoolFull) return new ApiError(507, "mempool_is_full", error.message);
  if (
    error instanceof MalformedTransaction ||
    error instanceof SimulationSigned ||
    error instanceof ValueError ||
    error instanceof TypeTagError ||
    error instanceof BcsError
  )
    return invalidInput(error.message);
  if (error instanceof FaucetError) return new ApiError(500, "internal_error", error.message);
  return mapViewError(error);
}
