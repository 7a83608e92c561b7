import { zNoQuery } from "@computestream/protocol/api";
import { describe, expect, it } from "vitest";
import { mountRoutes } from "./mount.ts";
import type { RouteEntry } from "./table/types.ts";

const entry: RouteEntry = {
  summary: "A route",
  tag: "service",
  params: zNoQuery,
  query: zNoQuery,
  answer: { contentType: "text/plain", about: "Text" },
  errors: [],
  exampleQuery: "",
};
const handler = async () => ({ body: "" });

describe("the table and the handlers", () => {
  it("agree", () => {
    expect(() => mountRoutes({ "/a": entry }, { "/a": handler })).not.toThrow();
  });

  it("may not differ: the service doesn't start", () => {
    expect(() => mountRoutes({ "/a": entry }, {})).toThrow(/without a handler: \/a;/);
    expect(() => mountRoutes({}, { "/b": handler })).toThrow(/without an entry in api\/table: \/b:/);
  });

  it("may not have one path for two routes", () => {
    const table = { "/a": { ...entry, aliases: [{ path: "/b" }] }, "/b": entry };
    expect(() => mountRoutes(table, { "/a": handler, "/b": handler })).toThrow(/\/b is in api\/table twice/);
  });
});
