/**
 * Prices and their asset as answers carry them: base units an hour, and the same per second without rounding.
 * It doesn't know whose price it is.
 */
import { z } from "zod";
import { zDecimal } from "../primitives.ts";

/** Denominator of every rate per second: a rate is agreed per hour. */
export const RATE_DENOMINATOR = "3600";

export const zRate = z.object({ numerator: zDecimal, denominator: z.literal(RATE_DENOMINATOR) }).meta({
  id: "RatePerSecond",
  description:
    "Base units of the asset beside it per second as an exact fraction: never rounded, not reduced. The numerator is the price of an hour.",
});
export type RateDto = z.output<typeof zRate>;

export function ratePerSecond(ratePerHour: string): RateDto {
  return { numerator: ratePerHour, denominator: RATE_DENOMINATOR };
}
