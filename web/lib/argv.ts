/**
 * Text to argv and back: what a person types as a command, split the way a POSIX shell would, without running one.
 * It doesn't expand anything: no variables, globs, pipes.
 */

export type ArgvResult = { ok: true; argv: string[] } | { ok: false; reason: string };

/** Quotes and backslashes as in a shell; a text that starts with "[" is read as a JSON list. */
export function parseArgv(text: string): ArgvResult {
  const trimmed = text.trim();
  if (trimmed.startsWith("[")) return parseJsonArgv(trimmed);
  const argv: string[] = [];
  let word: string | null = null;
  let quote: '"' | "'" | null = null;
  for (let i = 0; i < trimmed.length; i++) {
    const char = trimmed[i] as string;
    if (quote === "'") {
      if (char === "'") quote = null;
      else word += char;
    } else if (char === "\\") {
      const next = trimmed[++i];
      if (next === undefined) return { ok: false, reason: "ends with a backslash that escapes nothing" };
      // Inside double quotes a shell keeps the backslash except before these.
      word = (word ?? "") + (quote === '"' && !'"\\$`'.includes(next) ? `\\${next}` : next);
    } else if (quote === '"') {
      if (char === '"') quote = null;
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      word ??= "";
    } else if (/\s/.test(char)) {
      if (word !== null) argv.push(word);
      word = null;
    } else {
      word = (word ?? "") + char;
    }
  }
  if (quote) return { ok: false, reason: `has an opening ${quote} without a closing one` };
  if (word !== null) argv.push(word);
  return { ok: true, argv };
}

function parseJsonArgv(text: string): ArgvResult {
  try {
    const value: unknown = JSON.parse(text);
    if (Array.isArray(value) && value.every((v) => typeof v === "string")) return { ok: true, argv: value };
  } catch {
    // Falls through to the sentence below.
  }
  return { ok: false, reason: 'starts with "[" but is not a JSON list of strings' };
}

/** A text that `parseArgv` reads back as the same argv. */
export function formatArgv(argv: readonly string[]): string {
  return argv
    .map((arg) => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`))
    .join(" ");
}
