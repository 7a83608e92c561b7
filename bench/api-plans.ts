/**
 * `npm run bench -- api-plans --keep …`: what the database does for each list, chart and total of the API, as a table.
 * It doesn't judge and has no figures: it asks each route once, and has every query that this made explained.
 */
import pg from "pg";
import { connectClient } from "../indexer/src/db/client.ts";
import { createLogger } from "../indexer/src/logger.ts";
import { startService } from "../indexer/src/service.ts";
import { configOf } from "../indexer/test/parts.ts";
import type { Figure } from "./figure.ts";
import { type Asked, type Examples, probesOf, readExamples } from "./load/probes.ts";
import { openDataset } from "./market/dataset.ts";
import { createLiveChain } from "./market/live.ts";
import type { BenchOptions } from "./options.ts";

/** Rows from which reading a table from end to end is worth telling. */
const LARGE_ROWS = 5_000;
const SHOWN_CHARS = 46;

interface Query {
  text: string;
  values: unknown[];
}

interface PlanNode {
  "Node Type": string;
  "Relation Name"?: string;
  "Index Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Shared Hit Blocks": number;
  "Shared Read Blocks": number;
  Plans?: PlanNode[];
}

interface Line {
  probe: string;
  query: string;
  node: string;
  rows: number;
  ms: number;
  blocks: number;
  scans: string;
}

export async function apiPlans(options: BenchOptions): Promise<Figure[]> {
  const dataset = await openDataset(options);
  const { databaseUrl } = dataset;
  const recorder = recordQueries();
  try {
    const chain = await createLiveChain({ databaseUrl, ticksPerSec: 0 });
    const service = await startService(
      configOf(databaseUrl, chain, { providersInMemory: 0 }),
      chain,
      createLogger("warn"),
    );
    const client = await connectClient({ databaseUrl });
    try {
      const examples = await readExamples(client);
      const lines: Line[] = [];
      for (const probe of probesOf(examples)) {
        lines.push(...(await explainAll(client, probe, await ask(service.url, probe, recorder))));
      }
      console.log(render(lines, examples));
    } finally {
      await client.end();
      await service.close();
    }
  } finally {
    recorder.close();
    await dataset.close();
  }
  return [];
}

/** Every query that this process sends while `during` runs. */
function recordQueries() {
  const prototype = pg.Client.prototype as unknown as { query(...args: unknown[]): unknown };
  const original = prototype.query;
  let recorded: Query[] | null = null;
  prototype.query = function query(this: unknown, ...args: unknown[]) {
    const [first, second] = args;
    const text = typeof first === "string" ? first : (first as { text?: string } | undefined)?.text;
    const values = (typeof first === "string" ? second : (first as { values?: unknown[] }).values) ?? [];
    if (text && Array.isArray(values)) recorded?.push({ text, values });
    return original.apply(this, args);
  };
  return {
    async during(work: () => Promise<void>): Promise<Query[]> {
      const queries: Query[] = [];
      recorded = queries;
      await work();
      recorded = null;
      return queries.filter(({ text }) => /^\s*(SELECT|WITH)\b/i.test(text));
    },
    close() {
      prototype.query = original;
    },
  };
}

async function ask(url: string, probe: Asked, recorder: ReturnType<typeof recordQueries>): Promise<Query[]> {
  return recorder.during(async () => {
    const response = await fetch(url + probe.path);
    const text = await response.text();
    if (!response.ok) throw new Error(`${probe.path}: ${response.status} ${text.slice(0, 300)}`);
  });
}

async function explainAll(client: pg.Client, probe: Asked, queries: Query[]): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { text, values } of queries) {
    const sql = `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`;
    // The second time: what is looked at is the plan, not how cold the disk was.
    await client.query(sql, values);
    const { rows } = await client.query(sql, values);
    const [explained] = rows[0]["QUERY PLAN"];
    const plan = explained.Plan as PlanNode;
    lines.push({
      probe: probe.name,
      query: gist(text),
      node: [...nodesOf(plan)].slice(0, 3).map(title).join(" < "),
      rows: plan["Actual Rows"],
      ms: explained["Planning Time"] + explained["Execution Time"],
      blocks: plan["Shared Hit Blocks"] + plan["Shared Read Blocks"],
      scans: largeScans(plan),
    });
  }
  return lines;
}

function* nodesOf(node: PlanNode): Generator<PlanNode> {
  yield node;
  for (const child of node.Plans ?? []) yield* nodesOf(child);
}

function title(node: PlanNode): string {
  const of = node["Index Name"] ?? node["Relation Name"];
  return of ? `${node["Node Type"]} ${of}` : node["Node Type"];
}

function largeScans(plan: PlanNode): string {
  const scanned = new Map<string, number>();
  for (const node of nodesOf(plan)) {
    const table = node["Relation Name"];
    if (node["Node Type"] !== "Seq Scan" || !table) continue;
    const read = (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"];
    scanned.set(table, (scanned.get(table) ?? 0) + read);
  }
  return [...scanned]
    .filter(([, rows]) => rows >= LARGE_ROWS)
    .map(([table, rows]) => `${table} (${rows})`)
    .join(", ");
}

/** What a query is about: where it begins and what it reads. */
function gist(text: string): string {
  const words = text.replace(/\s+/g, " ").trim();
  const tables = [...words.matchAll(/\b(?:FROM|JOIN) ([a-z_]+)/g)].map((match) => match[1]);
  return [...new Set(tables)].join(", ") || words.slice(0, SHOWN_CHARS);
}

function render(lines: Line[], examples: Examples): string {
  const header = ["ms", "rows", "blocks", "route", "reads", "plan", "end to end"];
  const rows = [...lines]
    .sort((a, b) => b.ms - a.ms)
    .map((line) => [
      line.ms.toFixed(2),
      String(line.rows),
      String(line.blocks),
      line.probe,
      line.query.slice(0, SHOWN_CHARS),
      line.node.slice(0, 2 * SHOWN_CHARS),
      line.scans,
    ]);
  const widths = header.map((title, i) => Math.max(title.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const text = [header, ...rows].map((row) =>
    row
      .map((cell, i) => (i < 3 ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd(),
  );
  return [...text, "", `asked about ${JSON.stringify(examples)}`].join("\n");
}
