/**
 * The machine that the embedded stack offers: this one, told honestly, without a GPU.
 * It doesn't know keys or stake.
 */
import { availableParallelism, freemem, hostname } from "node:os";
import type { RegisterProviderArgs } from "@computestream/protocol/client";

const GIB = 1024 ** 3;

export const DEMO_PROVIDER: Omit<RegisterProviderArgs, "operator" | "attestKey" | "asset" | "stake"> = {
  name: `${hostname().slice(0, 40)} (embedded)`,
  gpuModel: "",
  gpuCount: 0n,
  vramGb: 0n,
  cpuCores: BigInt(availableParallelism()),
  ramGb: BigInt(Math.max(1, Math.floor(freemem() / GIB))),
  diskGb: 10n,
  region: "local",
  sandbox: "docker-default-deny",
  // A demonstration job asks for one core: more slots than cores would take orders that can't be run.
  slots: BigInt(availableParallelism()),
  // 1.2345 MOVE an hour: doesn't divide by 3600, so every rounding rule is at work from the first second.
  pricePerHour: 123_450_000n,
};
