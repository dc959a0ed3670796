import type { MiddlewareHandler } from "hono";
import type { AppEnv } from "../env.ts";
import { PROBLEM_JSON, type Problem } from "../http/problem.ts";
import { PROBLEMS, type ProblemCode } from "../http/problem-codes.ts";
import { renderPage } from "./layout.tsx";

/** Outside of the API, a reader who can read pages is told of a problem by one. */
export const showProblemsAsPages: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  if (c.req.path.startsWith("/api/") || c.res.headers.get("Content-Type") !== PROBLEM_JSON) return;
  c.header("Vary", "Accept", { append: true });
  if (!c.req.header("Accept")?.includes("text/html")) return;
  const { status } = c.res;
  const headers = new Headers(c.res.headers);
  headers.set("Content-Type", "text/html; charset=UTF-8");
  c.res = new Response(renderProblemPage(await c.res.json<Problem>()), { status, headers });
};

/** The answer to a person whose request went wrong: the same facts as the problem+json. */
function renderProblemPage(problem: Problem): string {
  return renderPage(
    problem.title,
    <>
      <h1>{problem.title}</h1>
      <p>{problem.detail}</p>
      {problem.errors && (
        <ul>
          {problem.errors.map((error) => (
            <li>
              <code>{error.parameter ?? error.pointer}</code> {error.detail}
            </li>
          ))}
        </ul>
      )}
      <p>
        <a href={problem.type}>What this means and how to fix it</a>, or back to <a href="/dashboard">the ranking</a>.
      </p>
      <p class="muted">
        Status {problem.status}, request <code>{problem.instance}</code>
      </p>
    </>,
  );
}

/** The page behind a problem's `type`. */
export function renderProblemKindPage(code: ProblemCode): string {
  const { title, status, fix } = PROBLEMS[code];
  return renderPage(
    title,
    <>
      <h1>{title}</h1>
      <p class="muted">
        Problem <code>{code}</code>, HTTP status {status}
      </p>
      <h2>How to fix it</h2>
      <p>{fix}</p>
      <p>
        The request that failed is in the log under the value of <code>instance</code>, which is also in the header{" "}
        <code>X-Request-Id</code>.
      </p>
    </>,
  );
}
