import { Hono } from "hono";
import { cors } from "hono/cors";
import { requestId } from "hono/request-id";
import { secureHeaders } from "hono/secure-headers";

/** The ceiling of anything behind a router and the middleware that the product's answers go through. */
const app = new Hono();
app.use(requestId({ limitLength: 0 }));
app.use(secureHeaders());
app.use(cors({ origin: "*", exposeHeaders: ["Link", "ETag", "X-Request-Id", "X-Total-Count"], maxAge: 86_400 }));
app.use(async (c, next) => {
  await next();
  if (!c.res.headers.has("Cache-Control")) c.header("Cache-Control", "no-store");
});
app.get("/api/dashboard", (c) => c.json({ hello: "world" }));

export default app;
