/**
 * What rate limits there are: classes of requests by what they cost us, and how many of each one address and one wallet
 * may send in a window.
 * It doesn't count. Which route is of which class stands in the table of routes.
 */
import { z } from "zod";

/** `means` is how the documentation and a refusal call it. */
export const LIMIT_CLASSES = {
  read: { means: "single things and the service's description", perAddress: 6_000, perWallet: 3_000 },
  discovery: { means: "lists", perAddress: 3_000, perWallet: 1_500 },
  expensive: {
    means: "searches, CSV, receipts, ledgers and histories",
    perAddress: 1_200,
    perWallet: 600,
  },
  sign_in: { means: "signing in", perAddress: 60, perWallet: 30 },
  connect: { means: "opening WebSockets", perAddress: 300, perWallet: 150 },
} as const;

export type LimitClass = keyof typeof LIMIT_CLASSES;

export type Quotas = Record<LimitClass, { perAddress: number; perWallet: number }>;

export const DEFAULT_QUOTAS: Quotas = LIMIT_CLASSES;

const zQuota = z.coerce.number().int().min(1).max(10_000_000);
const SHAPE = `must be off, or a comma list such as read=6000/3000 of class=requests of an address[/of a wallet] in a minute; the classes are ${Object.keys(LIMIT_CLASSES).join(", ")}`;

/** Null = off. What isn't named keeps its default; without a wallet's part, a wallet has half of an address's. */
export const zRateLimits = z.string().transform((text, context): Quotas | null => {
  if (text.trim() === "off") return null;
  const quotas: Quotas = { ...DEFAULT_QUOTAS };
  for (const part of text.split(",").filter((item) => item.trim() !== "")) {
    const [name = "", figures = ""] = part.split("=").map((side) => side.trim());
    const parsed = figures.split("/").map((figure) => zQuota.safeParse(figure || undefined));
    const [perAddress, perWallet] = parsed.map((result) => result.data);
    if (
      !(name in LIMIT_CLASSES) ||
      perAddress === undefined ||
      parsed.length > 2 ||
      parsed.some((r) => !r.success)
    ) {
      context.addIssue({ code: "custom", message: SHAPE });
      return z.NEVER;
    }
    quotas[name as LimitClass] = {
      perAddress,
      perWallet: perWallet ?? Math.max(1, Math.floor(perAddress / 2)),
    };
  }
  return quotas;
});
