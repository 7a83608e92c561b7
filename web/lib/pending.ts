/**
 * Remembers the hash of a transaction that was sent but whose outcome isn't known yet, over a reload of the page.
 * It doesn't know the chain.
 */
const KEY = "computestream.pending.";

export function rememberPending(name: string, hash: string): void {
  try {
    sessionStorage.setItem(KEY + name, hash);
  } catch {
    // Private windows may refuse storage; then a reload just can't resume.
  }
}

export function pendingHash(name: string): string | null {
  try {
    return sessionStorage.getItem(KEY + name);
  } catch {
    return null;
  }
}

export function forgetPending(name: string): void {
  try {
    sessionStorage.removeItem(KEY + name);
  } catch {
    // As above.
  }
}
