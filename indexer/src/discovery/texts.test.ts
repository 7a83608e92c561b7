import { describe, expect, it } from "vitest";
import { createTexts } from "./texts.ts";

describe("texts", () => {
  it("finds each text that has the part, once, and never across two", () => {
    const texts = createTexts();
    for (const [id, text] of ["abab", "", "bc", "xab"].entries()) texts.put(id, text);
    expect([...texts.having("ab")]).toEqual([1, 0, 0, 1]);
    expect([...texts.having("bb")]).toEqual([0, 0, 0, 0]);
    expect([...texts.having("b")]).toEqual([1, 0, 1, 1]);
    expect([...texts.having("")]).toEqual([1, 1, 1, 1]);
  });

  it("forgets what it found when a text comes or changes", () => {
    const texts = createTexts();
    texts.put(0, "old");
    expect([...texts.having("new")]).toEqual([0]);
    texts.put(1, "newer");
    texts.put(0, "old");
    expect([...texts.having("new")]).toEqual([0, 1]);
    texts.put(1, "older");
    expect([...texts.having("new")]).toEqual([0, 0]);
    expect([...texts.having("old")]).toEqual([1, 1]);
  });
});
