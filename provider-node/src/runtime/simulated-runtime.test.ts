import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { zJobSpec } from "@computestream/protocol";
import { expect, it } from "vitest";
import { packOutput } from "../publish/pack.ts";
import { createSimulatedRuntime } from "./simulated-runtime.ts";

const S = 1_000_000_000n;
const IMAGE = `sha256:${"1".repeat(64)}`;

async function plan(env: Record<string, string>) {
  let nowNs = 100n * S;
  const runtime = createSimulatedRuntime({ cpuCores: 1, memoryMb: 1, nowNs: () => nowNs });
  const image = await runtime.findImage(IMAGE);
  if (!image) throw new Error("every pinned image is there");
  const spec = zJobSpec.parse({ version: 1, env });
  await runtime.create({ job: "0x1", image, spec, gpus: [], mostSecs: 9n });
  const advance = (ns: bigint) => {
    nowNs += ns;
  };
  return { runtime, advance };
}

it("runs as long and ends as its environment says, and is known as simulated", async () => {
  const { runtime, advance } = await plan({
    SIM_SECONDS: "2.5",
    SIM_EXIT_CODE: "3",
    SIM_OUTPUT_BYTES: "100",
  });
  expect(runtime.name).toBe("simulated");
  expect(await runtime.inspect("0x1")).toMatchObject({ state: "created", startedAtNs: null });
  await runtime.start("0x1");
  advance(2n * S);
  expect(await runtime.inspect("0x1")).toMatchObject({ state: "running", exitCode: null });
  advance(S);
  expect(await runtime.inspect("0x1")).toMatchObject({
    state: "exited",
    startedAtNs: 100n * S,
    finishedAtNs: 102_500_000_000n,
    exitCode: 3,
  });
  const dir = mkdtempSync(join(tmpdir(), "simulated-"));
  expect(await packOutput(await runtime.readOutput("0x1"), { dir, limitBytes: 10_000 })).toMatchObject({
    files: 1,
  });
  await runtime.remove("0x1");
  expect(await runtime.inspect("0x1")).toBeNull();
});

it("stops when it is told to", async () => {
  const { runtime, advance } = await plan({ SIM_SECONDS: "60" });
  await runtime.start("0x1");
  advance(S);
  await runtime.stop("0x1", 0);
  expect(await runtime.inspect("0x1")).toMatchObject({
    state: "exited",
    exitCode: 137,
    finishedAtNs: 101n * S,
  });
});
