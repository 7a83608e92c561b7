/** Boots the whole stack on one machine. Parts alone: `@computestream/dev-env/parts`. */
export { SetupError } from "./errors.ts";
export { fetchOutput } from "./fetch-output.ts";
export {
  type ContainerIdentity,
  createJob,
  fetchJob,
  fetchTicks,
  type JobPlan,
  keeperFees,
  newestUsage,
  waitForMirror,
  watchUntilSettled,
} from "./jobs.ts";
export { runScenario, SCENARIOS, type Scenario, type ScenarioResult } from "./scenario.ts";
export type { Service } from "./services.ts";
export { bootStack, DEFAULT_PORT_BASE, PORT_OFFSETS, type Stack, type StackOptions } from "./stack.ts";
