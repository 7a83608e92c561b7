/**
 * Named reads of cases and proven faults. They never write.
 * It doesn't know DTOs or HTTP.
 */
import { decodeRow, type Queryable } from "../table.ts";
import { CASES, type CaseRow, FAULTS, type FaultRow } from "../tables.ts";

/** Those that nobody has closed, at most one of a job, in no order. */
export async function findOpenCases(db: Queryable, jobs: string[]): Promise<CaseRow[]> {
  if (jobs.length === 0) return [];
  const { rows } = await db.query("SELECT * FROM cases WHERE job = ANY($1) AND closed_version IS NULL", [
    jobs,
  ]);
  return rows.map((row) => decodeRow(CASES, row));
}

/** Every case of a job, the newest first. */
export async function listCases(db: Queryable, job: string): Promise<CaseRow[]> {
  const { rows } = await db.query(
    "SELECT * FROM cases WHERE job = $1 ORDER BY opened_version DESC, opened_index DESC LIMIT 200",
    [job],
  );
  return rows.map((row) => decodeRow(CASES, row));
}

/** A job has at most one. */
export async function findFault(db: Queryable, job: string): Promise<FaultRow | null> {
  const { rows } = await db.query("SELECT * FROM faults WHERE job = $1", [job]);
  return rows[0] ? decodeRow(FAULTS, rows[0]) : null;
}
