/**
 * A signal that aborts with its parent or after a time, whichever comes first.
 * It doesn't use `AbortSignal.any` over `AbortSignal.timeout`: Node 20 may collect the timeout, which then never comes.
 */
export interface Deadline {
  readonly signal: AbortSignal;
  /** True once the time was over, not when the parent aborted. */
  readonly passed: boolean;
  /** Frees the timer and the parent's listener. */
  close(): void;
}

export function createDeadline(parent: AbortSignal, timeoutMs: number): Deadline {
  const controller = new AbortController();
  let passed = false;
  const timer = setTimeout(() => {
    passed = true;
    controller.abort(new DOMException("the time is over", "TimeoutError"));
  }, timeoutMs);
  const follow = () => controller.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener("abort", follow, { once: true });
  return {
    signal: controller.signal,
    get passed() {
      return passed;
    },
    close() {
      clearTimeout(timer);
      parent.removeEventListener("abort", follow);
    },
  };
}
