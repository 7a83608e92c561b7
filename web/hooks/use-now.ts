/**
 * The clock as a value, for texts like "12 s ago" and amounts that tick.
 * It doesn't know what is shown; those who ask for less motion get one step a second.
 */
import { useEffect, useState } from "react";

/** Date.now() every `intervalMs`, or 0 on the server and before the first effect. */
export function useNow(intervalMs: number, active = true): number {
  const [now, setNow] = useState(0);
  useEffect(() => {
    setNow(Date.now());
    if (!active) return;
    const calm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const timer = setInterval(() => setNow(Date.now()), calm ? Math.max(1000, intervalMs) : intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs, active]);
  return now;
}
