/**
 * Builds WHERE clauses from conditions and parameters; values never become SQL text.
 * It doesn't know any table.
 */

export function conditions() {
  const where = ["TRUE"];
  const params: unknown[] = [];
  const param = (value: unknown) => `$${params.push(value)}`;
  /** Each word of `text` stands somewhere in `expression`, any case. */
  const hasWords = (expression: string, text: string | undefined) => {
    for (const word of text?.split(/\s+/).filter(Boolean) ?? []) {
      where.push(`${expression} ILIKE ${param(`%${escapeLike(word)}%`)}`);
    }
  };
  return { where, param, params, hasWords };
}

export function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, (c) => `\\${c}`);
}
