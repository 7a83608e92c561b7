import { describe, expect, it } from "vitest";
import { jsonTextOf, withJsonText } from "./json-text.ts";

describe("the JSON of an answer", () => {
  it("is the same whether its items brought their text along or not", () => {
    const [a, b] = [
      { name: 'Über "x"', price: "12" },
      { name: "", none: undefined, list: [1, null] },
    ];
    const body = {
      items: [withJsonText({ ...a }), b, withJsonText({ ...b })],
      nextCursor: null,
      left: undefined,
    };
    expect(jsonTextOf(body)).toBe(
      '{"items":[{"name":"Über \\"x\\"","price":"12"},{"name":"","list":[1,null]},{"name":"","list":[1,null]}],"nextCursor":null}',
    );
  });

  it("is JSON also where a list is empty, alone, or no list of objects", () => {
    for (const body of [
      { items: [] },
      { items: [], at: 1 },
      { items: [1, null, undefined] },
      { items: "x" },
      [1],
      null,
      "x",
      3,
    ]) {
      expect(JSON.parse(jsonTextOf(body))).toEqual(JSON.parse(JSON.stringify(body)));
    }
  });

  it("can't become untrue: an item that brings its text is frozen", () => {
    const item = withJsonText({ price: "1" });
    expect(() => {
      (item as { price: string }).price = "2";
    }).toThrow(TypeError);
  });
});
