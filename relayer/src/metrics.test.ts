import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createMetrics } from "./metrics.ts";

it("has every metric that an alert is about", async () => {
  const rules = readFileSync(new URL("../alerts.yml", import.meta.url), "utf8");
  const named = new Set([...rules.matchAll(/\b(relayer_[a-z_]+)/g)].map(([, name]) => name));
  expect(named.size).toBeGreaterThan(8);
  const known = (await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name);
  for (const name of named) expect(known).toContain(name);
});
