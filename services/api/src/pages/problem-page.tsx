import type { Problem } from "../http/problem.ts";
import { PROBLEMS, type ProblemCode } from "../http/problem-codes.ts";
import { renderPage } from "./layout.tsx";

/** The answer to a person whose request went wrong: the same facts as the problem+json. */
export function renderProblemPage(problem: Problem): string {
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
