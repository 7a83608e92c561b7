/**
 * Which actions succeeded and with which codes they were refused, and what never happened.
 * It doesn't run anything.
 */
import type { Action } from "./model/actions.ts";
import type { Performed } from "./session.ts";

/** `ok` or an abort code -> how often. */
export type Counts = Record<string, number>;
export type Coverage = Record<string, Counts>;

export function count(coverage: Coverage, { action, result }: Performed): void {
  bump(coverage, action.type, result.ok ? "ok" : result.code, 1);
  if (!result.ok) return;
  for (const { name, data } of result.events) {
    bump(coverage, EVENTS, name, 1);
    if (name === "SettlementSkipped") bump(coverage, SKIPPED, String(data.code), 1);
  }
}

const EVENTS = "events";
const SKIPPED = "skipped";

function bump(coverage: Coverage, group: string, name: string, by: number): void {
  const counts = coverage[group] ?? {};
  counts[name] = (counts[name] ?? 0) + by;
  coverage[group] = counts;
}

export function merge(into: Coverage, from: Coverage): void {
  for (const [group, counts] of Object.entries(from))
    for (const [name, times] of Object.entries(counts)) bump(into, group, name, times);
}

/** Successes and refusals of each action. */
export function actionsOf(coverage: Coverage): Record<string, { success: number; abort: Counts }> {
  return Object.fromEntries(
    Object.entries(coverage)
      .filter(([group]) => group !== EVENTS && group !== SKIPPED)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([action, { ok = 0, ...abort }]) => [action, { success: ok, abort }]),
  );
}

/** Of what the package declares: actions that never succeeded, codes and events that never came. */
export function missing(
  coverage: Coverage,
  declared: { actions: readonly Action["type"][]; codes: readonly string[]; events: readonly string[] },
): { actions: string[]; codes: string[]; events: string[] } {
  const seen = new Set(Object.values(actionsOf(coverage)).flatMap(({ abort }) => Object.keys(abort)));
  return {
    actions: declared.actions.filter((action) => !coverage[action]?.ok),
    codes: declared.codes.filter((code) => !seen.has(code)),
    events: declared.events.filter((event) => !coverage[EVENTS]?.[event]),
  };
}
