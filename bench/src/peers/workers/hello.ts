/** The ceiling: an answer that no work goes into. */
export default { fetch: () => new Response("hello") };
