/**
 * The mirror's rows against the chain's own views at the same version: jobs, streams, cases, providers, market, assets,
 * and the ledgers of wallets against what their stores hold.
 * It doesn't read the chain's events.
 */
import { CASE_KINDS, JOB_STATES, normalizeAddress, PROVIDER_STATUSES } from "@computestream/protocol";
import type { Client } from "pg";
import { z } from "zod";
import { EVERYBODY } from "../../move/fuzz/cast.ts";
import type { Chain, ChainAt } from "../../move/fuzz/chain.ts";
import {
  zCaseView,
  zJobView,
  zParametersView,
  zProviderView,
  zStreamView,
} from "../../packages/protocol/src/client/view-schemas.ts";
import { type Columns, decodeRow, type Row, type Table } from "../src/db/table.ts";
import {
  ASSETS,
  CASES,
  type CaseRow,
  FAULTS,
  JOBS,
  type JobRow,
  LEDGER,
  MARKET,
  PROVIDERS,
  type ProviderRow,
} from "../src/db/tables.ts";

/** Where mirror and chain differ, one sentence each; empty when they agree. */
export async function differencesFrom(db: Client, chain: Chain, at: ChainAt): Promise<string[]> {
  const [jobs, providers, cases, market, assets, faults] = [
    await rowsOf(db, JOBS),
    await rowsOf(db, PROVIDERS),
    await rowsOf(db, CASES),
    await rowsOf(db, MARKET),
    await rowsOf(db, ASSETS),
    await rowsOf(db, FAULTS),
  ];
  const view = <T>(schema: z.ZodType<T>, name: string, ...args: unknown[]): T =>
    schema.parse(chain.view(at, name, args));
  /** Null where the view says that there is no such object. */
  const find = <T>(schema: z.ZodType<T>, name: string, address: string): T | null => {
    let answer: unknown;
    try {
      answer = chain.view(at, name, [address]);
    } catch (error) {
      if (/E_NO_(JOB|STREAM|CASE)\b/.test((error as Error).message)) return null;
      throw error;
    }
    return schema.parse(answer);
  };

  const found: string[] = [];
  const compare = (what: string, mirrored: object, told: Record<string, unknown>): void => {
    for (const [field, expected] of Object.entries(told)) {
      const actual = (mirrored as Record<string, unknown>)[field];
      if (text(actual) !== text(expected)) {
        found.push(`${what}.${field} is ${text(actual)}, on chain ${text(expected)}`);
      }
    }
  };

  for (const row of jobs) {
    const what = `job ${row.job}`;
    const job = find(zJobView, "job_registry::get_job", row.job);
    const opened = cases.filter((c) => c.job === row.job && c.closed_version === null);
    if (opened.length > 1) found.push(`${what} has ${opened.length} open cases`);
    const fault = faults.find((f) => f.job === row.job);
    if ((fault?.fault ?? null) !== row.fault) found.push(`${what}: fault ${row.fault}, row ${fault?.fault}`);
    if (!job) {
      compare(what, { ...row, isReclaimed: row.reclaimed_at > 0n, open: opened.length }, goneJob);
      continue;
    }
    const stream = find(zStreamView, "payment_stream::get_stream", row.job);
    compare(what, jobPart(row), toldOfJob(job, stream !== null));
    compare(what, row, {
      deposited: stream?.deposited ?? job.deposit,
      balance: stream?.balance ?? view(z.string(), "escrow::balance", row.job),
    });
    if (stream) compare(what, camelKeys(row), toldOfStream(stream));
    else compare(what, row, { paid: 0n, fee_paid: 0n, keeper_paid: 0n, held: 0n, acc: 0n, seq: 0n });
    const open = find(zCaseView, "dispute::get_case", row.job);
    if ((open !== null) !== (opened.length === 1)) found.push(`${what}: on chain ${open ? "a" : "no"} case`);
    if (open && opened[0]) {
      compare(`${what}'s case`, casePart(opened[0]), toldOfCase(open));
      compare(what, row, { case_kind: CASE_KINDS.indexOf(open.kind) + 1, case_deadline: open.deadline });
    } else compare(what, row, { case_kind: null, case_deadline: 0n });
  }

  for (const row of providers) {
    const provider = view(zProviderView, "provider_registry::get_provider", row.provider);
    compare(`provider ${row.provider}`, providerPart(row), toldOfProvider(provider));
  }
  const count = view(z.string(), "provider_registry::provider_count");
  if (text(providers.length) !== count) found.push(`${providers.length} providers, on chain ${count}`);

  const parameters = view(zParametersView, "market::parameters");
  compare("market", camelKeys(market[0] ?? {}), { ...parameters });
  const allowed = view(z.array(z.string()), "market::assets").map(normalizeAddress);
  const mirrored = assets.filter((row) => row.allowed).map((row) => row.asset);
  compare("assets", { allowed: mirrored.sort() }, { allowed: allowed.sort() });
  return found;
}

/**
 * Where a wallet's lines don't add up to what its stores hold on chain, frozen or not. `elsewhere` is what came or went
 * without the market, by `asset|wallet`.
 */
export async function ledgerDifferencesFrom(
  db: Client,
  chain: Chain,
  at: ChainAt,
  elsewhere: ReadonlyMap<string, bigint>,
): Promise<string[]> {
  const { rows } = await db.query(
    `SELECT asset || '|' || wallet AS key, sum(amount)::text AS amount FROM ${LEDGER.name} GROUP BY asset, wallet`,
  );
  const lines = new Map(rows.map(({ key, amount }) => [key as string, BigInt(amount)]));
  const holdings = chain.holdings(at.store);
  const wallets = chain.assets.flatMap((asset) => EVERYBODY.map((who) => `${asset}|${who}`));
  const strangers = [...lines.keys()].filter((key) => !wallets.includes(key));
  const found = strangers.map((key) => `${key} has a ledger, and is nobody's wallet`);
  for (const key of wallets) {
    const mirrored = (lines.get(key) ?? 0n) + (elsewhere.get(key) ?? 0n);
    const held = holdings.get(key) ?? 0n;
    if (mirrored !== held) found.push(`the ledger of ${key} comes to ${mirrored}, on chain ${held}`);
  }
  return found;
}

/** What holds of a job that the chain has forgotten. */
const goneJob = {
  ...{ isReclaimed: true, state: JOB_STATES.indexOf("Settled"), open: 0 },
  ...{ balance: 0n, held: 0n, case_kind: null, case_deadline: 0n },
};

/** What the view tells and the mirror keeps: all but the devices, and of the rules the fees and who gets them. */
function toldOfJob(job: z.output<typeof zJobView>, hasStream: boolean): Record<string, unknown> {
  const { requirements, rules, devices: _, deposit: __, ratePerHour, maxDurationSecs, ...told } = job;
  const { feeBps, keeperShareBps, treasury } = rules;
  return {
    ...{ ...told, ...requirements, feeBps, keeperShareBps, treasury },
    // Today's are the stream's.
    ...(hasStream ? {} : { ratePerHour, maxDurationSecs }),
    // Without a root the number commits to nothing.
    outputSize: told.outputRoot === "0x" ? null : told.outputSize,
  };
}

function jobPart(row: JobRow): Record<string, unknown> {
  return {
    ...camelKeys(row),
    state: JOB_STATES[row.state],
    outcome: row.outcome === null ? null : JOB_STATES[row.outcome],
    faulted: row.fault !== null,
    caseUntil: row.case_deadline,
    exitCode: row.exit_code ?? 0n,
    outputSha256: row.output_sha256 ?? "0x",
    outputRoot: row.output_root ?? "0x",
  };
}

function toldOfStream(stream: z.output<typeof zStreamView>): Record<string, unknown> {
  // The key is the provider's, the windows are the job's.
  const { payer, attestKey: _, heldRatePerHour: __, earned, paid, closed, ...told } = stream;
  const { endedAt: ___, proveUntil: ____, lastProgressAt: _____, ...rest } = told;
  return { ...rest, buyer: payer, paid, held: closed ? 0n : earned - paid };
}

function toldOfProvider(provider: z.output<typeof zProviderView>): Record<string, unknown> {
  const { gpusBusyMask, ...told } = provider;
  return { ...told, gpusBusy: gpusBusyMask };
}

function providerPart(row: ProviderRow): Record<string, unknown> {
  return { ...camelKeys(row), status: PROVIDER_STATUSES[row.status] };
}

function toldOfCase(open: z.output<typeof zCaseView>): Record<string, unknown> {
  const { defaultAward: _, chunkIndex, ...told } = open;
  return { ...told, chunkIndex: open.kind === "OutputChallenge" ? chunkIndex : null };
}

function casePart(row: CaseRow): Record<string, unknown> {
  return { ...camelKeys(row), kind: CASE_KINDS[row.kind - 1] };
}

function camelKeys(row: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(row).map(([key, value]) => [
      key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase()),
      value,
    ]),
  );
}

function text(value: unknown): string {
  return Array.isArray(value) ? JSON.stringify(value) : String(value);
}

async function rowsOf<C extends Columns>(db: Client, table: Table<C>): Promise<Array<Row<C>>> {
  const { rows } = await db.query(`SELECT * FROM ${table.name}`);
  return rows.map((row) => decodeRow(table, row));
}
