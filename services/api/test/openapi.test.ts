import { describe, expect, it } from "vitest";
import committed from "../openapi.json";
import { createApp } from "../src/app.ts";
import { buildOpenApiDocument } from "../src/discovery/openapi.ts";
import { agentExample, dashboardExample } from "../src/ranking/examples.ts";
import { agentAnswerSchema, dashboardSchema } from "../src/ranking/schema.ts";
import { request } from "./builders.ts";

const document = buildOpenApiDocument();
const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
  (["get", "post"] as const).flatMap((method) => {
    const operation = item[method];
    return operation ? [{ path, method, operation }] : [];
  }),
);

describe("the OpenAPI document", () => {
  it("is the committed file: npm run openapi writes it anew", () => {
    expect(JSON.parse(JSON.stringify(document))).toEqual(committed);
  });

  it("describes every route that the app validates by a schema", () => {
    const served = createApp().openAPIRegistry.definitions.flatMap((definition) =>
      definition.type === "route" ? [`${definition.route.method} ${definition.route.path}`] : [],
    );
    expect(operations.map(({ method, path }) => `${method} ${path}`).sort()).toEqual(served.sort());
  });

  it("is served under both paths, with the public URL when there is one", async () => {
    for (const path of ["/openapi.json", "/api/openapi.json"]) {
      const response = await request(path);
      expect(response.headers.get("Cache-Control")).toBe("public, max-age=300");
      expect(await response.json()).toEqual(committed);
    }
    const response = await request("/openapi.json", {}, { PUBLIC_URL: "https://standings.example/" });
    expect(await response.json()).toMatchObject({ servers: [{ url: "https://standings.example" }] });
  });

  it.each(operations)(
    "$method $path has an id, a summary, a short description and its problems",
    ({ path, operation }) => {
      expect(operation.operationId).toMatch(/^[a-z][A-Za-z]+$/);
      expect(operation.summary).toBeTruthy();
      expect(operation.description?.length).toBeLessThan(300);
      expect(operation.tags).toHaveLength(1);
      const statuses = Object.keys(operation.responses ?? {});
      expect(statuses).toEqual(expect.arrayContaining(["200", "400", "500"]));
      const isOperation = path.startsWith("/api/admin/") || path === "/api/metrics";
      expect(operation.security ?? []).toEqual(isOperation ? [{ operator: [] }] : []);
      if (isOperation) expect(statuses).toEqual(expect.arrayContaining(["401", "503"]));
    },
  );

  it("shows examples that its own schemas accept", () => {
    expect(dashboardSchema.parse(dashboardExample)).toEqual(dashboardExample);
    expect(agentAnswerSchema.parse(agentExample)).toEqual(agentExample);
  });

  it("gives operations ids of their own", () => {
    const ids = operations.map(({ operation }) => operation.operationId);
    expect(new Set(ids).size).toBe(ids.length);
  });
});
