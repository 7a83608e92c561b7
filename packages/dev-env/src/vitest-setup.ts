/**
 * One Docker engine for a whole test run, so that files neither race to start it nor stop each other's.
 * It doesn't know which tests need it: without the means to run one, those that do say so themselves.
 */
import { SetupError } from "./errors.ts";
import { installPrograms, startDocker } from "./parts/index.ts";

export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  try {
    installPrograms(["redis-server", "dockerd", "busybox", "chromium"], (line) => console.error(line));
    const docker = await startDocker();
    return () => docker.close();
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    console.error(error.message);
    return undefined;
  }
}
