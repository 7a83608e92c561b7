/**
 * How many live connections there may be: in all, and from one address.
 * It doesn't know what a connection is, nor how an address is found out.
 */

export interface Refusal {
  status: number;
  code: string;
  message: string;
  retryAfterSecs: number;
}

export interface Gate {
  /** What to answer when one more from `address` is too many; otherwise it counts until `leave` is called. */
  enter(address: string): { leave: () => void } | Refusal;
}

export function createGate(limits: { total: number; perAddress: number }): Gate {
  const byAddress = new Map<string, number>();
  let total = 0;
  return {
    enter(address) {
      if (total >= limits.total) {
        const message =
          "this instance has as many live connections as it takes: try again, or use REST meanwhile";
        return { status: 503, code: "TOO_MANY_CONNECTIONS", message, retryAfterSecs: 5 };
      }
      const mine = byAddress.get(address) ?? 0;
      if (mine >= limits.perAddress) {
        const message = `one address may have ${limits.perAddress} live connections: close some, one takes many topics`;
        return { status: 429, code: "TOO_MANY_FROM_ADDRESS", message, retryAfterSecs: 30 };
      }
      total += 1;
      byAddress.set(address, mine + 1);
      let isIn = true;
      return {
        leave() {
          if (!isIn) return;
          isIn = false;
          total -= 1;
          const left = (byAddress.get(address) ?? 1) - 1;
          if (left === 0) byAddress.delete(address);
          else byAddress.set(address, left);
        },
      };
    },
  };
}
