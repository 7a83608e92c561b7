/**
 * Answers with the API's description, for programs and for people.
 * It doesn't know routes: the table does. Both are made once, when the service starts.
 */
import { renderDocsPage } from "../docs-page.ts";
import { createOpenApi } from "../openapi.ts";
import type { SERVICE_ROUTES } from "../table/service.ts";
import type { Handlers } from "../table/types.ts";

type Routes = Pick<typeof SERVICE_ROUTES, "/api/v1/openapi.json" | "/api/v1/docs">;

export function docsHandlers(): Handlers<Routes> {
  const document = createOpenApi();
  const page = renderDocsPage(document);
  return {
    "/api/v1/openapi.json": async () => ({ body: { ...document } }),
    "/api/v1/docs": async () => ({
      body: page.html,
      headers: { "content-security-policy": page.contentSecurityPolicy },
    }),
  };
}
