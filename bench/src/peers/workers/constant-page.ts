import page from "page.json";

/** The ceiling of anything that answers with these bytes: they are there from the start. */
const body = new TextEncoder().encode(page);

export default { fetch: () => new Response(body, { headers: { "content-type": "application/json" } }) };
