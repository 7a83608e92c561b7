"use client";
/** The marketplace: machines with filters that live in the address bar. It doesn't decide what matches: lib/provider-filter does. */
import type { ProviderDto } from "@computestream/protocol/api";
import Link from "next/link";
import { useEffect, useMemo, useState } from "react";
import { useProviders } from "../../hooks/use-providers.ts";
import {
  applyFilter,
  filterFromSearch,
  filterToSearch,
  NO_FILTER,
  type ProviderFilter,
} from "../../lib/provider-filter.ts";
import { useApp } from "../app-provider.tsx";
import { Empty } from "../ui/empty.tsx";
import { Freshness, StaleNotice } from "../ui/freshness.tsx";
import { PageTitle } from "../ui/page-title.tsx";
import { ProviderCard } from "./provider-card.tsx";
import { ProviderFilters } from "./provider-filters.tsx";

export function ProviderList() {
  const { config } = useApp();
  const [filter, setFilter] = useState<ProviderFilter>(NO_FILTER);
  const list = useProviders();

  useEffect(() => setFilter(filterFromSearch(window.location.search)), []);
  const change = (next: ProviderFilter) => {
    setFilter(next);
    const search = filterToSearch(next);
    window.history.replaceState(null, "", search ? `?${search}` : window.location.pathname);
  };

  const shown = useMemo(() => applyFilter(list.data ?? [], filter), [list.data, filter]);
  const total = list.data?.length ?? 0;
  return (
    <>
      <PageTitle
        title="Machines"
        lead="Each one has staked its own money. Prices are per hour, paid by the second."
        aside={
          <div className="flex items-center gap-3">
            <Freshness age={list} />
            <Link href="/providers/new" className="btn">
              Offer yours
            </Link>
          </div>
        }
      />
      <ProviderFilters filter={filter} symbol={config.asset.symbol} onChange={change} />
      <div className="mt-4 space-y-4">
        <StaleNotice age={list} what="The list of machines" />
        <p className="text-sm text-muted" role="status" aria-live="polite">
          {list.data
            ? `${shown.length} of ${total}${list.hasMore ? "+" : ""} ${total === 1 ? "machine" : "machines"}`
            : list.error
              ? ""
              : "Loading machines…"}
        </p>
        {list.data && shown.length > 0 && (
          <ul className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
            {shown.map((provider: ProviderDto) => (
              <ProviderCard key={provider.provider} provider={provider} />
            ))}
          </ul>
        )}
        {list.data && shown.length === 0 && (
          <div className="card">
            {total === 0 ? (
              <Empty
                title="No machine is registered yet"
                action={
                  <Link href="/providers/new" className="btn btn-primary">
                    Offer the first one
                  </Link>
                }
              >
                A machine appears here as soon as its owner registers it with a stake.
              </Empty>
            ) : (
              <Empty
                title="No machine matches"
                action={
                  <button type="button" className="btn" onClick={() => change(NO_FILTER)}>
                    Clear the filters
                  </button>
                }
              >
                Widen the price, or drop a filter.
              </Empty>
            )}
          </div>
        )}
        {list.hasMore && (
          <button type="button" className="btn" onClick={list.loadMore}>
            Load more machines
          </button>
        )}
      </div>
    </>
  );
}
