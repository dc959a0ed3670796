/** The page that the product serves, put into the bundle as it is. */
declare module "page.json" {
  const page: string;
  export default page;
}

/** A built Worker of the product, a module beside this one: the API has the first export, the rebuilder the others. */
declare module "product" {
  const api: { fetch(request: Request, env: object, context: ExecutionContext): Promise<Response> };
  export default api;
  export const RebuilderRpc: unknown;
  export const DashboardRebuildDO: new (context: DurableObjectState, env: object) => object;
}
