import { expect, it } from "vitest";
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
  capacity.hold("a", need(1, 100));
  expect(capacity.shortage(need(1, 100))).toBeNull();
  capacity.hold("b", need(1, 100));
  expect(capacity.shortage(need(1, 100))).toBe("a free core");
  capacity.release("a");
  expect(capacity.shortage(need(1, 950))).toBe("free memory");
});

it("counts a job that is ours already, even above the limit", () => {
  const capacity = createCapacity({ slots: 1, memoryMb: 1_000, cpuCores: 8, gpus: 0, diskMb: 1_000 });
  capacity.hold("a", need(1, 900));
  capacity.hold("b", need(1, 900));
  expect(capacity.held()).toBe(2);
  capacity.release("b");
  expect(capacity.tryReserve("c", need(1, 1))).toBe(false);
});
