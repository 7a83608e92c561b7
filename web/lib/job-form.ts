/**
 * From what a person typed to what the chain takes: checks a job draft, prices it, encodes it.
 * It doesn't know React, wallets or the network: provider, market limits and balance are arguments.
 */
import type { ProviderDto } from "@computestream/protocol/api";
import { encodeJobSpec, zJobSpec } from "@computestream/protocol/job-spec";
import { maxCost } from "@computestream/protocol/money";
import { parseArgv } from "./argv.ts";
import { formatAmount, formatDuration } from "./format.ts";

export interface JobDraft {
  provider: string;
  title: string;
  image: string;
  command: string;
  cpuCores: string;
  memoryMb: string;
  gpus: string;
  outputMaxMb: string;
  durationSecs: string;
}

export type DraftField = keyof JobDraft;

export interface MarketLimits {
  minDurationSecs: number;
  maxDurationSecs: number;
  paused: boolean;
}

export interface JobOrder {
  provider: string;
  image: string;
  spec: string;
  maxDurationSecs: bigint;
  /** The price the buyer has seen: the chain refuses a higher one. */
  maxRatePerHour: bigint;
  /** The most the job can cost, and what is locked. */
  deposit: bigint;
}

export interface DraftCheck {
  /** null while a field is wrong. */
  order: JobOrder | null;
  /** Known as soon as provider and duration are. */
  cost: bigint | null;
  errors: Partial<Record<DraftField, string>>;
  /** What stops the order although every field is right. */
  blocked: string | null;
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

export function checkDraft(
  draft: JobDraft,
  known: {
    provider: ProviderDto | null;
    limits: MarketLimits | null;
    balance: bigint | null;
    /** Kept aside for the transaction's own fee, where it is paid in the same asset. */
    feeReserve: bigint;
  },
): DraftCheck {
  const errors: DraftCheck["errors"] = {};
  const { provider, limits } = known;
  if (!provider) errors.provider = "Choose a machine.";

  const duration = wholeNumber(draft.durationSecs);
  const min = limits?.minDurationSecs ?? 1;
  const max = limits?.maxDurationSecs ?? 604_800;
  if (duration === null) errors.durationSecs = "Give whole seconds.";
  else if (duration < min) errors.durationSecs = `At least ${formatDuration(min)}.`;
  else if (duration > max) errors.durationSecs = `At most ${formatDuration(max)}: the market's limit.`;

  const image = draft.image.trim();
  if (image === "") errors.image = "Name a container image.";
  else if (/\s/.test(image)) errors.image = "An image reference has no spaces.";
  else if (new TextEncoder().encode(image).length > IMAGE_MAX_BYTES)
    errors.image = `At most ${IMAGE_MAX_BYTES} bytes.`;

  const spec = checkSpec(draft, errors);
  if (provider) checkCapacity(draft, provider, errors);

  const cost =
    provider && duration !== null && !errors.durationSecs
      ? maxCost(BigInt(provider.pricePerHour), BigInt(duration))
      : null;
  const complete = Object.keys(errors).length === 0 && provider && spec !== null && cost !== null;
  return {
    order: complete
      ? {
          provider: provider.provider,
          image,
          spec,
          maxDurationSecs: BigInt(duration as number),
          maxRatePerHour: BigInt(provider.pricePerHour),
          deposit: cost,
        }
      : null,
    cost,
    errors,
    blocked: whyBlocked(provider, limits, cost, known),
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
  provider: ProviderDto | null,
  limits: MarketLimits | null,
  cost: bigint | null,
  { balance, feeReserve }: { balance: bigint | null; feeReserve: bigint },
): string | null {
  if (limits?.paused)
    return "The market is paused: running jobs and refunds go on, but no new job can be made.";
  if (provider && !provider.available)
    return "This machine isn't taking jobs right now. Choose another, or wait.";
  if (provider && provider.slotsBusy >= provider.slots)
    return "Every slot of this machine is busy. Choose another, or wait.";
  if (provider && cost !== null && balance !== null && balance < cost + feeReserve) {
    const { symbol, decimals } = provider.asset;
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
