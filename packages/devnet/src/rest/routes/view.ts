/**
 * View functions, asked for in BCS or JSON.
 * It doesn't run them.
 */
import { z } from "zod";
import { readEntryFunction } from "../../chain/transaction.ts";
import { BcsReader } from "../../codec/bcs.ts";
import { formatAddress } from "../../codec/bytes.ts";
import { substitute, typeTagBytes } from "../../codec/type-tag.ts";
import type { VmCall } from "../../vm/types.ts";
import type { RestContext } from "../context.ts";
import { ApiError, invalidInput, json, type Request, type Route } from "../http.ts";
import { integerQuery, jsonBody, moveType, structType } from "../parse.ts";

const VIEW_FUNCTION = "application/x.aptos.view_function+bcs";

const zView = z.object({
  function: z.string(),
  type_arguments: z.array(z.string()).default([]),
  arguments: z.array(z.unknown()).default([]),
});

export function viewRoutes({ chain, values }: RestContext): Route[] {
  /** A view function has the same BCS as an entry function. */
  function fromBcs(body: Buffer): VmCall {
    const reader = new BcsReader(body);
    const { moduleAddress, module, function: name, typeArgs, args } = readEntryFunction(reader);
    reader.end();
    return { moduleAddress, module, function: name, typeArgs: typeArgs.map(typeTagBytes), args };
  }

  function fromJson(request: Request): VmCall {
    const body = jsonBody(request, zView);
    // `0x1::coin::balance` has the form of a struct name.
    const { address, module, name } = structType(body.function, "function");
    const found = chain.modules.get(chain.state, address, module);
    const what = `${formatAddress(address)}::${module}::${name}`;
    const shape = found?.function(name);
    if (!shape) throw invalidInput(`function: could not find view function ${what}`);
    const typeArgs = body.type_arguments.map((text, i) => moveType(text, `type_arguments[${i}]`));
    if (typeArgs.length !== shape.typeParameters)
      throw invalidInput(`type_arguments: ${what} takes ${shape.typeParameters}, got ${typeArgs.length}`);
    if (body.arguments.length !== shape.params.length)
      throw invalidInput(`arguments: ${what} takes ${shape.params.length}, got ${body.arguments.length}`);
    const args = shape.params.map((type, i) =>
      values.write(body.arguments[i], substitute(type, typeArgs), `arguments[${i}]`),
    );
    return { moduleAddress: address, module, function: name, typeArgs: typeArgs.map(typeTagBytes), args };
  }

  return [
    {
      method: "POST",
      path: "/v1/view",
      handler: (request) => {
        const asked = integerQuery(request, "ledger_version");
        if (asked !== null && asked >= chain.ledger.length)
          throw new ApiError(404, "version_not_found", `Ledger version(${asked}) not found`);
        const call = request.contentType === VIEW_FUNCTION ? fromBcs(request.body) : fromJson(request);
        return json(chain.view(call));
      },
    },
  ];
}
