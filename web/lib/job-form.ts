/**
 * From what a person typed to what the chain takes: checks a job draft, prices it, encodes it.
 * It doesn't know React, wallets or the network: machines, market limits and balance are arguments.
 */
import type { Requirements } from "@computestream/protocol";
import type { ProviderDto } from "@computestream/protocol/api";
import { encodeJobSpec, zJobSpec } from "@computestream/protocol/job-spec";
import { maxCost } from "@computestream/protocol/money";
import { parseArgv } from "./argv.ts";
import { type AssetUnit, formatAmount, formatDuration } from "./format.ts";
import { type OpenDraft, type OpenTerms, readWishes } from "./open-order.ts";
import { freeGpus, priceFor } from "./provider-filter.ts";

/** Stands in a draft for the machine when anyone who fits may take the job. */
export const ANY_MACHINE = "any";

export interface JobDraft extends OpenDraft {
  /** An address, or `ANY_MACHINE`. */
  provider: string;
  title: string;
  image: string;
  command: string;
  cpuCores: string;
  memoryMb: string;
  gpus: string;
  outputMaxMb: string;
  durationSecs: string;
  holdbackSecs: string;
}

export type DraftField = keyof JobDraft;

export interface MarketLimits {
  minDurationSecs: number;
  maxDurationSecs: number;
  maxHoldbackSecs: number;
  acceptWindowSecs: number;
  challengeWindowSecs: number;
  paused: boolean;
}

interface OrderTerms {
  image: string;
  spec: string;
  gpus: bigint;
  maxDurationSecs: bigint;
  /** The price the buyer has seen or set: the chain refuses a higher one. */
  maxRatePerHour: bigint;
  /** The most the job can cost, and what is locked. */
  deposit: bigint;
  holdbackSecs: bigint;
}
/** As the payload builders take it. */
export type JobOrder =
  | ({ kind: "direct"; provider: string } & OrderTerms)
  | ({ kind: "open"; asset: string; requirements: Requirements } & OrderTerms);

export interface DraftCheck {
  /** null while a field is wrong. */
  order: JobOrder | null;
  /** Base units an hour, GPUs included; an open order's is the buyer's maximum. */
  ratePerHour: bigint | null;
  /** Known as soon as rate and duration are. */
  cost: bigint | null;
  /** What an open order asks for; null for a chosen machine. */
  open: OpenTerms | null;
  /** Whole GPUs; 0 while what was typed isn't a number of them. */
  gpus: number;
  errors: Partial<Record<DraftField, string>>;
  /** What stops the order although every field is right. */
  blocked: string | null;
}

interface Known {
  /** The chosen machine; null for an open order. */
  provider: ProviderDto | null;
  asset: AssetUnit & { address: string };
  limits: MarketLimits | null;
  balance: bigint | null;
  /** Kept aside for the transaction's own fee, where it is paid in the same asset. */
  feeReserve: bigint;
}

const SPEC_FIELDS: Record<string, DraftField> = {
  title: "title",
  command: "command",
  cpu_cores: "cpuCores",
  memory_mb: "memoryMb",
  gpus: "gpus",
  output_max_mb: "outputMaxMb",
};

const IMAGE_MAX_BYTES = 512;

/** The chain counts money in u64. */
const MAX_U64 = 0xffff_ffff_ffff_ffffn;

export function checkDraft(draft: JobDraft, known: Known): DraftCheck {
  const errors: DraftCheck["errors"] = {};
  const { limits } = known;
  const isOpen = draft.provider === ANY_MACHINE;
  const provider = isOpen ? null : known.provider;
  if (!isOpen && !provider) errors.provider = "Choose a machine.";

  const duration = wholeNumber(draft.durationSecs);
  const min = limits?.minDurationSecs ?? 1;
  const max = limits?.maxDurationSecs ?? 604_800;
  if (duration === null) errors.durationSecs = "Give whole seconds.";
  else if (duration < min) errors.durationSecs = `At least ${formatDuration(min)}.`;
  else if (duration > max) errors.durationSecs = `At most ${formatDuration(max)}: the market's limit.`;

  const holdback = draft.holdbackSecs.trim() === "" ? 0 : wholeNumber(draft.holdbackSecs);
  const maxHoldback = limits?.maxHoldbackSecs ?? 86_400;
  if (holdback === null) errors.holdbackSecs = "Give whole seconds, or nothing.";
  else if (holdback > maxHoldback)
    errors.holdbackSecs = `At most ${formatDuration(maxHoldback)}: the market's limit.`;

  const image = draft.image.trim();
  if (image === "") errors.image = "Name a container image.";
  else if (/\s/.test(image)) errors.image = "An image reference has no spaces.";
  else if (new TextEncoder().encode(image).length > IMAGE_MAX_BYTES)
    errors.image = `At most ${IMAGE_MAX_BYTES} bytes.`;

  const spec = checkSpec(draft, errors);
  const gpus = errors.gpus ? 0 : (wholeNumber(draft.gpus) ?? 0);
  if (provider) checkCapacity(draft, provider, errors);

  const wishes = isOpen ? readWishes(draft, gpus, known.asset) : null;
  Object.assign(errors, wishes?.errors);
  const ratePerHour = provider ? priceFor(provider, gpus) : (wishes?.terms.maxRatePerHour ?? null);
  const cost =
    ratePerHour !== null && duration !== null && !errors.durationSecs
      ? maxCost(ratePerHour, BigInt(duration))
      : null;
  const tooLarge = (ratePerHour ?? 0n) > MAX_U64 || (cost ?? 0n) > MAX_U64;
  if (tooLarge) errors[isOpen ? "maxPrice" : "gpus"] ??= "This costs more than the chain can count.";

  const terms =
    Object.keys(errors).length === 0 && spec !== null && ratePerHour !== null && cost !== null
      ? {
          image,
          spec,
          gpus: BigInt(gpus),
          maxDurationSecs: BigInt(duration as number),
          maxRatePerHour: ratePerHour,
          deposit: cost,
          holdbackSecs: BigInt(holdback as number),
        }
      : null;
  let order: JobOrder | null = null;
  if (terms && provider) order = { kind: "direct", provider: provider.provider, ...terms };
  if (terms && wishes) {
    const { requirements } = wishes.terms;
    order = { kind: "open", asset: known.asset.address, requirements, ...terms };
  }
  return {
    order,
    ratePerHour,
    cost,
    open: wishes?.terms ?? null,
    gpus,
    errors,
    blocked: whyBlocked({ ...known, provider }, gpus, cost),
  };
}

function checkSpec(draft: JobDraft, errors: DraftCheck["errors"]): string | null {
  const argv = parseArgv(draft.command);
  if (!argv.ok) errors.command = `The command ${argv.reason}.`;
  const input = {
    version: 1 as const,
    title: draft.title.trim() === "" ? undefined : draft.title.trim(),
    command: argv.ok ? argv.argv : [],
    cpu_cores: numberOr(draft.cpuCores),
    memory_mb: numberOr(draft.memoryMb),
    gpus: numberOr(draft.gpus),
    output_max_mb: numberOr(draft.outputMaxMb),
  };
  const parsed = zJobSpec.safeParse(input);
  if (!parsed.success) {
    for (const issue of parsed.error.issues) {
      const field = SPEC_FIELDS[String(issue.path[0])];
      if (field) errors[field] ??= sentence(issue.message);
    }
    return null;
  }
  try {
    return encodeJobSpec(parsed.data);
  } catch (error) {
    errors.command ??= sentence(error instanceof Error ? error.message : "The job is too large.");
    return null;
  }
}

function checkCapacity(draft: JobDraft, provider: ProviderDto, errors: DraftCheck["errors"]): void {
  if (Number(draft.cpuCores) > provider.cpuCores)
    errors.cpuCores ??= `This machine has ${provider.cpuCores} cores.`;
  if (Number(draft.memoryMb) > provider.ramGb * 1024)
    errors.memoryMb ??= `This machine has ${provider.ramGb} GB of memory.`;
  if (Number(draft.gpus) > provider.gpuCount)
    errors.gpus ??=
      provider.gpuCount === 0 ? "This machine has no GPU." : `This machine has ${provider.gpuCount} GPUs.`;
}

function whyBlocked(
  { provider, asset, limits, balance, feeReserve }: Known,
  gpus: number,
  cost: bigint | null,
): string | null {
  if (limits?.paused)
    return "The market is paused: running jobs and refunds go on, but no new job can be made.";
  if (provider && !provider.available)
    return "This machine isn't taking jobs right now. Choose another, or wait.";
  if (provider && provider.slotsBusy >= provider.slots)
    return "Every slot of this machine is busy. Choose another, or wait.";
  if (provider && gpus <= provider.gpuCount && gpus > freeGpus(provider))
    return `Only ${freeGpus(provider)} of this machine's ${provider.gpuCount} GPUs are free. Ask for fewer, choose another, or wait.`;
  if (cost !== null && balance !== null && balance < cost + feeReserve) {
    const { symbol, decimals } = provider?.asset ?? asset;
    const missing = formatAmount(cost + feeReserve - balance, decimals);
    const fee = feeReserve > 0n ? " and the network's fee" : "";
    return `Your wallet is ${missing} ${symbol} short of the deposit${fee}. Shorten the duration or add funds.`;
  }
  return null;
}

function wholeNumber(text: string): number | null {
  return /^\d{1,12}$/.test(text.trim()) ? Number(text.trim()) : null;
}

/** An empty field means the default; anything unreadable stays unreadable, so that the schema complains. */
function numberOr(text: string): number | undefined {
  return text.trim() === "" ? undefined : Number(text);
}

function sentence(message: string): string {
  const text = message.charAt(0).toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
