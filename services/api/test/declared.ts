import { z } from "@hono/zod-openapi";
import type { OpenApiDocument } from "../src/discovery/openapi.ts";

interface Media {
  schema?: object;
  example?: unknown;
}

export interface Parameter {
  in: "query" | "path";
  name: string;
  schema: { type?: string; minimum?: number; maximum?: number; maxLength?: number; enum?: string[] };
  example?: unknown;
}

export interface Operation {
  path: string;
  method: string;
  parameters: Parameter[];
  responses: Record<string, { content?: Record<string, Media> }>;
  needsToken: boolean;
}

/** The document as a test reads it: what may be asked, and whether an answer is one of those declared. */
export function readDocument(document: OpenApiDocument) {
  const json = JSON.parse(JSON.stringify(document));
  const operations = Object.entries<Record<string, Record<string, unknown>>>(json.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({
      path,
      method: method.toUpperCase(),
      parameters: (operation.parameters ?? []) as Parameter[],
      responses: operation.responses as Operation["responses"],
      needsToken: ((operation.security ?? []) as object[]).length > 0,
    })),
  );
  const schemas = new Map<object, z.ZodType>();
  const definitions = JSON.parse(
    JSON.stringify(json.components.schemas).replaceAll("#/components/schemas/", "#/$defs/"),
  );

  /** The declared schema of a body, as Zod reads it. */
  function toSchema(schema: object): z.ZodType {
    const known = schemas.get(schema);
    if (known) return known;
    const own = JSON.parse(JSON.stringify(schema).replaceAll("#/components/schemas/", "#/$defs/"));
    const parsed = z.fromJSONSchema({ ...own, $defs: definitions }) as unknown as z.ZodType;
    schemas.set(schema, parsed);
    return parsed;
  }

  /** What is wrong with an answer, by the document; undefined when nothing is. */
  function judge(operation: Operation, status: number, type: string, body: string): string | undefined {
    const response = operation.responses[String(status)];
    if (!response) return `status ${status} is not declared`;
    if (!response.content) return body === "" ? undefined : "a body is not declared";
    const media = Object.entries(response.content).find(([declared]) => declared.split(";")[0] === type)?.[1];
    if (!media) return `${type} is not declared for ${status}`;
    if (!media.schema || !type.endsWith("json")) return undefined;
    const result = toSchema(media.schema).safeParse(JSON.parse(body));
    return result.success ? undefined : `the body is not as declared: ${z.prettifyError(result.error)}`;
  }

  /** The operation of a path as a client would have built it. */
  function find(method: string, path: string): Operation | undefined {
    const matching = operations.filter(
      (operation) => operation.method === method && toPattern(operation.path).test(path),
    );
    return matching.find((operation) => operation.path === path) ?? matching.at(-1);
  }

  return { operations: operations as Operation[], judge, find };
}

function toPattern(path: string): RegExp {
  return new RegExp(`^${path.replaceAll(".", "\\.").replaceAll(/\{\w+\}/g, "[^/]+")}$`);
}
