/**
 * The one call that pays by `exact`: a transfer of a fungible asset between primary stores.
 * It doesn't know who pays for what.
 */
import { type InputEntryFunctionData, parseTypeTag } from "@aptos-labs/ts-sdk";

export const TRANSFER = "0x1::primary_fungible_store::transfer";
export const METADATA = "0x1::fungible_asset::Metadata";

export function transferPayload(asset: string, payTo: string, amount: bigint): InputEntryFunctionData {
  return {
    function: TRANSFER,
    typeArguments: [METADATA],
    functionArguments: [asset, payTo, amount],
    abi: {
      signers: 1,
      typeParameters: [{ constraints: [] }],
      parameters: [
        parseTypeTag("0x1::object::Object<T0>", { allowGenerics: true }),
        parseTypeTag("address"),
        parseTypeTag("u64"),
      ],
    },
  };
}
