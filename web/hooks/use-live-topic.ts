/**
 * One topic as a value: asked for once, then pushed; polled while the push is down; honest about its age.
 * It doesn't know what the value means.
 */
import type { TickDto } from "@computestream/protocol/api";
import { useCallback, useEffect, useRef, useState, useSyncExternalStore } from "react";
import type { z } from "zod";
import { useApp } from "../components/app-provider.tsx";
import type { LiveStatus } from "../lib/live-socket.ts";

const POLL_WHILE_DOWN_MS = 5_000;

export interface Live<T> {
  /** undefined before the first answer. */
  data: T | undefined;
  /** When `data` was last known to be current, in Date.now() milliseconds. */
  at: number | null;
  /** Why the last attempt failed; null once one succeeds. */
  error: string | null;
  status: LiveStatus;
  reload: () => void;
}

export function useLiveStatus(): LiveStatus {
  const { live } = useApp();
  return useSyncExternalStore(live.onStatus, live.status, () => "connecting");
}

export function useLiveTopic<T>(
  topic: string,
  schema: z.ZodType<T>,
  load: (signal: AbortSignal) => Promise<T>,
  onTick?: (tick: TickDto) => void,
): Live<T> {
  const { live } = useApp();
  const status = useLiveStatus();
  const [state, setState] = useState<Pick<Live<T>, "data" | "at" | "error"> & { topic: string }>({
    data: undefined,
    at: null,
    error: null,
    topic,
  });
  // Latest callbacks without resubscribing: callers pass closures.
  const latest = useRef({ schema, load, onTick });
  latest.current = { schema, load, onTick };
  const pushes = useRef(0);

  const fetchNow = useCallback(
    async (signal: AbortSignal) => {
      const before = pushes.current;
      try {
        const data = await latest.current.load(signal);
        // A push that came meanwhile is newer than this answer.
        if (!signal.aborted && pushes.current === before)
          setState({ data, at: Date.now(), error: null, topic });
      } catch (error) {
        if (signal.aborted) return;
        const message = error instanceof Error ? error.message : String(error);
        setState((s) => ({
          ...(s.topic === topic ? s : { data: undefined, at: null, topic }),
          error: message,
        }));
      }
    },
    [topic],
  );

  useEffect(() => {
    const stop = live.subscribe(topic, ({ data, ticks }) => {
      for (const tick of ticks) latest.current.onTick?.(tick);
      const parsed = latest.current.schema.safeParse(data);
      if (!parsed.success) return;
      pushes.current++;
      setState({ data: parsed.data, at: Date.now(), error: null, topic });
    });
    const abort = new AbortController();
    void fetchNow(abort.signal);
    return () => {
      stop();
      abort.abort();
    };
  }, [live, topic, fetchNow]);

  useEffect(() => {
    if (status === "live") return;
    const abort = new AbortController();
    const timer = setInterval(() => void fetchNow(abort.signal), POLL_WHILE_DOWN_MS);
    return () => {
      clearInterval(timer);
      abort.abort();
    };
  }, [status, fetchNow]);

  const reload = useCallback(() => void fetchNow(new AbortController().signal), [fetchNow]);
  const own = state.topic === topic ? state : { data: undefined, at: null, error: null };
  return { data: own.data, at: own.at, error: own.error, status, reload };
}
