/**
 * A provider's score from its record, in basis points.
 * It doesn't know how a record comes about; the formula is that of docs/protocol.md.
 */

/** Of a provider without a record. */
export const NEW_PROVIDER_SCORE = 5_000;

export function scoreOf(record: {
  jobsCompleted: bigint;
  jobsFailed: bigint;
  jobsExpired: bigint;
  faults: bigint;
}): bigint {
  const { jobsCompleted: c, jobsFailed: f, jobsExpired: e, faults: x } = record;
  return (10_000n * (2n * c + f + 2n)) / (2n * c + 2n * f + 8n * e + 80n * x + 4n);
}
