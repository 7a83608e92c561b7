/**
 * Reading figures off samples and off a service's metrics.
 * It doesn't know what is measured.
 */

/** Of at least one sample; 1 = the largest. */
export function percentile(samples: number[], share: number): number {
  const sorted = Float64Array.from(samples).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}

/** Values by name and labels, as they stand in the Prometheus text. */
export async function readMetrics(url: string): Promise<Map<string, number>> {
  const text = await (await fetch(`${url}/metrics`)).text();
  const values = new Map<string, number>();
  for (const line of text.split("\n")) {
    const space = line.lastIndexOf(" ");
    if (space > 0 && !line.startsWith("#")) values.set(line.slice(0, space), Number(line.slice(space + 1)));
  }
  return values;
}

/** Of what a histogram saw between two readings. */
export function meanOf(before: Map<string, number>, after: Map<string, number>, name: string): number {
  const of = (part: string) => {
    const key = `computestream_indexer_${name}_${part}`;
    return (after.get(key) ?? 0) - (before.get(key) ?? 0);
  };
  return of("sum") / of("count");
}
