import { expect, it } from "vitest";
import { explainAction } from "./chain.ts";
import { isChunkError, OUTDATED_SENTENCE } from "./chunk-error.ts";

it.each([
  Object.assign(new Error("x"), { name: "ChunkLoadError" }),
  new Error("Failed to load chunk /_next/static/chunks/1.js from module 2"),
  new TypeError("Failed to fetch dynamically imported module: http://a/b.js"),
  new TypeError("Importing a module script failed."),
])("knows that a part of the site is missing: %s", (error) => {
  expect(isChunkError(error)).toBe(true);
  expect(explainAction(error)).toMatchObject({ code: "PAGE_OUTDATED", message: OUTDATED_SENTENCE });
});

it("takes no other error for it", () => {
  expect(isChunkError(new Error("Failed to fetch"))).toBe(false);
  expect(isChunkError("chunk")).toBe(false);
});
