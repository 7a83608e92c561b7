import koffi from "koffi";
import { describe, expect, it } from "vitest";
import { createNativeMemory } from "./native-memory.ts";

const Vector = koffi.struct({ is_none: "bool", ptr: "uintptr_t", len: "size_t", cap: "size_t" });

describe("native memory", () => {
  const memory = createNativeMemory();
  const out = Number(koffi.alloc(Vector, 1));
  const read = () => koffi.decode(out, Vector) as { is_none: boolean; ptr: number; len: number; cap: number };

  it.each([0, 1, 31, 8191, 8192, 8193, 70_000, 300_000])("hands over %i bytes", (length) => {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 7) % 251);
    memory.putVector(out, bytes);
    const vector = read();
    expect(vector).toMatchObject({ is_none: false, len: length, cap: length });
    const copy = length === 0 ? new Uint8Array(0) : koffi.decode(vector.ptr, "uint8_t", length);
    expect(Buffer.compare(copy as Uint8Array, bytes)).toBe(0);
    expect(Buffer.compare(memory.peek(vector.ptr, length), bytes)).toBe(0);
  });

  it("hands over nothing", () => {
    memory.putVector(out, null);
    expect(read().is_none).toBe(true);
  });

  it("reads what changed at an address since it last looked", () => {
    memory.putVector(out, Uint8Array.of(1, 2, 3));
    const { ptr } = read();
    const before = memory.peek(ptr, 3).slice();
    koffi.encode(ptr, koffi.array("uint8_t", 3), Uint8Array.of(4, 5, 6));
    expect([...before, ...memory.peek(ptr, 3)]).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
