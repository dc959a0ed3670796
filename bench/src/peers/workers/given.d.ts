/** The page that the product serves, put into the bundle as it is. */
declare module "page.json" {
  const page: string;
  export default page;
}

/** The built API, a module beside this one. */
declare module "product" {
  const api: { fetch(request: Request, env: object, context: ExecutionContext): Promise<Response> };
  export default api;
}
