/**
 * A provider's status by number and name, as the chain stores it.
 * It doesn't know who may change it: that is docs/protocol.md and the Move modules.
 */
export const PROVIDER_STATUSES = ["Active", "Draining", "Maintenance", "Offline"] as const;

/** Only an active provider gets new jobs; running ones go on whatever the status. */
export type ProviderStatus = (typeof PROVIDER_STATUSES)[number];

export function providerStatusName(code: number): ProviderStatus {
  const status = PROVIDER_STATUSES[code];
  if (!status) throw new RangeError(`unknown provider status ${code}`);
  return status;
}

export function providerStatusCode(status: ProviderStatus): number {
  return PROVIDER_STATUSES.indexOf(status);
}
