/**
 * The machine that the embedded stack offers: this one, told honestly.
 * It doesn't know keys or stake.
 */
import { availableParallelism, freemem, hostname } from "node:os";
import { deviceCommitment, MAX_GPUS } from "@computestream/protocol";
import type { RegisterProviderArgs } from "@computestream/protocol/client";
import type { Gpu } from "./gpu-probe.ts";

const GIB = 1024 ** 3;

/** `salt` is the owner's secret: with it nobody else learns which cards stand behind the commitments. */
export function demoMachine(
  gpus: Gpu[],
  owner: string,
  salt: string,
): Omit<RegisterProviderArgs, "operator" | "attestKey" | "asset" | "stake"> {
  const offered = gpus.slice(0, MAX_GPUS);
  return {
    name: `${hostname().slice(0, 40)} (embedded)`,
    gpuModel: offered[0]?.model ?? "",
    gpuCount: BigInt(offered.length),
    vramGb: BigInt(offered.length === 0 ? 0 : Math.min(...offered.map((gpu) => gpu.vramGb))),
    cpuCores: BigInt(availableParallelism()),
    ramGb: BigInt(Math.max(1, Math.floor(freemem() / GIB))),
    diskGb: 10n,
    region: "local",
    sandbox: "docker-default-deny",
    devices: offered.map(({ uuid }) => deviceCommitment(owner, uuid, salt)),
    // A demonstration job asks for one core: more slots than cores would take orders that can't be run.
    slots: BigInt(availableParallelism()),
    // 1.2345 MOVE an hour: doesn't divide by 3600, so every rounding rule is at work from the first second.
    pricePerHour: 123_450_000n,
    gpuPricePerHour: 200_000_000n,
  };
}
