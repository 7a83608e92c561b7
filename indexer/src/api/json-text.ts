/**
 * The JSON of answers, whose items may bring theirs along: what many lists show is stringified once.
 * It doesn't know what the items are.
 */

const texts = new WeakMap<object, string>();

/** Freezes the item: its JSON is made now, and used wherever it is in a list. */
export function withJsonText<T extends object>(item: T): Readonly<T> {
  texts.set(item, JSON.stringify(item));
  return Object.freeze(item);
}

/** What `JSON.stringify` says, with `items` first. */
export function jsonTextOf(body: unknown): string {
  if (!hasItems(body)) return JSON.stringify(body);
  const { items, ...rest } = body;
  const list = items.map((item) => texts.get(item) ?? JSON.stringify(item)).join(",");
  const others = JSON.stringify(rest).slice(1);
  return `{"items":[${list}]${others === "}" ? "" : ","}${others}`;
}

function hasItems(body: unknown): body is { items: object[] } {
  if (typeof body !== "object" || body === null || !("items" in body)) return false;
  const { items } = body;
  return Array.isArray(items) && items.every((item) => typeof item === "object" && item !== null);
}
