/**
 * One request for each way in which a list, a chart or a total of the API can be asked for, about those that have most.
 * It doesn't send them.
 */
import type { Client } from "pg";

export interface Asked {
  name: string;
  path: string;
}

export interface Examples {
  provider: string;
  job: string;
  jobInCase: string;
  buyer: string;
  owner: string;
  endSecs: number;
}

export async function readExamples(client: Client): Promise<Examples> {
  const one = async (sql: string) => String((await client.query(sql)).rows[0]?.value ?? "0x0");
  const busiest = (column: string) =>
    `SELECT ${column} AS value FROM jobs GROUP BY 1 ORDER BY count(*) FILTER (WHERE seq > 0) DESC, 1 LIMIT 1`;
  return {
    provider: await one(busiest("provider")),
    job: await one("SELECT job AS value FROM jobs ORDER BY seq DESC, job LIMIT 1"),
    jobInCase: await one("SELECT job AS value FROM cases ORDER BY opened_version DESC LIMIT 1"),
    buyer: await one(busiest("buyer")),
    owner: await one(
      `SELECT owner AS value FROM providers JOIN jobs USING (provider)
       GROUP BY owner ORDER BY count(*) DESC, owner LIMIT 1`,
    ),
    endSecs: Number(await one("SELECT last_timestamp_usecs / 1000000 AS value FROM chain_cursor")),
  };
}

const QUARTER_SECS = 90 * 86_400;

export function probesOf(e: Examples): Asked[] {
  const from = e.endSecs - QUARTER_SECS;
  const cursor = (key: object) => Buffer.from(JSON.stringify(key)).toString("base64url");
  const half = cursor({ sort: "score", value: "7000", provider: e.provider });
  const lists: Record<string, string[]> = {
    providers: [
      "",
      ...["price", "newest", "score", "stake", "vram", "served"].map(
        (sort) => `?available=true&hasFreeCapacity=true&sort=${sort}`,
      ),
      "?gpu=H100&available=true",
      "?gpu=mi300x&region=eu-west&sort=score",
      "?gpu=nothing-like-it",
      "?region=eu-west&sandbox=gvisor",
      "?minVramGb=80&minGpus=8&sort=stake",
      "?maxPricePerHour=3000000",
      "?minScore=9000&sort=price",
      "?q=falcon",
      "?q=falcon-rig-77",
      "?q=h100%20eu-west",
      "?q=e",
      `?owner=${e.owner}`,
      `?sort=score&cursor=${half}`,
    ],
    jobs: [
      "",
      "?state=Running",
      "?state=Settled",
      "?state=Failed",
      "?open=true",
      "?open=false",
      `?buyer=${e.buyer}`,
      `?buyer=${e.buyer}&state=Running`,
      `?provider=${e.provider}&state=Settled`,
      "?q=sunrise",
      "?q=blender%20sunrise",
      "?q=render%20sunrise%2077",
      "?q=nothing-like-it",
      `?since=${from}&until=${from + 86_400}`,
      `?until=${from}&state=Settled`,
      "?asset=0xa&state=Running",
    ],
    [`providers/${e.provider}`]: [""],
    [`providers/${e.provider}/jobs`]: ["", "?state=Running", "?q=sunrise"],
    [`providers/${e.provider}/stats`]: [
      "",
      "?bucket=minute",
      "?bucket=day",
      `?bucket=day&from=${from}`,
      `?bucket=hour&from=${e.endSecs - 60 * 86_400}`,
    ],
    [`jobs/${e.job}`]: [""],
    [`jobs/${e.job}/ticks`]: ["?limit=60", "?limit=5000"],
    [`jobs/${e.job}/events`]: ["", "?limit=5000"],
    [`jobs/${e.job}/receipt`]: [""],
    [`jobs/${e.jobInCase}/case`]: [""],
    stats: [""],
    "stats/history": [
      "",
      "?bucket=minute",
      "?bucket=day",
      `?bucket=day&from=${from}`,
      `?bucket=hour&from=${e.endSecs - 60 * 86_400}`,
    ],
    assets: [""],
    market: [""],
    streams: ["", "?limit=200"],
    events: [
      "",
      "?module=stream",
      "?name=StreamSettled",
      "?name=FaultProven",
      "?module=dispute",
      "?name=AdminChanged",
      `?provider=${e.provider}`,
      `?provider=${e.provider}&name=ProviderPriceChanged`,
      `?job=${e.job}&name=StreamSettled`,
      "?module=market&order=oldest",
    ],
    [`wallets/${e.buyer}`]: [""],
    [`wallets/${e.owner}`]: [""],
    [`wallets/${e.buyer}/ledger`]: ["?limit=100", ""],
    [`wallets/${e.owner}/ledger`]: ["?limit=100", ""],
    "wallets/0xdead/ledger": [""],
    health: [""],
  };
  return Object.entries(lists).flatMap(([route, queries]) =>
    queries.map((query) => ({
      name: shorten(`${route}${query}`),
      path: `/api/v1/${route}${query}`,
    })),
  );
}

/** Addresses and cursors by their first digits. */
const shorten = (text: string) =>
  text.replace(/0x([0-9a-f]{4})[0-9a-f]{60}/g, "0x$1").replace(/(cursor=.{6}).*/, "$1");
