/**
 * The market's machines: loaded page by page, kept current by the `providers` topic.
 * It doesn't filter or sort.
 */
import { type ProviderDto, zProvider } from "@computestream/protocol/api";
import { useCallback, useMemo, useState } from "react";
import { z } from "zod";
import { useApp } from "../components/app-provider.tsx";
import { type Live, useLiveTopic } from "./use-live-topic.ts";

const PAGE = 200;
const zProviders = z.array(zProvider);

export interface Providers extends Live<ProviderDto[]> {
  hasMore: boolean;
  loadMore: () => void;
}

export function useProviders(): Providers {
  const { api } = useApp();
  const [more, setMore] = useState<{ items: ProviderDto[]; cursor: string | null; known: boolean }>({
    items: [],
    cursor: null,
    known: false,
  });
  const live = useLiveTopic("providers", zProviders, async (signal) => {
    const page = await api.providers({ limit: PAGE }, signal);
    setMore((m) => (m.known ? m : { ...m, cursor: page.nextCursor, known: true }));
    return page.items;
  });
  const loadMore = useCallback(() => {
    if (!more.cursor) return;
    api.providers({ limit: PAGE, cursor: more.cursor }).then(
      (page) =>
        setMore((m) => ({ items: [...m.items, ...page.items], cursor: page.nextCursor, known: true })),
      () => live.reload(),
    );
  }, [api, more.cursor, live.reload]);
  const data = useMemo(() => {
    if (!live.data) return undefined;
    // What was pushed is newer than what a later page brought.
    const byAddress = new Map([...more.items, ...live.data].map((p) => [p.provider, p]));
    return [...byAddress.values()];
  }, [live.data, more.items]);
  return { ...live, data, hasMore: more.cursor !== null, loadMore };
}
