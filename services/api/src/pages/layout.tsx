import type { Child } from "hono/jsx";
import { ICON_PATH, STYLE_PATH } from "./style.ts";

/** A whole document. Complete without JavaScript: there is none. */
export function renderPage(title: string, content: Child): string {
  const page = (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>{title} · Standings</title>
        <link rel="stylesheet" href={STYLE_PATH} />
        <link rel="icon" href={ICON_PATH} type="image/svg+xml" />
      </head>
      <body>
        <a class="skip" href="#content">
          Skip to content
        </a>
        <header class="site">
          <div>
            <strong>
              <a href="/">Standings</a>
            </strong>
            <nav aria-label="Site">
              <a href="/dashboard">Ranking</a>
              <a href="/status">Status</a>
              <a href="/docs">API</a>
            </nav>
          </div>
        </header>
        <main id="content">{content}</main>
        <footer>
          <p>
            Every ranking is valued with one set of prices and frozen when it is published. Values that could not be
            refreshed are kept and marked, never replaced by zero. <a href="/status">How fresh is it?</a>
          </p>
        </footer>
      </body>
    </html>
  );
  return `<!doctype html>${page}`;
}
