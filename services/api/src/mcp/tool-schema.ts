import { getOpenApiMetadata } from "@asteasolutions/zod-to-openapi";
import { z } from "@hono/zod-openapi";
import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";

/**
 * A schema as the MCP server takes it: validated by zod, and shown as JSON Schema with the descriptions that the OpenAPI
 * document shows. Converted once, since a server is made for every request.
 */
export function toToolSchema<Schema extends z.ZodType>(
  schema: Schema,
): StandardSchemaWithJSON<z.input<Schema>, z.output<Schema>> {
  const shown: Partial<Record<"input" | "output", Record<string, unknown>>> = {};
  const show = (io: "input" | "output") => () => {
    shown[io] ??= toJsonSchema(schema, io);
    return shown[io];
  };
  return { "~standard": { ...schema["~standard"], jsonSchema: { input: show("input"), output: show("output") } } };
}

function toJsonSchema(schema: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  return z.toJSONSchema(schema, {
    io,
    override: ({ zodSchema, jsonSchema }) => {
      const { description } = getOpenApiMetadata(zodSchema as unknown as z.ZodType);
      if (description) jsonSchema.description = description;
      if (jsonSchema.format) delete jsonSchema.pattern; // the same twice, and long
    },
  });
}
