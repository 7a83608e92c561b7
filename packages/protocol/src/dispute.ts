/**
 * What a dispute is about, by number and name, as the chain stores it.
 * It doesn't know deadlines or bonds: those stand in the case and in the job's rules.
 */

/** Faults that are proven on chain, from number 1 on. */
export const FAULTS = [
  /** Two attestations of one `seq` differ. */
  "Equivocation",
  /** A higher `seq` has fewer seconds. */
  "FewerSeconds",
  /** More seconds than time has passed, or a time before the start. */
  "ImpossibleTime",
  /** One device worked for two jobs at a time. */
  "DeviceOverlap",
  /** A challenged chunk of the output wasn't shown in time. */
  "OutputWithheld",
] as const;
export type Fault = (typeof FAULTS)[number];

/** Cases a buyer opens, from number 1 on. */
export const CASE_KINDS = ["OutputChallenge", "Arbitration"] as const;
export type CaseKind = (typeof CASE_KINDS)[number];

export function faultName(code: number): Fault {
  const fault = FAULTS[code - 1];
  if (!fault) throw new RangeError(`unknown fault ${code}`);
  return fault;
}

export function caseKindName(code: number): CaseKind {
  const kind = CASE_KINDS[code - 1];
  if (!kind) throw new RangeError(`unknown kind of case ${code}`);
  return kind;
}
