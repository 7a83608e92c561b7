/**
 * What every route works with.
 */
import type { Chain } from "../chain/chain.ts";
import type { TransactionJson } from "./transaction-json.ts";
import type { Values } from "./values.ts";

export interface RestContext {
  chain: Chain;
  values: Values;
  transactions: TransactionJson;
}
