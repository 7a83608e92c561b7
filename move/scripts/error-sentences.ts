/**
 * Abort codes of Move sources with the sentence above each: `/// sentence` before `const E_NAME: u64 = n;`.
 * It doesn't compile anything and knows no other part of the language.
 */
export interface AbortCode {
  code: number;
  name: string;
  sentence: string;
}

/** Throws an Error naming the module and constant when a code has no sentence, no plain value, or is given twice. */
export function parseAbortCodes(source: string): { module: string; codes: AbortCode[] } | null {
  const module = /^\s*module\s+[\w@]+::(\w+)/m.exec(source)?.[1];
  if (!module) return null;
  const codes: AbortCode[] = [];
  let doc: string[] = [];
  for (const line of source.split("\n").map((text) => text.trim())) {
    const comment = /^\/\/\/\s?(.*)$/.exec(line);
    if (comment) {
      doc.push((comment[1] ?? "").trim());
      continue;
    }
    const name = /^const\s+(E_[A-Z0-9_]+)\b/.exec(line)?.[1];
    if (name) {
      const value = /^const\s+E_[A-Z0-9_]+\s*:\s*u64\s*=\s*(\d[\d_]*|0x[0-9a-fA-F]+)\s*;/.exec(line)?.[1];
      if (value === undefined) throw new Error(`${module}::${name} isn't a plain u64 number`);
      const code = Number(value.replaceAll("_", ""));
      const sentence = doc.join(" ").trim();
      if (sentence === "") throw new Error(`${module}::${name} has no /// sentence above it`);
      const twin = codes.find((other) => other.code === code);
      if (twin) throw new Error(`${module}::${name} and ${twin.name} have the same code ${code}`);
      codes.push({ code, name, sentence });
    }
    // An attribute may stand between a comment and its constant.
    if (!line.startsWith("#[")) doc = [];
  }
  return { module, codes: codes.sort((a, b) => a.code - b.code) };
}
