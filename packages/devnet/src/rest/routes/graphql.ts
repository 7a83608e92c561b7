/**
 * The one indexer query that the SDK sends while it waits for an indexer: this chain is always indexed.
 * It is not an indexer.
 */
import { z } from "zod";
import type { RestContext } from "../context.ts";
import { json, type Route } from "../http.ts";
import { jsonBody } from "../parse.ts";

const zQuery = z.object({ query: z.string(), variables: z.unknown().optional() });

export function graphqlRoutes({ chain }: RestContext): Route[] {
  return [
    {
      method: "POST",
      path: "/v1/graphql",
      handler: (request) => {
        const { query, variables } = jsonBody(request, zQuery);
        if (!/\bprocessor_status\b/.test(query))
          return json({
            errors: [{ message: "this devnet has no indexer: it answers processor_status only" }],
          });
        return json({
          data: {
            processor_status: [
              {
                last_success_version: chain.ledger.length - 1,
                processor: processorOf(variables),
                last_updated: new Date(Math.floor(chain.nowUsecs() / 1000)).toISOString(),
              },
            ],
          },
        });
      },
    },
  ];
}

function processorOf(variables: unknown): string {
  const wanted = z
    .object({ where_condition: z.object({ processor: z.object({ _eq: z.string() }) }) })
    .safeParse(variables);
  return wanted.success ? wanted.data.where_condition.processor._eq : "default_processor";
}
