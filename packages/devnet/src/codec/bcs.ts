/**
 * Reading and writing BCS primitives.
 * It doesn't know any Move or transaction type.
 */
import { view } from "./bytes.ts";

export class BcsError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BcsError";
  }
}

export class BcsReader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = view(bytes);
  }

  get position(): number {
    return this.#at;
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  /** A view of the next `length` bytes, not a copy. */
  take(length: number): Buffer {
    if (length > this.remaining) throw new BcsError("unexpected end of input");
    const slice = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return slice;
  }

  u8(): number {
    const value = this.#bytes[this.#at];
    if (value === undefined) throw new BcsError("unexpected end of input");
    this.#at += 1;
    return value;
  }

  bool(): boolean {
    const value = this.u8();
    if (value > 1) throw new BcsError("expected boolean");
    return value === 1;
  }

  u16(): number {
    return this.take(2).readUInt16LE(0);
  }

  u32(): number {
    return this.take(4).readUInt32LE(0);
  }

  u64(): bigint {
    return this.take(8).readBigUInt64LE(0);
  }

  /** Unsigned little-endian integer of `size` bytes. */
  uint(size: number): bigint {
    const bytes = this.take(size);
    let value = 0n;
    for (let i = size - 8; i >= 0; i -= 8) value = (value << 64n) | bytes.readBigUInt64LE(i);
    return value;
  }

  uleb(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 5; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        if (i > 0 && byte === 0) throw new BcsError("ULEB128 encoding was not minimal in size");
        if (value > 0xffffffff) break;
        return value;
      }
      scale *= 128;
    }
    throw new BcsError("ULEB128-encoded integer did not fit in the target size");
  }

  bytes(): Buffer {
    return this.take(this.uleb());
  }

  str(): string {
    const bytes = this.bytes();
    const text = bytes.toString("utf8");
    if (text.includes("�") && !Buffer.from(text, "utf8").equals(bytes))
      throw new BcsError("expected utf8 string");
    return text;
  }

  vector<T>(item: (reader: BcsReader) => T): T[] {
    const length = this.uleb();
    if (length > this.remaining) throw new BcsError("unexpected end of input");
    const items: T[] = [];
    for (let i = 0; i < length; i++) items.push(item(this));
    return items;
  }

  option<T>(item: (reader: BcsReader) => T): T | null {
    const tag = this.u8();
    if (tag > 1) throw new BcsError("expected option type");
    return tag === 1 ? item(this) : null;
  }

  end(): void {
    if (this.remaining > 0) throw new BcsError("remaining input");
  }
}

export class BcsWriter {
  #buffer: Buffer;
  #at = 0;

  constructor(capacity = 256) {
    this.#buffer = Buffer.allocUnsafe(capacity);
  }

  #reserve(length: number): number {
    const at = this.#at;
    const needed = at + length;
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#at = needed;
    return at;
  }

  raw(bytes: Uint8Array): this {
    const at = this.#reserve(bytes.length);
    this.#buffer.set(bytes, at);
    return this;
  }

  u8(value: number): this {
    const at = this.#reserve(1);
    this.#buffer[at] = value;
    return this;
  }

  bool(value: boolean): this {
    return this.u8(value ? 1 : 0);
  }

  u32(value: number): this {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32LE(value, at);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#reserve(8);
    this.#buffer.writeBigUInt64LE(value, at);
    return this;
  }

  uint(value: bigint, size: number): this {
    if (value < 0n || value >> BigInt(size * 8) !== 0n) throw new BcsError(`does not fit ${size * 8} bits`);
    const at = this.#reserve(size);
    let rest = value;
    for (let i = 0; i < size; i++) {
      this.#buffer[at + i] = Number(rest & 0xffn);
      rest >>= 8n;
    }
    return this;
  }

  uleb(value: number): this {
    let rest = value;
    while (rest >= 0x80) {
      this.u8((rest % 128) | 0x80);
      rest = Math.floor(rest / 128);
    }
    return this.u8(rest);
  }

  bytes(bytes: Uint8Array): this {
    return this.uleb(bytes.length).raw(bytes);
  }

  str(text: string): this {
    return this.bytes(Buffer.from(text, "utf8"));
  }

  vector<T>(items: readonly T[], write: (writer: BcsWriter, item: T) => void): this {
    this.uleb(items.length);
    for (const item of items) write(this, item);
    return this;
  }

  /** The bytes written so far: a copy, so that the writer may go on. */
  finish(): Buffer {
    const result = Buffer.allocUnsafeSlow(this.#at);
    this.#buffer.copy(result, 0, 0, this.#at);
    return result;
  }
}
