/**
 * How the API's description tells of answers that are kept.
 * It doesn't know which are: cache/rules.ts does.
 */
import { CACHE_RULES } from "../cache/rules.ts";
import type { Operation } from "./openapi.ts";
import type { HeaderDescriptions } from "./route-limits.ts";
import type { Mount } from "./table/index.ts";

const KEPT_HEADERS: HeaderDescriptions = {
  "X-Ledger-Version": {
    description:
      "The answer holds everything up to this version of the chain, maybe more. From one instance it never goes back for one URL. A list may be a second behind where much changes. Absent for requests with a token.",
    schema: { type: "string", pattern: "^\\d+$" },
  },
  ETag: {
    description: "Send it as If-None-Match to be answered 304 while the answer is the same.",
    schema: { type: "string" },
  },
};

/** `answers` with the headers that a kept one has, and the 304. */
export function describeKept(
  { route }: Pick<Mount, "route">,
  answers: Operation["responses"],
): Operation["responses"] {
  const ok = answers["200"];
  if (!ok || !(route in CACHE_RULES)) return answers;
  const headers = { ...ok.headers, ...KEPT_HEADERS };
  return {
    ...answers,
    "200": { ...ok, headers },
    "304": { description: "If-None-Match has it already.", headers },
  };
}
