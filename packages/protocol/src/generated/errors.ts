// Made by `npm run codegen` from move/sources. Don't edit.
export const ABORTS: Record<string, Record<number, { name: string; sentence: string }>> = {};
