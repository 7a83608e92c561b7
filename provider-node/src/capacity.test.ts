import { describe, expect, it } from "vitest";
import { createCapacity } from "./capacity.ts";

const need = (slots: number, memoryMb: number) => ({ slots, memoryMb, cpuCores: 1, gpus: 0, diskMb: 10 });

it("never hands out more than there is, and gets back what is released", () => {
  const capacity = createCapacity({ slots: 2, memoryMb: 1_000, cpuCores: 8, gpus: 0, diskMb: 1_000 });
  expect(capacity.tryReserve("a", need(1, 600))).toBe(true);
  expect(capacity.tryReserve("b", need(1, 401))).toBe(false);
  expect(capacity.tryReserve("b", need(1, 400))).toBe(true);
  expect(capacity.tryReserve("c", need(1, 0))).toBe(false);
  expect(capacity.tryReserve("a", need(1, 600))).toBe(true);
  capacity.release("a");
  expect(capacity.tryReserve("c", need(1, 600))).toBe(true);
  expect(capacity.held()).toBe(2);
});

it("says what there isn't enough of", () => {
  const capacity = createCapacity({ slots: 4, memoryMb: 1_000, cpuCores: 2, gpus: 0, diskMb: 1_000 });
  capacity.hold("a", need(1, 100), 0n);
  expect(capacity.shortage(need(1, 100))).toBeNull();
  capacity.hold("b", need(1, 100), 0n);
  expect(capacity.shortage(need(1, 100))).toBe("a free core");
  capacity.release("a");
  expect(capacity.shortage(need(1, 950))).toBe("free memory");
});

it("counts a job that is ours already, even above the limit", () => {
  const capacity = createCapacity({ slots: 1, memoryMb: 1_000, cpuCores: 8, gpus: 0, diskMb: 1_000 });
  capacity.hold("a", need(1, 900), 0n);
  capacity.hold("b", need(1, 900), 0n);
  expect(capacity.held()).toBe(2);
  capacity.release("b");
  expect(capacity.tryReserve("c", need(1, 1))).toBe(false);
});

describe("GPUs", () => {
  const machine = () => createCapacity({ slots: 9, memoryMb: 9_000, cpuCores: 9, gpus: 4, diskMb: 9_000 });

  it("are the lowest that are free on chain and here, and the same when asked again", () => {
    const capacity = machine();
    // GPU 1 is busy on chain: 0 and 2.
    expect(capacity.chooseGpus("a", 2n, 0b0010n)).toBe(0b0101n);
    // The chain hasn't heard of a's yet: only 3 is left.
    expect(capacity.chooseGpus("b", 2n, 0b0010n)).toBeNull();
    expect(capacity.chooseGpus("b", 1n, 0b0010n)).toBe(0b1000n);
    expect(capacity.chooseGpus("a", 2n, 0b0010n)).toBe(0b0101n);
    capacity.release("a");
    expect(capacity.chooseGpus("c", 2n, 0b0010n)).toBe(0b0101n);
  });
  it("of a job whose container isn't gone yet aren't given out, although the chain has freed them", () => {
    const capacity = machine();
    capacity.hold("a", need(1, 100), 0b0011n);
    expect(capacity.chooseGpus("b", 1n, 0n)).toBe(0b0100n);
  });
  it("that the chain counts as another's meanwhile are exchanged", () => {
    const capacity = machine();
    expect(capacity.chooseGpus("a", 1n, 0n)).toBe(0b0001n);
    expect(capacity.chooseGpus("a", 1n, 0b0001n)).toBe(0b0010n);
  });
  it("aren't asked for by a job without any", () => {
    expect(machine().chooseGpus("a", 0n, 0b1111n)).toBe(0n);
  });
});
