/**
 * Accounts, their resources, modules and balances, and table items.
 * It doesn't know transactions.
 */
import { z } from "zod";
import { MOVE_METADATA } from "../../chain/accounts.ts";
import { BcsReader } from "../../codec/bcs.ts";
import { formatAddress, parseAddress, toHex } from "../../codec/bytes.ts";
import { ValueError } from "../../codec/move-value.ts";
import { formatType, structTagBytes } from "../../codec/type-tag.ts";
import type { RestContext } from "../context.ts";
import { ApiError, invalidInput, json, type Reply, type Request, type Route } from "../http.ts";
import { addressParam, integerQuery, jsonBody, limitQuery, moveType, structType } from "../parse.ts";

const MAX_PAGE = 9999;
const MOVE_COIN = "0x1::aptos_coin::AptosCoin";

const zTableItem = z.object({ key_type: z.string(), value_type: z.string(), key: z.unknown() });

export function accountRoutes({ chain, values }: RestContext): Route[] {
  const { state, vm } = chain;

  /** State is kept for the newest version only; one in the future is refused. */
  function ledgerVersion(request: Request): number {
    const newest = chain.ledger.length - 1;
    const asked = integerQuery(request, "ledger_version");
    if (asked !== null && asked > newest)
      throw new ApiError(404, "version_not_found", `Ledger version(${asked}) not found`);
    return newest;
  }

  /** A page of `items`; the cursor only when there is more, since the SDK would ask for the same page again. */
  function page<T>(
    request: Request,
    items: readonly T[],
    cursorOf: (item: T) => string,
    render: (item: T) => unknown,
  ): Reply {
    const limit = limitQuery(request, MAX_PAGE, MAX_PAGE);
    const cursor = request.query.get("start");
    const from = cursor ? items.findIndex((item) => cursorOf(item) === cursor) : 0;
    if (from < 0) throw invalidInput("start: not a cursor of this list");
    const next = items[from + limit];
    const reply = json(items.slice(from, from + limit).map(render));
    if (next !== undefined) reply.headers = { "x-aptos-cursor": cursorOf(next) };
    return reply;
  }

  /** Everything of one kind that an account holds, in key order. */
  function entries<K extends "module" | "resource">(address: Buffer, kind: K) {
    return state.account(address).flatMap(([key, value]) => {
      const parsed = vm.keys.parse(key);
      if (!parsed || parsed.kind !== kind) return [];
      return [{ key, value, parsed: parsed as Extract<typeof parsed, { kind: K }> }];
    });
  }

  const cursor = (item: { key: Uint8Array }) => toHex(item.key);

  return [
    {
      method: "GET",
      path: "/v1/accounts/:address",
      handler: (request) => {
        const address = addressParam(request, "address");
        const version = ledgerVersion(request);
        const account = chain.accounts.read(state, address);
        if (!account) throw notFound("account", address, "", version);
        return json({
          sequence_number: String(account.sequenceNumber),
          authentication_key: toHex(account.authenticationKey),
        });
      },
    },
    {
      method: "GET",
      path: "/v1/accounts/:address/resource/:resource_type",
      handler: (request) => {
        const address = addressParam(request, "address");
        const version = ledgerVersion(request);
        const type = structType(request.params.resource_type ?? "", "resource_type");
        const bytes = state.get(vm.keys.resource(address, structTagBytes(type)));
        if (!bytes) throw notFound("resource", address, `, Struct tag(${formatType(type)})`, version);
        return json({ type: formatType(type), data: values.resource(type, bytes) });
      },
    },
    {
      method: "GET",
      path: "/v1/accounts/:address/resources",
      handler: (request) => {
        const address = addressParam(request, "address");
        const version = ledgerVersion(request);
        const items = entries(address, "resource");
        if (items.length === 0) throw notFound("account", address, "", version);
        return page(request, items, cursor, ({ parsed, value }) => {
          const type = values.structType(parsed.structTagBcs);
          return { type: formatType(type), data: values.resource(type, value) };
        });
      },
    },
    {
      method: "GET",
      path: "/v1/accounts/:address/module/:module_name",
      handler: (request) => {
        const address = addressParam(request, "address");
        const version = ledgerVersion(request);
        const name = request.params.module_name ?? "";
        const module = chain.modules.get(state, address, name);
        if (!module) throw notFound("module", address, `, Module name(${name})`, version);
        return json({ bytecode: toHex(module.bytecode), abi: module.abi });
      },
    },
    {
      method: "GET",
      path: "/v1/accounts/:address/modules",
      handler: (request) => {
        const address = addressParam(request, "address");
        const version = ledgerVersion(request);
        const items = entries(address, "module");
        if (items.length === 0 && !chain.accounts.read(state, address))
          throw notFound("account", address, "", version);
        return page(request, items, cursor, ({ parsed, value }) => ({
          bytecode: toHex(value),
          abi: chain.modules.get(state, address, parsed.name)?.abi ?? null,
        }));
      },
    },
    {
      method: "GET",
      path: "/v1/accounts/:address/balance/:asset_type",
      handler: (request) => {
        const address = addressParam(request, "address");
        ledgerVersion(request);
        const asset = request.params.asset_type ?? "";
        const metadata = asset === MOVE_COIN ? MOVE_METADATA : parseAddress(asset);
        if (!metadata)
          throw invalidInput(
            `asset_type: ${asset.slice(0, 200)} is neither ${MOVE_COIN} nor a metadata address`,
          );
        // A bare number of any size, as the fullnode writes it.
        return { status: 200, body: String(chain.accounts.balance(state, address, metadata)) };
      },
    },
    {
      method: "POST",
      path: "/v1/tables/:table_handle/item",
      handler: (request) => {
        const handle = addressParam(request, "table_handle");
        const version = ledgerVersion(request);
        const body = jsonBody(request, zTableItem);
        const keyType = moveType(body.key_type, "key_type");
        const valueType = moveType(body.value_type, "value_type");
        const key = values.write(body.key, keyType, "key");
        const bytes = state.get(vm.keys.tableItem(handle, key));
        if (!bytes)
          throw new ApiError(
            404,
            "table_item_not_found",
            `Table Item not found by Table handle(${formatAddress(handle)}), Table key(${JSON.stringify(body.key)}) and Ledger version(${version})`,
          );
        const reader = new BcsReader(bytes);
        const value = values.read(reader, valueType);
        if (reader.remaining > 0) throw new ValueError("value_type: the item has another type");
        return json(value);
      },
    },
  ];
}

function notFound(
  kind: "account" | "resource" | "module",
  address: Buffer,
  detail: string,
  version: number,
): ApiError {
  const name = `${kind[0]?.toUpperCase()}${kind.slice(1)}`;
  return new ApiError(
    404,
    `${kind}_not_found`,
    `${name} not found by Address(${formatAddress(address)})${detail} and Ledger version(${version})`,
  );
}
