import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  symlinkSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout } from "node:timers/promises";
import { OUTPUT_CHUNK_BYTES, outputRoot, outputSha256, toHex } from "@computestream/protocol";
import tar from "tar-stream";
import { describe, expect, it } from "vitest";
import { createOutputHasher } from "./output-hasher.ts";
import { packOutput, safeName } from "./pack.ts";

type Given = [name: string, content: string | Buffer | Partial<tar.Header>, more?: Partial<tar.Header>];

function tarOf(entries: Given[]): Readable {
  const pack = tar.pack();
  pack.entry({ name: "output/", type: "directory", uid: 65_534, mtime: new Date() });
  for (const [name, content, more] of entries) {
    if (typeof content === "string" || Buffer.isBuffer(content)) {
      pack.entry({ name, mtime: new Date(), uid: 1_000, mode: 0o777, ...more }, content);
    } else pack.entry({ name, ...content });
  }
  pack.finalize();
  return pack as unknown as Readable;
}

const newDir = () => mkdtempSync(join(tmpdir(), "pack-"));
const LIMIT = 10 * 1024 * 1024;

async function listing(path: string) {
  const extract = tar.extract();
  Readable.from([readFileSync(path)]).pipe(extract);
  const found: Array<{ header: tar.Header; content: string }> = [];
  for await (const entry of extract) {
    const parts: Buffer[] = [];
    for await (const part of entry) parts.push(part as Buffer);
    found.push({ header: entry.header, content: Buffer.concat(parts).toString() });
  }
  return found;
}
const names = async (path: string) => (await listing(path)).map(({ header }) => header.name);

describe("the same files", () => {
  it("make the same bytes, whatever their order, owner, mode and time", async () => {
    const a = await packOutput(
      tarOf([
        ["output/b", "two"],
        ["output/a", "one"],
        ["output/d/", { type: "directory" }],
        ["output/d/x", "3"],
      ]),
      { dir: newDir(), limitBytes: LIMIT },
    );
    const b = await packOutput(
      tarOf([
        ["output/d/", { type: "directory", mode: 0o700 }],
        ["output/d/x", "3", { mode: 0o600 }],
        ["output/a", "one", { uid: 7, mtime: new Date(1) }],
        ["output/b", "two"],
      ]),
      { dir: newDir(), limitBytes: LIMIT },
    );
    expect(readFileSync(a.path).equals(readFileSync(b.path))).toBe(true);
    expect(a.sha256).toBe(b.sha256);
    expect(a.files).toBe(3);
  });

  it("are sorted, owned by nobody in particular, of fixed mode and time", async () => {
    const pack = await packOutput(
      tarOf([
        ["output/b", "two"],
        ["output/a", "one"],
        ["output/dir/", { type: "directory" }],
      ]),
      { dir: newDir(), limitBytes: LIMIT },
    );
    const entries = await listing(pack.path);
    expect(entries.map(({ header, content }) => [header.name, header.type, content])).toEqual([
      ["a", "file", "one"],
      ["b", "file", "two"],
      ["dir/", "directory", ""],
    ]);
    for (const { header } of entries) {
      expect(header).toMatchObject({
        uid: 0,
        gid: 0,
        mtime: new Date(0),
        mode: header.type === "file" ? 0o644 : 0o755,
      });
    }
    expect(pack.bytes).toBe(readFileSync(pack.path).length);
  });

  it("are committed to by SHA-256 and the protocol's root", async () => {
    const content = Buffer.alloc(3 * OUTPUT_CHUNK_BYTES + 5, 7);
    const pack = await packOutput(tarOf([["output/big", content]]), { dir: newDir(), limitBytes: LIMIT });
    const bytes = readFileSync(pack.path);
    expect(pack.sha256).toBe(`0x${createHash("sha256").update(bytes).digest("hex")}`);
    expect(pack.root).toBe(toHex(outputRoot(bytes)));
  });
});

describe("a hostile output", () => {
  it("gets no name out of the pack and no special file into it", async () => {
    const pack = await packOutput(
      tarOf([
        ["output/good", "g"],
        ["output/../evil", "e"],
        ["/etc/passwd", "e"],
        ["../../evil", "e"],
        ["output/a/../../evil", "e"],
        ["output/term\u001b[2Jinal", "e"],
        ["output/back\\slash", "e"],
        ["output/link", { type: "symlink", linkname: "/etc/passwd" }],
        ["output/fifo", { type: "fifo" }],
        ["output/device", { type: "character-device" }],
        ["output/hard", { type: "link", linkname: "/etc/shadow" }],
        ["output/hard2", { type: "link", linkname: "output/../../etc/shadow" }],
        ["output/good", "second"],
        ["beside", "e"],
      ]),
      { dir: newDir(), limitBytes: LIMIT },
    );
    expect((await listing(pack.path)).map(({ header, content }) => [header.name, content])).toEqual([
      ["good", "g"],
    ]);
    expect(pack.skipped).toHaveLength(13);
    expect(pack.skipped.join()).not.toContain("\u001b");
  });

  it("keeps a second name of a packed file as a copy", async () => {
    const pack = await packOutput(
      tarOf([
        ["output/a", "same"],
        ["output/b", { type: "link", linkname: "output/a" }],
      ]),
      { dir: newDir(), limitBytes: LIMIT },
    );
    expect(
      (await listing(pack.path)).map(({ header, content }) => [header.name, header.type, content]),
    ).toEqual([
      ["a", "file", "same"],
      ["b", "file", "same"],
    ]);
  });

  it("may have long and foreign names", async () => {
    const long = `${"d".repeat(120)}/${"ü".repeat(90)}`;
    const pack = await packOutput(
      tarOf([
        [`output/${long}`, "x"],
        ["output/日本", "y"],
      ]),
      { dir: newDir(), limitBytes: LIMIT },
    );
    expect(await names(pack.path)).toEqual([long, "日本"]);
  });

  it("is refused as soon as it would be too large, and leaves no file behind", async () => {
    const dir = newDir();
    // 512 for the header, 1,024 for the content, 1,024 for the end.
    const limitBytes = 2_560;
    await expect(
      packOutput(tarOf([["output/a", Buffer.alloc(1_025)]]), { dir, limitBytes }),
    ).rejects.toMatchObject({ code: "OUTPUT_TOO_LARGE" });
    expect(readdirSync(dir)).toEqual([]);
    const fits = await packOutput(tarOf([["output/a", Buffer.alloc(1_024)]]), { dir, limitBytes });
    expect(fits.bytes).toBe(2_560);
  });

  it("is not given up before its file, slow to be opened, can be removed", async () => {
    const dir = newDir();
    // Opening a pipe for writing takes until somebody reads it.
    const slow = join(dir, "output.spool");
    execFileSync("mkfifo", [slow]);
    const given = packOutput(tarOf([["output/a", Buffer.alloc(2_000)]]), { dir, limitBytes: 2_560 });
    const answered = given.then(
      () => "packed",
      (error) => error.code,
    );
    expect(await Promise.race([answered, setTimeout(200, "waits")])).toBe("waits");
    const reader = openSync(slow, "r");
    expect(await answered).toBe("OUTPUT_TOO_LARGE");
    closeSync(reader);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("counts copies of hard links against the limit", async () => {
    const links: Given[] = [1, 2, 3].map((n) => [`output/l${n}`, { type: "link", linkname: "output/a" }]);
    await expect(
      packOutput(tarOf([["output/a", Buffer.alloc(4_096)], ...links]), { dir: newDir(), limitBytes: 12_000 }),
    ).rejects.toMatchObject({ code: "OUTPUT_TOO_LARGE" });
  });

  it("that breaks off is an error worth a second try, never a short pack", async () => {
    const dir = newDir();
    const whole: Buffer[] = [];
    for await (const chunk of tarOf([["output/a", Buffer.alloc(50_000, 1)]])) whole.push(chunk as Buffer);
    const cut = Buffer.concat(whole).subarray(0, 20_000);
    await expect(packOutput(Readable.from([cut]), { dir, limitBytes: LIMIT })).rejects.toMatchObject({
      code: "OUTPUT_UNREADABLE",
      retryable: true,
    });
    const dying = new Readable({
      read() {
        this.push(cut);
        this.destroy(new Error("connection lost"));
      },
    });
    await expect(packOutput(dying, { dir, limitBytes: LIMIT })).rejects.toMatchObject({
      code: "OUTPUT_UNREADABLE",
    });
    expect(existsSync(join(dir, "output.tar"))).toBe(false);
  });
});

it("an empty output is an empty pack", async () => {
  const pack = await packOutput(tarOf([]), { dir: newDir(), limitBytes: LIMIT });
  expect(pack).toMatchObject({ files: 0, bytes: 1_024 });
  expect(readFileSync(pack.path).equals(Buffer.alloc(1_024))).toBe(true);
});

it.each([
  ["a/b", "a/b"],
  ["./a//b/", "a/b"],
  ["..", null],
  ["a/..", null],
  ["/a", null],
  ["", null],
  [".", null],
  ["a\u0000b", null],
  [`${"a".repeat(256)}`, null],
  [`${"a/".repeat(600)}a`, null],
  ["...", "..."],
])("the name %j is packed as %j", (name, expected) => {
  expect(safeName(name)).toBe(expected);
});

it.each([
  0,
  1,
  OUTPUT_CHUNK_BYTES - 1,
  OUTPUT_CHUNK_BYTES,
  OUTPUT_CHUNK_BYTES + 1,
  5 * OUTPUT_CHUNK_BYTES,
  6 * OUTPUT_CHUNK_BYTES + 9,
])("streamed commitments of %d bytes equal the protocol's, however they are cut", (size) => {
  const bytes = Buffer.from(Uint8Array.from({ length: size }, (_, i) => (i * 31) & 255));
  for (const cut of [1_000, OUTPUT_CHUNK_BYTES, 40_000]) {
    const hasher = createOutputHasher();
    for (let at = 0; at < size; at += cut) hasher.update(bytes.subarray(at, at + cut));
    expect(hasher.digest()).toEqual({ sha256: toHex(outputSha256(bytes)), root: toHex(outputRoot(bytes)) });
  }
});

describe("a disk that is full", () => {
  it.each(["output.spool", "output.tar"])(
    "while writing %s is an error worth a retry, not a wait for ever",
    async (file) => {
      const dir = newDir();
      symlinkSync("/dev/full", join(dir, file));
      const source = tarOf([["output/a", Buffer.alloc(1024 * 1024, 1)]]);
      await expect(packOutput(source, { dir, limitBytes: LIMIT })).rejects.toMatchObject({
        code: "OUTPUT_UNREADABLE",
        retryable: true,
      });
    },
  );
});

it("a source that never ends is left when time is up", async () => {
  const source = new Readable({ read() {} });
  const signal = AbortSignal.timeout(50);
  await expect(packOutput(source, { dir: newDir(), limitBytes: LIMIT, signal })).rejects.toMatchObject({
    code: "OUTPUT_UNREADABLE",
  });
});
