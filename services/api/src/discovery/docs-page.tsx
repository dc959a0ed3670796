import { PROBLEMS } from "../http/problem-codes.ts";
import { renderPage } from "../pages/layout.tsx";
import { LLMS_FULL_PATH, OPENAPI_PATH } from "../paths.ts";
import { SERVICE } from "../service.ts";
import type { Field } from "./fields.ts";
import { type Answer, listOperations, type Operation, type Parameter } from "./operations.ts";
import { NOTES } from "./registry.ts";

/** The reference, from the OpenAPI document. Server-rendered, so that the strict policy for scripts holds here too. */
export function renderDocsPage(): string {
  const operations = listOperations();
  const tags = [...new Set(operations.map((operation) => operation.tag))];
  return renderPage(
    "API reference",
    <>
      <h1>API reference</h1>
      <p>{SERVICE.description}</p>
      <p>
        The same as <a href={OPENAPI_PATH}>OpenAPI 3.1</a>, to generate a client from, and as{" "}
        <a href={LLMS_FULL_PATH}>Markdown</a>, for agents.
      </p>
      <ul>
        {NOTES.map((note) => (
          <li>{note}</li>
        ))}
      </ul>
      <nav aria-label="Operations" class="contents">
        {tags.map((tag) => (
          <>
            <h2>{tag}</h2>
            <ul>
              {operations
                .filter((operation) => operation.tag === tag)
                .map(({ id, method, path, summary }) => (
                  <li>
                    <a href={`#${id}`}>
                      <code>
                        {method} {path}
                      </code>
                    </a>{" "}
                    <span class="muted">{summary}</span>
                  </li>
                ))}
            </ul>
          </>
        ))}
      </nav>
      {operations.map((operation) => (
        <OperationSection operation={operation} />
      ))}
      <section class="operation">
        <h2 id="problems">Problems</h2>
        <p>
          Errors are <code>application/problem+json</code> (RFC 9457). Their <code>type</code> leads to the page with
          the fix.
        </p>
        <dl class="fields">
          {Object.entries(PROBLEMS).map(([code, { status, title }]) => (
            <Entry name={code} href={`/problems/${code}`} facts={String(status)} description={title} />
          ))}
        </dl>
      </section>
    </>,
  );
}

function OperationSection({ operation }: { operation: Operation }) {
  const { id, method, path, summary, description, needsToken, parameters, body, answers, fields, fieldsOf, example } =
    operation;
  return (
    <section class="operation">
      <h2 id={id}>{summary}</h2>
      <p>
        <code class="route">
          <b>{method}</b> {path}
        </code>{" "}
        {needsToken && <span class="badge">Operator's token</span>}
      </p>
      <p>{description}</p>
      <Parameters parameters={parameters} />
      <Fields title="Body" fields={body} open />
      <Answers answers={answers} />
      <Fields title="Fields of the answer" fields={fields} />
      {fieldsOf && (
        <p>
          The fields of the answer are those of <a href={`#${fieldsOf.id}`}>{fieldsOf.summary}</a>.
        </p>
      )}
      {example && (
        <details>
          <summary>Example</summary>
          <pre tabindex={0}>
            <code>{example}</code>
          </pre>
        </details>
      )}
    </section>
  );
}

function Parameters({ parameters }: { parameters: readonly Parameter[] }) {
  if (parameters.length === 0) return null;
  return (
    <>
      <h3>Parameters</h3>
      <dl class="fields">
        {parameters.map(({ name, in: place, required, facts, description }) => (
          <Entry name={name} facts={`${place}, ${facts}${required ? ", required" : ""}`} description={description} />
        ))}
      </dl>
    </>
  );
}

function Answers({ answers }: { answers: readonly Answer[] }) {
  return (
    <>
      <h3>Answers</h3>
      <dl class="fields">
        {answers.map(({ status, types, description }) => (
          <Entry name={status} facts={types.join(", ")} description={description.replaceAll("`", "")} />
        ))}
      </dl>
    </>
  );
}

function Fields({ title, fields, open = false }: { title: string; fields: readonly Field[]; open?: boolean }) {
  if (fields.length === 0) return null;
  return (
    <details open={open}>
      <summary>{title}</summary>
      <dl class="fields">
        {fields.map(({ path, facts, description }) => (
          <Entry name={path} facts={facts} description={description} />
        ))}
      </dl>
    </details>
  );
}

function Entry(entry: { name: string; href?: string; facts: string; description: string | undefined }) {
  const { name, href, facts, description } = entry;
  return (
    <div>
      <dt>
        {href ? (
          <a href={href}>
            <code>{name}</code>
          </a>
        ) : (
          <code>{name}</code>
        )}{" "}
        <span class="muted">{facts}</span>
      </dt>
      <dd>{description}</dd>
    </div>
  );
}
