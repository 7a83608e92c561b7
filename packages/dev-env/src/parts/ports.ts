/**
 * Free ports, and a clear word when a wanted one is taken.
 * It doesn't know which part asks.
 */
import { createServer } from "node:net";
import { SetupError } from "../errors.ts";

/** A port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") throw new Error("a TCP server has a port");
      server.close(() => resolve(address.port));
    });
  });
}

/** Throws `SetupError` PORT_TAKEN naming the part and the remedy. */
export async function assertPortFree(port: number, part: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const server = createServer();
    server.once("error", (cause) =>
      reject(
        new SetupError(
          "PORT_TAKEN",
          `Port ${port} (${part}) is taken.`,
          `Stop what listens there (ss -ltnp 'sport = :${port}'), or start with --port-base N to move every port.`,
          cause,
        ),
      ),
    );
    server.listen(port, "127.0.0.1", () => server.close(() => resolve()));
  });
}
