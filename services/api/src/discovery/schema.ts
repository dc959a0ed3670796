import { z } from "@hono/zod-openapi";

/** What `/` answers to programs. */
export const indexSchema = z.strictObject({
  name: z.string(),
  version: z.string(),
  description: z.string(),
  sections: z.array(
    z.strictObject({
      title: z.string(),
      links: z.array(
        z.strictObject({
          href: z.string(),
          templated: z.literal(true).optional(), // href has {name} where the reader puts a value
          title: z.string(),
          about: z.string(),
          type: z.string(),
        }),
      ),
    }),
  ),
});

/** What an agent can ask of this service. No A2A card: the service does not speak A2A. */
export const agentDocumentSchema = z.strictObject({
  name: z.string(),
  description: z.string(),
  version: z.string(),
  url: z.string(),
  documentationUrl: z.string(),
  authentication: z.strictObject({ schemes: z.array(z.literal("none")) }),
  interfaces: z.array(
    z.discriminatedUnion("type", [
      z.strictObject({ type: z.literal("openapi"), url: z.string(), version: z.string() }),
      z.strictObject({
        type: z.literal("mcp"),
        url: z.string(),
        transport: z.literal("streamable-http"),
        protocolVersions: z.array(z.string()),
      }),
    ]),
  ),
  skills: z.array(
    z.strictObject({
      id: z.string(),
      name: z.string(),
      description: z.string(),
      tags: z.array(z.string()),
      mcpTool: z.string(),
      http: z.strictObject({ method: z.string(), urlTemplate: z.string() }),
    }),
  ),
  notes: z.array(z.string()),
  links: z.record(z.string(), z.string()),
});

const targets = z.array(z.strictObject({ href: z.string(), type: z.string().optional() })).min(1);

/** RFC 9264, as RFC 9727 uses it. */
export const linksetSchema = z.strictObject({
  linkset: z.array(
    z.strictObject({
      anchor: z.string(),
      item: targets.optional(),
      "service-desc": targets.optional(),
      "service-doc": targets.optional(),
      "service-meta": targets.optional(),
      status: targets.optional(),
    }),
  ),
});

export type Index = z.infer<typeof indexSchema>;
export type AgentDocument = z.infer<typeof agentDocumentSchema>;
export type Linkset = z.infer<typeof linksetSchema>;
