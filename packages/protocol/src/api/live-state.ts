/**
 * What a client's state of a live topic is after the next message: the one rule of merging, for every client.
 * It doesn't know sockets, nor what the state means.
 */
import type { ListChange, TopicMessage } from "./live.ts";

type Item = Record<string, unknown>;

/** Never changes `before`; fields and items that the message doesn't name stay the same objects. */
export function nextLiveState(before: unknown, message: TopicMessage): unknown {
  if (message.type === "snapshot" || message.data !== undefined) return message.data;
  const { set, list } = message;
  if (!set && !list) return before;
  if (list && list.field === null) return withListChange(before as Item[], list);
  const after: Item = { ...(before as Item), ...set };
  if (list?.field) after[list.field] = withListChange((after[list.field] ?? []) as Item[], list);
  return after;
}

function withListChange(before: Item[], { key, drop = [], put = [], order }: ListChange): Item[] {
  const gone = new Set<unknown>(drop);
  const items = new Map<unknown, Item>();
  for (const item of before) if (!gone.has(item[key])) items.set(item[key], item);
  for (const item of put) items.set(item[key], item);
  if (!order) return [...items.values()];
  return order.flatMap((name) => {
    const item = items.get(name);
    return item ? [item] : [];
  });
}
