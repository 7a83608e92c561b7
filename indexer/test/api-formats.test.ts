/** The API's answers that aren't JSON: CSV for spreadsheets, and the page that describes it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { mountsOf } from "../src/api/table/index.ts";
import { methodOf } from "../src/api/table/types.ts";
import { type ApiWorld, pathsOf, RATED, startApiWorld } from "./api-world.ts";
import { BUYER } from "./histories.ts";

let world: ApiWorld;

beforeAll(async () => {
  world = await startApiWorld();
}, 60_000);

afterAll(() => world?.close());

const mounts = mountsOf();

describe("CSV", () => {
  const CSV = mounts.filter(({ entry }) => entry.csv);

  it.each(CSV.map((mount) => [mount.path, mount] as const))(
    "%s has the documented columns",
    async (path, mount) => {
      const columns = mount.entry.csv?.columns.join(",");
      for (const asked of pathsOf(path, mount.route)) {
        const byQuery = await fetch(`${world.url}${asked}?format=csv`);
        const byHeader = await fetch(`${world.url}${asked}`, { headers: { accept: "text/csv" } });
        expect(byQuery.headers.get("content-type")).toBe("text/csv; charset=utf-8");
        expect(byQuery.headers.get("vary")).toMatch(/Accept/);
        const text = await byQuery.text();
        expect(await byHeader.text()).toBe(text);
        expect(text.split("\r\n")[0]).toBe(columns);
        const json = (await (await fetch(`${world.url}${asked}`)).json()) as Record<string, unknown[]>;
        expect(text.trimEnd().split("\r\n")).toHaveLength(
          1 + (json[mount.entry.csv?.rows ?? ""]?.length ?? 0),
        );
        const both = await fetch(`${world.url}${asked}?format=json`, { headers: { accept: "text/csv" } });
        expect(both.headers.get("content-type")).toMatch(/json/);
      }
    },
  );

  it("quotes texts, disarms formulas, and leads on to the next page", async () => {
    const job = await (await fetch(`${world.url}/api/v1/jobs?q=half&format=csv`)).text();
    expect(job).toContain(`${RATED},"'=1+1, half price",`);
    const first = await fetch(`${world.url}/api/v1/wallets/${BUYER}/ledger?format=csv&limit=7`);
    const next = /<([^>]+)>; rel="next"/.exec(first.headers.get("link") ?? "")?.[1];
    const rest = await fetch(`${world.url}${next}`);
    const whole = await (await fetch(`${world.url}/api/v1/wallets/${BUYER}/ledger?format=csv`)).text();
    expect(
      `${await first.text()}${(await rest.text()).split("\r\n").slice(1).join("\r\n")}`
        .split("\r\n")
        .slice(0, 9),
    ).toEqual(whole.split("\r\n").slice(0, 9));
  });
});

describe("the page", () => {
  it("names every route, brings only its own style, and nothing runs in it", async () => {
    const response = await fetch(`${world.url}/api/v1/docs`);
    const html = await response.text();
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(response.headers.get("content-type")).toMatch(/^text\/html/);
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[\w+/]{43}='; base-uri 'none'/);
    expect(html).not.toMatch(/<script|javascript:| on\w+=|<link|@import|url\(|src=|style=/i);
    expect(html).toContain('name="viewport"');
    for (const { path, entry } of mounts)
      expect(html).toContain(`<code>${methodOf(entry)} ${path.replace(":address", "{address}")}</code>`);
    const ids = [...html.matchAll(/ id="([^"]+)"/g)].map((m) => m[1]);
    expect(new Set(ids).size).toBe(ids.length);
    for (const [, target] of html.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  });
});
