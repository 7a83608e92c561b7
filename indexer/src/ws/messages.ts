/**
 * What a client's message asks of the hub; a wrong one is answered with what is wrong, and changes nothing.
 * It doesn't know sockets.
 */
import { zWsClientMessage } from "@computestream/protocol/api";
import { type Position, parseCursor } from "./cursor.ts";
import { type Hub, type Peer, tellError } from "./hub.ts";
import { canonicalTopic } from "./topics.ts";

export function handleMessage(hub: Pick<Hub, "subscribe" | "unsubscribe">, peer: Peer, text: string): void {
  const parsed = zWsClientMessage.safeParse(parseJson(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    refuse(peer, issue?.path.map(String).join(".") || "message", issue?.message ?? "invalid");
    return;
  }
  const message = parsed.data;
  if (message.type === "pong") return;
  const topics = [...new Set(message.topics.map(canonicalTopic))];
  if (message.type === "unsubscribe") {
    hub.unsubscribe(peer, topics);
    return;
  }
  const { since = {} } = message;
  if (typeof since === "string") {
    hub.subscribe(peer, topics, () => parseCursor(since));
    return;
  }
  const positions = new Map<string, Position>();
  for (const [name, cursor] of Object.entries(since)) {
    if (!message.topics.includes(name)) {
      refuse(peer, `since.${name}`, "is none of the message's topics");
      return;
    }
    positions.set(canonicalTopic(name), parseCursor(cursor));
  }
  hub.subscribe(peer, topics, (name) => positions.get(name) ?? null);
}

function refuse(peer: Peer, field: string, problem: string): void {
  tellError(peer, "INVALID_MESSAGE", `${field}: ${problem}`, field);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
