/** The part of JSON Schema that the OpenAPI document uses. */
export interface JsonSchema {
  $ref?: string;
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  required?: string[];
  additionalProperties?: JsonSchema | boolean;
  items?: JsonSchema;
  minimum?: number;
  maximum?: number;
  default?: unknown;
  format?: string;
  enum?: unknown[];
  const?: unknown;
  anyOf?: JsonSchema[];
  allOf?: JsonSchema[]; // a reference, and what is said of it in this place
}

export type Components = Record<string, JsonSchema>;

export interface Field {
  path: string; // agents[].tokens[].symbol
  facts: string; // integer, 1 to 500, default 100
  description: string | undefined;
}

/** Every field of an answer, the outer before the inner. Of alternatives, the first. */
export function listFields(schema: JsonSchema, components: Components, path = ""): Field[] {
  const resolved = resolve(schema, components);
  if (!resolved) return [];
  const own: Field[] = path ? [{ path, facts: toFacts(resolved), description: resolved.description }] : [];
  const inner = (field: JsonSchema, name: string) => listFields(field, components, name);
  const fields = Object.entries(resolved.properties ?? {}).flatMap(([name, field]) =>
    inner(field, path ? `${path}.${name}` : name),
  );
  const items = resolved.items ? inner(resolved.items, `${path}[]`) : [];
  const { additionalProperties: others } = resolved;
  const entries = typeof others === "object" ? inner(others, `${path}.*`) : [];
  return [...own, ...fields, ...items, ...entries];
}

export function toFacts(schema: JsonSchema): string {
  const { minimum, maximum, type, format } = schema;
  const alternatives = schema.anyOf?.map((alternative) => alternative.type).filter(Boolean) ?? [];
  const values = schema.enum ?? (schema.const === undefined ? [] : [schema.const]);
  const types = values.length > 0 ? values.map((value) => JSON.stringify(value)) : [type ?? alternatives].flat();
  const isBounded = minimum !== undefined && maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER - 1_000;
  return [
    types.join(" or "),
    format,
    isBounded ? `${minimum} to ${maximum}` : undefined,
    schema.default === undefined ? undefined : `default ${schema.default}`,
  ]
    .filter((fact) => fact !== undefined && fact !== "")
    .join(", ");
}

function resolve(schema: JsonSchema, components: Components): JsonSchema | undefined {
  if (schema.allOf) {
    return Object.assign({}, ...schema.allOf.map((part) => resolve(part, components)));
  }
  const target = schema.$ref ?? schema.anyOf?.find((alternative) => alternative.$ref)?.$ref;
  if (target === undefined) return schema;
  const found = components[target.split("/").at(-1) ?? ""];
  return found && { ...found, ...(schema.description !== undefined && { description: schema.description }) };
}
