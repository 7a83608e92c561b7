/** What this package knows of the modules by heart, against what the modules on chain say of themselves. */
import { type ChainPart, startChain } from "@computestream/dev-env/parts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { createNodeApi, type NodeApi } from "../src/client/index.ts";
import {
  zCaseView,
  zJobView,
  zParametersView,
  zProviderView,
  zRecordView,
  zStakeView,
  zStreamView,
} from "../src/client/view-schemas.ts";
import { EVENT_SCHEMAS } from "../src/events.ts";
import { ENTRY_FUNCTIONS } from "../src/generated/abi.ts";

const zAbi = z.object({
  abi: z.object({
    name: z.string(),
    exposed_functions: z.array(
      z.object({ name: z.string(), is_entry: z.boolean(), params: z.array(z.string()) }),
    ),
    structs: z.array(
      z.object({
        name: z.string(),
        is_event: z.boolean().optional(),
        fields: z.array(z.object({ name: z.string(), type: z.string() })),
      }),
    ),
  }),
});
type Abi = z.output<typeof zAbi>["abi"];

const VIEWS: Array<[module: string, struct: string, schema: z.ZodType]> = [
  ["market", "Parameters", zParametersView],
  ["provider_registry", "ProviderView", zProviderView],
  ["stake", "StakeView", zStakeView],
  ["reputation", "RecordView", zRecordView],
  ["job", "JobRecord", zJobView],
  ["stream", "StreamView", zStreamView],
  ["dispute", "CaseView", zCaseView],
];

let chain: ChainPart;
let node: NodeApi;
/** By name. */
let modules: Record<string, Abi>;

beforeAll(async () => {
  chain = await startChain();
  const { packageAddress } = chain.deployment;
  node = createNodeApi({ nodeUrl: chain.nodeUrl, packageAddress });
  const abis = Object.keys(chain.deployment.modules).map(async (name) => {
    const answer = await node.get(`/accounts/${packageAddress}/module/${name}`);
    if (!answer.ok) throw new Error(answer.failure.message);
    return [name, zAbi.parse(answer.body).abi] as const;
  });
  modules = Object.fromEntries(await Promise.all(abis));
});

afterAll(() => chain?.close());

const own = () => new RegExp(`0x0*${chain.deployment.packageAddress.replace(/^0x0*/, "")}::`, "g");

/** `field`, or `field.inner` for those of a struct of this package inside, as the modules tell it. */
function fieldsOnChain(module: string, struct: string): string[] {
  const found = modules[module]?.structs.find(({ name }) => name === struct);
  if (!found) return [];
  return found.fields.flatMap(({ name, type }) => {
    const inner = /^\{package\}::(\w+)::(\w+)$/.exec(type.replace(own(), "{package}::"));
    if (!inner?.[1] || !inner[2]) return [name];
    return fieldsOnChain(inner[1], inner[2]).map((field) => `${name}.${field}`);
  });
}

/** The same of a schema. */
function fieldsDecoded(schema: z.ZodType): string[] {
  if (schema instanceof z.ZodPipe) return fieldsDecoded(schema.in as z.ZodType);
  if (!(schema instanceof z.ZodObject)) return [];
  return Object.entries(schema.shape as Record<string, z.ZodType>).flatMap(([name, field]) => {
    const inner = field instanceof z.ZodObject ? fieldsDecoded(field) : [];
    return inner.length === 0 ? [name] : inner.map((of) => `${name}.${of}`);
  });
}

describe("the modules on chain", () => {
  it.each(Object.entries(EVENT_SCHEMAS))("%s emits the fields that are decoded here", (module, schemas) => {
    for (const [name, schema] of Object.entries(schemas)) {
      const decoded = fieldsDecoded(schema).sort();
      expect({ name, fields: fieldsOnChain(module, name).sort() }).toEqual({ name, fields: decoded });
    }
  });

  it("emit no event that isn't decoded here", () => {
    const emitted = Object.values(modules).flatMap(({ name: module, structs }) =>
      structs.filter((struct) => struct.is_event).map(({ name }) => `${module}::${name}`),
    );
    const decoded = Object.entries(EVENT_SCHEMAS).flatMap(([module, schemas]) =>
      Object.keys(schemas).map((name) => `${module}::${name}`),
    );
    expect(emitted.sort()).toEqual(decoded.sort());
  });

  it.each(VIEWS)("%s::%s has the fields that are decoded here", (module, struct, schema) => {
    expect(fieldsOnChain(module, struct).sort()).toEqual(fieldsDecoded(schema).sort());
  });

  it("take the arguments that are sent from here", () => {
    const onChain = Object.values(modules).flatMap(({ name: module, exposed_functions }) => {
      const entries = exposed_functions.filter((fn) => fn.is_entry);
      if (entries.length === 0) return [];
      const parametersOf = (params: string[]) =>
        params.filter((type) => type !== "&signer").map((type) => type.replace(own(), "{package}::"));
      return [[module, Object.fromEntries(entries.map((fn) => [fn.name, parametersOf(fn.params)]))] as const];
    });
    expect(Object.fromEntries(onChain)).toEqual(ENTRY_FUNCTIONS);
  });
});
