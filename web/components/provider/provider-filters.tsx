"use client";
/** The filter's controls. It doesn't filter. */
import type { ProviderFilter } from "../../lib/provider-filter.ts";

const KINDS = [
  ["any", "All"],
  ["gpu", "GPU"],
  ["cpu", "CPU"],
] as const;

export function ProviderFilters({
  filter,
  symbol,
  onChange,
}: {
  filter: ProviderFilter;
  symbol: string;
  onChange: (filter: ProviderFilter) => void;
}) {
  const set = (change: Partial<ProviderFilter>) => onChange({ ...filter, ...change });
  return (
    <form
      className="card grid grid-cols-2 items-end gap-3 p-4 lg:grid-cols-[auto_1fr_1fr_1fr_1fr_auto]"
      aria-label="Filter machines"
      onSubmit={(event) => event.preventDefault()}
    >
      <fieldset className="col-span-full lg:col-span-1">
        <legend className="mb-1.5 text-xs font-medium text-muted">Kind</legend>
        <div className="inline-flex rounded-[0.625rem] border border-line p-0.5">
          {KINDS.map(([value, label]) => (
            <label
              key={value}
              className={`cursor-pointer rounded-lg px-3 py-1.5 text-sm font-medium has-focus-visible:outline-2 has-focus-visible:outline-accent ${
                filter.kind === value ? "bg-raised" : "text-muted"
              }`}
            >
              <input
                type="radio"
                name="kind"
                className="sr-only"
                checked={filter.kind === value}
                onChange={() => set({ kind: value })}
              />
              {label}
            </label>
          ))}
        </div>
      </fieldset>
      <Text label="GPU model" value={filter.gpu} placeholder="any" onChange={(gpu) => set({ gpu })} />
      <Text label="Region" value={filter.region} placeholder="any" onChange={(region) => set({ region })} />
      <Text
        label={`Price per hour, at most (${symbol})`}
        value={filter.maxPrice}
        placeholder="any"
        inputMode="decimal"
        onChange={(maxPrice) => set({ maxPrice })}
      />
      <label className="block">
        <span className="mb-1.5 block text-xs font-medium text-muted">Sort by</span>
        <select
          className="input"
          value={filter.sort}
          onChange={(event) => set({ sort: event.target.value as ProviderFilter["sort"] })}
        >
          <option value="price">Price</option>
          <option value="score">Reputation</option>
          <option value="stake">Stake</option>
          <option value="newest">Newest</option>
        </select>
      </label>
      <div className="col-span-full flex gap-4 lg:col-span-1 lg:flex-col lg:gap-1">
        <Check
          label="Taking jobs"
          checked={filter.availableOnly}
          onChange={(availableOnly) => set({ availableOnly })}
        />
        <Check label="Free slot now" checked={filter.freeOnly} onChange={(freeOnly) => set({ freeOnly })} />
      </div>
    </form>
  );
}

function Text({
  label,
  value,
  onChange,
  ...rest
}: {
  label: string;
  value: string;
  placeholder: string;
  inputMode?: "decimal";
  onChange: (value: string) => void;
}) {
  return (
    <label className="block min-w-0">
      <span className="mb-1.5 block truncate text-xs font-medium text-muted">{label}</span>
      <input className="input" value={value} onChange={(event) => onChange(event.target.value)} {...rest} />
    </label>
  );
}

function Check({
  label,
  checked,
  onChange,
}: {
  label: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
}) {
  return (
    <label className="inline-flex cursor-pointer items-center gap-2 text-sm whitespace-nowrap">
      <input
        type="checkbox"
        className="size-4 accent-accent"
        checked={checked}
        onChange={(event) => onChange(event.target.checked)}
      />
      {label}
    </label>
  );
}
