/**
 * `npm run dead-letters -w relayer -- list | retry <job …> | retry --all`: attestations the chain would not take.
 * It doesn't settle anything itself: the running relayer tries again at its next tick.
 */
import { loadStoreConfig } from "./config.ts";
import { StartupError } from "./errors.ts";
import { createLogger } from "./logger.ts";
import { createDeadLetterStore, type DeadLetter, type DeadLetterStore } from "./store/dead-letters.ts";
import { connectRedis, createKeys } from "./store/redis.ts";

const USAGE = "usage: npm run dead-letters -w relayer -- list | retry <job …> | retry --all";

async function run(store: DeadLetterStore, [command, ...jobs]: string[]): Promise<number> {
  const letters = await store.all();
  if (command === "list" && jobs.length === 0) {
    for (const letter of [...letters.values()].sort((a, b) => a.at - b.at)) console.log(lineOf(letter));
    console.log(`${letters.size} on the list`);
    return 0;
  }
  if (command !== "retry" || jobs.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const asked = jobs[0] === "--all" ? [...letters.keys()] : jobs;
  let failed = 0;
  for (const job of asked) {
    if (await store.retryNow(job)) {
      console.log(`${job}: tried again at the next tick`);
    } else {
      failed += 1;
      console.error(`${job} is not on the list; \`list\` shows what is`);
    }
  }
  return failed > 0 ? 1 : 0;
}

function lineOf({ job, seq, code, message, attempts, at, retryAt }: DeadLetter): string {
  const time = (secs: number) => new Date(secs * 1000).toISOString();
  const again = retryAt === 0 ? "at the next tick" : time(retryAt);
  return `${job} seq ${seq}\n  ${code}: ${message}\n  refused ${attempts} time(s), last ${time(at)}; again ${again}`;
}

try {
  const config = loadStoreConfig();
  const redis = await connectRedis(config.redisUrl, createLogger("silent"));
  try {
    const store = createDeadLetterStore(redis.commands, createKeys(config.deployment));
    process.exitCode = await run(store, process.argv.slice(2));
  } finally {
    await redis.close();
  }
} catch (error) {
  if (!(error instanceof StartupError)) throw error;
  process.stderr.write(`${error.message} ${error.remedy}\n`);
  process.exitCode = 1;
}
