import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatArgv, parseArgv } from "./argv.ts";

const argv = (text: string): string[] => {
  const parsed = parseArgv(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.argv;
};

describe("parseArgv", () => {
  it("splits at white space and keeps quoted parts whole", () => {
    expect(argv(`sh -c 'echo "hi there" > /output/a'`)).toEqual(["sh", "-c", 'echo "hi there" > /output/a']);
    expect(argv(`say "a b"c  d`)).toEqual(["say", "a bc", "d"]);
  });

  it("keeps empty arguments and line breaks in quotes", () => {
    expect(argv(`run '' "x\ny"`)).toEqual(["run", "", "x\ny"]);
  });

  it("reads backslashes as a shell does", () => {
    expect(argv(String.raw`a\ b "c\"d" "e\n"`)).toEqual(["a b", 'c"d', "e\\n"]);
  });

  it("reads a JSON list literally", () => {
    expect(argv('["sh", "-c", "exit 3"]')).toEqual(["sh", "-c", "exit 3"]);
  });

  it("means the image's own command when empty", () => {
    expect(argv("   ")).toEqual([]);
  });

  it("names what is wrong", () => {
    expect(parseArgv("sh -c 'oops")).toEqual({ ok: false, reason: "has an opening ' without a closing one" });
    expect(parseArgv("a \\")).toMatchObject({ ok: false });
    expect(parseArgv("[1, 2]")).toMatchObject({ ok: false });
  });
});

it("reads back whatever it writes", () => {
  fc.assert(
    fc.property(fc.array(fc.string()), (args) => {
      const text = formatArgv(args);
      // A first argument that starts with "[" is quoted, so it never looks like JSON.
      expect(parseArgv(text)).toEqual({ ok: true, argv: args });
    }),
  );
});
