/**
 * Docker's multiplexed log stream with timestamps, cut into lines.
 * It doesn't know sockets: bytes in, lines out.
 */
import { LOG_LINE_MAX_BYTES } from "@computestream/protocol";
import { parseTimeNs } from "../meter.ts";
import type { LogLine } from "./container-runtime.ts";

const HEADER_BYTES = 8;
/** The engine cuts messages at 16 KiB; anything far above isn't its stream. */
const FRAME_MAX_BYTES = 1024 * 1024;

/** Feed chunks of any size; every complete frame comes back as one line. Throws RangeError on bytes that are no log stream. */
export function createLogFrames(): (chunk: Buffer) => LogLine[] {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const lines: LogLine[] = [];
    while (rest.length >= HEADER_BYTES) {
      const size = rest.readUInt32BE(4);
      if (size > FRAME_MAX_BYTES) throw new RangeError(`log frame of ${size} bytes`);
      if (rest.length < HEADER_BYTES + size) break;
      const stream = rest[0] === 2 ? "stderr" : "stdout";
      const line = parseLine(rest.subarray(HEADER_BYTES, HEADER_BYTES + size));
      rest = rest.subarray(HEADER_BYTES + size);
      if (line) lines.push({ stream, ...line });
    }
    return lines;
  };
}

function parseLine(body: Buffer): { atNs: bigint; text: string } | null {
  const space = body.indexOf(0x20);
  const atNs = space < 0 ? null : parseTimeNs(body.toString("latin1", 0, space));
  if (atNs === null) return null;
  const newline = body[body.length - 1] === 0x0a ? 1 : 0;
  return {
    atNs,
    text: body
      .subarray(space + 1, body.length - newline)
      .subarray(0, LOG_LINE_MAX_BYTES)
      .toString("utf8"),
  };
}
