/**
 * A proxy in front of a node that fails now and then as networks do: 5xx, and submissions whose answer is lost.
 * It doesn't change what it passes on.
 */
import { createServer, type IncomingMessage, request, type Server } from "node:http";
import type { AddressInfo } from "node:net";

export interface FaultyNode {
  url: string;
  /** What was done to requests so far. */
  told: { passed: number; refused: number; unheard: number };
  /** From here on nothing fails. */
  heal(): void;
  close(): Promise<void>;
}

export type Fate = "pass" | "refuse" | "unheard";

/** By chance, or as `fateOf` says. */
export async function startFaultyNode(
  nodeUrl: string,
  p:
    | { refuse: number; loseAnswer: number; random: () => number }
    | { fateOf: (incoming: IncomingMessage) => Fate },
): Promise<FaultyNode> {
  const fateOf = "fateOf" in p ? p.fateOf : chance;
  function chance({ method }: IncomingMessage): Fate {
    if ("fateOf" in p) return "pass";
    if (p.random() < p.refuse) return "refuse";
    return method === "POST" && p.random() < p.loseAnswer ? "unheard" : "pass";
  }
  const target = new URL(nodeUrl);
  const told = { passed: 0, refused: 0, unheard: 0 };
  let healed = false;
  const server: Server = createServer((incoming, answer) => {
    const fate = healed ? "pass" : fateOf(incoming);
    if (fate === "refuse") {
      told.refused += 1;
      incoming.resume();
      answer.writeHead(503, { "content-type": "application/json" }).end('{"message":"busy"}');
      return;
    }
    // The node gets it and acts on it; nobody hears what it said.
    const unheard = fate === "unheard";
    const forwarded = request(
      {
        host: target.hostname,
        port: target.port,
        path: incoming.url,
        method: incoming.method,
        headers: incoming.headers,
      },
      (reply) => {
        if (unheard) {
          told.unheard += 1;
          reply.resume();
          reply.on("end", () => incoming.socket.destroy());
          return;
        }
        told.passed += 1;
        answer.writeHead(reply.statusCode ?? 502, reply.headers);
        reply.pipe(answer);
      },
    );
    forwarded.on("error", () => answer.destroy());
    incoming.pipe(forwarded);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}${target.pathname}`,
    told,
    heal: () => {
      healed = true;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The same numbers for the same seed (mulberry32). */
export function randomOf(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
