import { renderPage } from "./layout.tsx";

const LINKS = [
  { path: "/dashboard", text: "The ranking", about: "for people, page by page" },
  { path: "/api/dashboard", text: "The ranking as JSON", about: "for programs, pinned to a version while you page" },
  { path: "/api/dashboard?docs=1", text: "What the JSON means", about: "parameters, fields and notes" },
  { path: "/openapi.json", text: "OpenAPI 3.1", about: "to generate a client from" },
  { path: "/api/health", text: "Health", about: "how old the newest ranking is" },
] as const;

export function renderIndexPage(): string {
  return renderPage(
    "Portfolio rankings for on-chain agents",
    <>
      <h1>Portfolio rankings for on-chain agents</h1>
      <p>
        Registered agents, ranked by the US dollar value of what they hold: BTC on Bitcoin, and STX, sBTC and other
        tokens on Stacks.
      </p>
      <ul>
        {LINKS.map(({ path, text, about }) => (
          <li>
            <a href={path}>{text}</a>: {about}
          </li>
        ))}
      </ul>
    </>,
  );
}
