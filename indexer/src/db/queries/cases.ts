/**
 * Named reads of the cases table. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { CASES, type CaseRow } from "../tables.ts";

/** Those that nobody has closed, at most one of a job, in no order. */
export async function findOpenCases(db: Queryable, jobs: string[]): Promise<CaseRow[]> {
  if (jobs.length === 0) return [];
  const { rows } = await db.query("SELECT * FROM cases WHERE job = ANY($1) AND closed_version IS NULL", [
    jobs,
  ]);
  return rows.map((row) => decodeRow(CASES, row));
}
