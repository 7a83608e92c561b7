/**
 * Whether what the chain says is what the model says, and where they differ.
 * It doesn't know what is compared.
 */

/** A named check that failed, with what was seen. */
export class Violation extends Error {
  readonly check: string;
  readonly detail: string;
  constructor(check: string, detail: string) {
    super(`${check}: ${detail}`);
    this.name = "Violation";
    this.check = check;
    this.detail = detail;
  }
}

export function must(condition: boolean, check: string, detail: () => string): void {
  if (!condition) throw new Violation(check, detail());
}

/** Integers as decimal text, whatever their size; an object reference as its address. */
export function canonical(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "number") return value.toString();
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== "object" || value === null) return value;
  const record = value as Record<string, unknown>;
  if (typeof record.inner === "string" && Object.keys(record).length === 1) return fullAddress(record.inner);
  return Object.fromEntries(Object.entries(record).map(([key, item]) => [key, canonical(item)]));
}

/** The fullnode shortens 0x0 to 0xf. */
function fullAddress(text: string): string {
  return text.length < 66 ? `0x${text.slice(2).padStart(64, "0")}` : text;
}

/** Paths where the two differ, as `path: chain ..., model ...`. */
export function differences(chain: unknown, model: unknown, path = ""): string[] {
  if (isRecord(chain) && isRecord(model)) {
    const keys = new Set([...Object.keys(chain), ...Object.keys(model)]);
    return [...keys].flatMap((key) => differences(chain[key], model[key], path ? `${path}.${key}` : key));
  }
  if (Array.isArray(chain) && Array.isArray(model) && chain.length === model.length)
    return chain.flatMap((item, i) => differences(item, model[i], `${path}[${i}]`));
  if (same(chain, model)) return [];
  return [`${path}: chain ${JSON.stringify(chain)}, model ${JSON.stringify(model)}`];
}

function same(chain: unknown, model: unknown): boolean {
  if (chain === model) return true;
  if (Array.isArray(chain) && Array.isArray(model)) return chain.length === 0 && model.length === 0;
  // "0x0" is both a short address and no bytes' neighbour: only addresses have 66 digits.
  return typeof chain === "string" && typeof model === "string" && isAddressOf(chain, model);
}

const isAddressOf = (short: string, full: string): boolean =>
  full.length === 66 && short.startsWith("0x") && short.length === 3 && fullAddress(short) === full;

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Differences of one record. */
export function compareRecord(check: string, chain: unknown, model: unknown): void {
  const found = differences(canonical(chain), canonical(model));
  must(found.length === 0, check, () => found.join("; "));
}

interface NamedEvent {
  /** `module::Name`. */
  type: string;
  data: unknown;
}

/** The same events with the same fields; their order is no promise. */
export function compareEvents(chain: readonly NamedEvent[], model: readonly NamedEvent[]): void {
  const left = [...model];
  const unmatched: NamedEvent[] = [];
  for (const event of chain) {
    const data = canonical(event.data);
    const at = left.findIndex(
      (e) => e.type === event.type && differences(data, canonical(e.data)).length === 0,
    );
    if (at >= 0) left.splice(at, 1);
    else unmatched.push(event);
  }
  if (left.length === 0 && unmatched.length === 0) return;
  const lines = unmatched.map((event) => {
    const at = left.findIndex((e) => e.type === event.type);
    if (at < 0) return `chain alone has ${event.type} ${JSON.stringify(event.data)}`;
    const [twin] = left.splice(at, 1);
    return `${event.type}: ${differences(canonical(event.data), canonical(twin?.data)).join("; ")}`;
  });
  const missing = left.map((e) => `model alone has ${e.type} ${JSON.stringify(canonical(e.data))}`);
  throw new Violation("events", [...lines, ...missing].join("\n    "));
}
