import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { setCachePolicy } from "../../http/cache-policy.ts";
import type { AppEnv } from "../../env.ts";
import { noQuery } from "../../http/parameters.ts";
import { buildOpenApiDocument } from "../../discovery/openapi.ts";

export function registerOpenApi(app: OpenAPIHono<AppEnv>): void {
  for (const path of ["/openapi.json", "/api/openapi.json"]) {
    const route = createRoute({
      hide: true,
      method: "get",
      path,
      request: { query: noQuery },
      responses: { 200: { description: "This API as OpenAPI 3.1" } },
    });
    app.openapi(route, (c) => {
      setCachePolicy(c, "static");
      return c.json(buildOpenApiDocument(c.env.PUBLIC_URL));
    });
  }
}
