/** How tests run: unit and integration side by side, whole-system tests one file at a time. */
import { defineConfig } from "vitest/config";

const ignored = ["**/node_modules/**", "**/.next/**", "**/build/**"];

export default defineConfig({
  test: {
    pool: "forks",
    testTimeout: 120_000,
    hookTimeout: 180_000,
    // A busy machine is slow, not wrong: vitest's own limit of one second would say otherwise.
    expect: { poll: { timeout: 30_000 } },
    globalSetup: ["packages/dev-env/src/vitest-setup.ts"],
    projects: [
      {
        extends: true,
        test: {
          name: "parts",
          include: ["**/*.test.ts", "**/*.test.tsx"],
          exclude: [...ignored, "e2e/**"],
          maxWorkers: 2,
        },
      },
      {
        extends: true,
        test: {
          name: "e2e",
          include: ["e2e/**/*.test.ts"],
          exclude: ignored,
          fileParallelism: false,
          testTimeout: 240_000,
        },
      },
    ],
  },
});
