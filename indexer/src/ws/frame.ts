/**
 * A message as it goes out, encoded once however many get it.
 * It doesn't know who gets it.
 */

export class Frame {
  readonly text: string;
  /** What the message tells of: absent in pings and errors. */
  readonly of: { topic: string; mirror: string; version: bigint } | undefined;
  #bytes: Buffer | undefined;

  constructor(text: string, of?: Frame["of"]) {
    this.text = text;
    this.of = of;
  }

  /** The text in UTF-8, shared by all who get it. */
  get bytes(): Buffer {
    this.#bytes ??= Buffer.from(this.text);
    return this.#bytes;
  }
}
