import { renderPage } from "../pages/layout.tsx";
import { SERVICE } from "../service.ts";
import { listSections, type Resource } from "./registry.ts";

export function renderIndexPage(): string {
  return renderPage(
    SERVICE.summary,
    <>
      <h1>{SERVICE.summary}</h1>
      <p>{SERVICE.description}</p>
      {listSections().map(({ title, resources }) => (
        <>
          <h2>{title}</h2>
          <dl class="fields">
            {resources.map((resource) => (
              <Entry resource={resource} />
            ))}
          </dl>
        </>
      ))}
    </>,
  );
}

function Entry({ resource: { path, title, about, method } }: { resource: Resource }) {
  const canFollow = method === undefined && !path.includes("{");
  return (
    <div>
      <dt>
        {canFollow ? <a href={path}>{title}</a> : title} <code class="muted">{path}</code>
      </dt>
      <dd>{about}</dd>
    </div>
  );
}
