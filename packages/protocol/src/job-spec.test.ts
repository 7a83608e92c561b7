import { describe, expect, it } from "vitest";
import { decodeJobSpec, encodeJobSpec, SPEC_MAX_BYTES } from "./job-spec.ts";

describe("encodeJobSpec", () => {
  it("writes every field, so that defaults can't change under a job on chain", () => {
    expect(JSON.parse(encodeJobSpec({ version: 1, command: ["echo", "hi"] }))).toEqual({
      version: 1,
      title: "Untitled job",
      command: ["echo", "hi"],
      env: {},
      cpu_cores: 1,
      memory_mb: 256,
      gpus: 0,
      output_max_mb: 64,
      network: "none",
    });
  });

  it("writes one text whatever the order of the fields", () => {
    expect(encodeJobSpec({ memory_mb: 512, version: 1 })).toBe(encodeJobSpec({ version: 1, memory_mb: 512 }));
  });

  it("counts bytes, not characters", () => {
    const command = ["€".repeat(1_300)];
    expect(() => encodeJobSpec({ version: 1, command })).not.toThrow();
    expect(() => encodeJobSpec({ version: 1, command: ["€".repeat(1_400)] })).toThrow(`${SPEC_MAX_BYTES}`);
  });

  it.each([
    { memory_mb: 15 },
    { memory_mb: 16.5 },
    { cpu_cores: 0 },
    { gpus: -1 },
    { network: "host" as "none" },
    { env: { "1BAD": "x" } },
    { title: "" },
  ])("refuses %j", (field) => {
    expect(() => encodeJobSpec({ version: 1, ...field })).toThrow();
  });
});

describe("decodeJobSpec", () => {
  it("reads what was encoded", () => {
    const text = encodeJobSpec({ version: 1, title: "Render", env: { SCENE: "a" }, gpus: 1 });
    expect(decodeJobSpec(text)).toMatchObject({
      ok: true,
      spec: { title: "Render", env: { SCENE: "a" }, gpus: 1 },
    });
  });

  it.each([
    ["not json", "spec is not JSON"],
    ["{}", "version: "],
    ['{"version":2}', "version: "],
    ['{"version":1,"memory_mb":"lots"}', "memory_mb: "],
    ['{"version":1,"privileged":true}', "privileged"],
    ["null", "spec: "],
  ])("tells why nobody could run %s", (text, reason) => {
    const result = decodeJobSpec(text);
    expect(result.ok).toBe(false);
    expect(result.ok ? "" : result.reason).toContain(reason);
  });
});
