/**
 * A process that runs chunks of histories for the command line, one after the other.
 * It doesn't choose seeds or print.
 */
import { buildPackages, createChain } from "./chain.ts";
import { createRunner } from "./runner.ts";
import { type ChunkOptions, type ChunkResult, searchChunk } from "./search.ts";
import { createWorld } from "./world.ts";

export type FromWorker =
  | { kind: "ready"; declared: { codes: string[]; events: string[] } }
  | { kind: "result"; result: ChunkResult }
  | { kind: "error"; message: string };

const send = (message: FromWorker): void => void process.send?.(message);

try {
  const chain = createChain(await buildPackages());
  const world = createWorld(chain);
  const runner = createRunner(chain, world);
  process.on("message", (options: ChunkOptions) => {
    try {
      send({ kind: "result", result: searchChunk(runner, world, options) });
    } catch (error) {
      send({
        kind: "error",
        message: error instanceof Error ? (error.stack ?? error.message) : String(error),
      });
    }
  });
  process.on("disconnect", () => process.exit(0));
  send({ kind: "ready", declared: chain.declared });
} catch (error) {
  send({ kind: "error", message: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
