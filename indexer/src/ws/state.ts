/**
 * A topic's state as JSON texts, field by field, so that what changed is found and told without reading it all again.
 * It doesn't know who is told; `nextLiveState` of the protocol is the other side of `changeBetween`.
 */
import type { LiveTopicKind } from "@computestream/protocol/api";

interface ListSpec {
  /** The field that is the list; null = the whole state is. */
  field: string | null;
  key: string;
}

/** Lists that are long beside what changes in them. */
const LISTS: Partial<Record<LiveTopicKind, ListSpec>> = {
  network: { field: "recent", key: "timestamp" },
  providers: { field: null, key: "provider" },
};

export interface EncodedState {
  spec: ListSpec | null;
  /** JSON of each field but the list; null = there is nothing at this topic's address. */
  fields: Map<string, string> | null;
  /** JSON of each item of the list, by the JSON of its key. */
  items: Map<string, string> | null;
}

export function encodeState(kind: LiveTopicKind, data: unknown): EncodedState {
  const spec = LISTS[kind] ?? null;
  if (data === null || data === undefined) return { spec: null, fields: null, items: null };
  if (spec?.field === null) return { spec, fields: new Map(), items: itemsOf(data, spec) };
  const fields = new Map<string, string>();
  let items: EncodedState["items"] = null;
  for (const [name, value] of Object.entries(data)) {
    if (value === undefined) continue;
    if (spec && name === spec.field) items = itemsOf(value, spec);
    else fields.set(name, JSON.stringify(value));
  }
  return { spec: items ? spec : null, fields, items };
}

function itemsOf(list: unknown, { key }: ListSpec): Map<string, string> {
  const items = list as Array<Record<string, unknown>>;
  return new Map(items.map((item) => [JSON.stringify(item[key]), JSON.stringify(item)]));
}

export function stateText({ spec, fields, items }: EncodedState): string {
  if (!fields) return "null";
  const list = items && `[${[...items.values()].join(",")}]`;
  if (spec?.field === null) return list ?? "[]";
  const members = [...fields].map(([name, json]) => `${JSON.stringify(name)}:${json}`);
  if (spec && list) members.push(`${JSON.stringify(spec.field)}:${list}`);
  return `{${members.join(",")}}`;
}

/** Members of an update (`"set":…,"list":…`), "" when nothing changed, null when only the whole state tells it. */
export function changeBetween(before: EncodedState, after: EncodedState): string | null {
  if (!before.fields || !after.fields) return before.fields === after.fields ? "" : null;
  if (before.spec !== after.spec) return null;
  for (const name of before.fields.keys()) if (!after.fields.has(name)) return null;
  const set: string[] = [];
  for (const [name, json] of after.fields) {
    if (before.fields.get(name) !== json) set.push(`${JSON.stringify(name)}:${json}`);
  }
  const members: string[] = [];
  if (set.length > 0) members.push(`"set":{${set.join(",")}}`);
  if (after.spec && before.items && after.items) {
    const list = listChange(after.spec, before.items, after.items);
    if (list !== "") members.push(`"list":${list}`);
  }
  return members.join(",");
}

function listChange(spec: ListSpec, before: Map<string, string>, after: Map<string, string>): string {
  const drop = [...before.keys()].filter((key) => !after.has(key));
  const put = [...after].filter(([key, json]) => before.get(key) !== json);
  const merged = [...before.keys()].filter((key) => after.has(key));
  for (const [key] of put) if (!before.has(key)) merged.push(key);
  const wanted = [...after.keys()];
  const isOrdered = wanted.every((key, i) => merged[i] === key);
  if (drop.length === 0 && put.length === 0 && isOrdered) return "";
  const members = [`"field":${JSON.stringify(spec.field)}`, `"key":${JSON.stringify(spec.key)}`];
  if (drop.length > 0) members.push(`"drop":[${drop.join(",")}]`);
  if (put.length > 0) members.push(`"put":[${put.map(([, json]) => json).join(",")}]`);
  if (!isOrdered) members.push(`"order":[${wanted.join(",")}]`);
  return `{${members.join(",")}}`;
}
