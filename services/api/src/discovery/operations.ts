import { type Components, type Field, type JsonSchema, listFields, toFacts } from "./fields.ts";
import { buildOpenApiDocument } from "./openapi.ts";

export interface Parameter {
  name: string;
  in: string;
  required: boolean;
  facts: string;
  description: string | undefined;
}

export interface Answer {
  status: string;
  description: string;
  types: string[];
}

/** An operation of the OpenAPI document, with what a reference shows of it. */
export interface Operation {
  id: string;
  method: string; // in capitals
  path: string;
  tag: string;
  summary: string;
  description: string;
  needsToken: boolean;
  parameters: Parameter[];
  body: Field[];
  answers: Answer[];
  fields: Field[]; // of the 200; empty where another operation answers the same
  fieldsOf: { id: string; summary: string } | undefined; // that other operation
  example: string | undefined; // of the 200
}

interface Media {
  schema: JsonSchema;
  example?: unknown;
}

interface DocumentedOperation {
  operationId: string;
  tags: string[];
  summary: string;
  description: string;
  security?: unknown[];
  parameters?: { name: string; in: string; required?: boolean; description?: string; schema: JsonSchema }[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}

const JSON_TYPE = "application/json";

let listed: readonly Operation[] | undefined;

/** All operations in the order of the document, which only a deploy changes. */
export function listOperations(): readonly Operation[] {
  if (listed) return listed;
  const { paths, components } = buildOpenApiDocument();
  const schemas = (components?.schemas ?? {}) as Components;
  const first = new Map<string, Operation>();
  listed = Object.entries(paths ?? {}).flatMap(([path, item]) =>
    (["get", "post"] as const).flatMap((method) => {
      const operation = item[method] as unknown as DocumentedOperation | undefined;
      return operation ? [toOperation(operation, method, path, schemas, first)] : [];
    }),
  );
  return listed;
}

/** The operations that need no token. */
export function listPublicOperations(): Operation[] {
  return listOperations().filter((operation) => !operation.needsToken);
}

/** `first` remembers, by the name of its schema, who answered with it first. */
function toOperation(
  operation: DocumentedOperation,
  method: string,
  path: string,
  components: Components,
  first: Map<string, Operation>,
): Operation {
  const { parameters = [], requestBody, responses } = operation;
  const body = requestBody?.content[JSON_TYPE];
  const content = responses["200"]?.content ?? {};
  const good = content[JSON_TYPE] ?? Object.values(content)[0];
  const name = good?.schema.$ref ?? "";
  const same = first.get(name);
  const described: Operation = {
    id: operation.operationId,
    method: method.toUpperCase(),
    path,
    tag: operation.tags[0] ?? "",
    summary: operation.summary,
    description: operation.description,
    needsToken: (operation.security ?? []).length > 0,
    parameters: parameters.map(({ name, in: place, required = false, description, schema }) => {
      return { name, in: place, required, facts: toFacts(schema), description: description ?? schema.description };
    }),
    body: body ? listFields(body.schema, components) : [],
    answers: Object.entries(responses).map(([status, answer]) => {
      return { status, description: answer.description, types: Object.keys(answer.content ?? {}) };
    }),
    fields: good && !same ? listFields(good.schema, components) : [],
    fieldsOf: same && { id: same.id, summary: same.summary },
    example: toExample(good?.example),
  };
  if (name && !same) first.set(name, described);
  return described;
}

function toExample(example: unknown): string | undefined {
  if (example === undefined || typeof example === "string") return example;
  return JSON.stringify(example, null, 2);
}
