/** An amount of money with its symbol; the exact value is in the title and in `data-base-units`. It doesn't round up. */
import { type AssetUnit, formatAmount } from "../../lib/format.ts";

export function Amount({
  value,
  asset,
  places,
  testId,
  className,
}: {
  value: bigint | string;
  asset: AssetUnit;
  /** Decimal places; all that count when left out. */
  places?: number;
  testId?: string;
  className?: string;
}) {
  const units = BigInt(value);
  const exact = `${formatAmount(units, asset.decimals)} ${asset.symbol}`;
  return (
    <span
      className={`whitespace-nowrap ${className ?? ""}`}
      title={exact}
      data-testid={testId}
      data-base-units={units.toString()}
    >
      {formatAmount(units, asset.decimals, places)}{" "}
      <span className="text-[0.75em] font-medium text-muted">{asset.symbol}</span>
    </span>
  );
}
