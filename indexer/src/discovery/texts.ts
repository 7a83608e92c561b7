/**
 * Short texts by number, and which of them a part stands in: one search through all of them joined, kept until one changes.
 * It doesn't fold case.
 */

export interface Texts {
  put(id: number, text: string): void;
  /** 1 at the number of each text that `part` stands in. */
  having(part: string): Uint8Array;
}

/** Stands in no text of the mirror and in no parameter. */
const END = "\0";
/** Kept answers, one byte for each text. */
const MAX_KEPT = 200;

export function createTexts(): Texts {
  const texts: string[] = [];
  const kept = new Map<string, Uint8Array>();
  let joined: { text: string; ends: Uint32Array } | null = null;

  function join(): { text: string; ends: Uint32Array } {
    const ends = new Uint32Array(texts.length);
    let end = 0;
    for (const [id, text] of texts.entries()) {
      end += text.length + END.length;
      ends[id] = end;
    }
    return { text: texts.join(END) + END, ends };
  }

  function find(part: string): Uint8Array {
    joined ??= join();
    const { text, ends } = joined;
    const found = new Uint8Array(ends.length);
    let id = 0;
    for (let at = text.indexOf(part); at !== -1 && at < text.length; at = text.indexOf(part, ends[id])) {
      while ((ends[id] ?? Number.POSITIVE_INFINITY) <= at) id += 1;
      found[id] = 1;
    }
    return found;
  }

  return {
    put(id, text) {
      if (texts[id] === text) return;
      texts[id] = text;
      joined = null;
      kept.clear();
    },
    having(part) {
      const known = kept.get(part);
      if (known) return known;
      const found = find(part);
      if (kept.size >= MAX_KEPT) kept.clear();
      kept.set(part, found);
      return found;
    },
  };
}
