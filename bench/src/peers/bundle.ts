import { join } from "node:path";
import { build } from "esbuild";

/** What a bundle that imports "product" finds there: the module beside it. */
export const PRODUCT_MODULE = "product.js";

/** One peer Worker, minified like the product. @param files modules that only exist for this bundle, by name */
export async function bundlePeer(name: string, files: Record<string, string> = {}): Promise<string> {
  const result = await build({
    entryPoints: [join(import.meta.dirname, "workers", `${name}.ts`)],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2024",
    write: false,
    plugins: [
      {
        name: "given-files",
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^product$/ }, () => ({ path: `./${PRODUCT_MODULE}`, external: true }));
          onResolve({ filter: /.*/ }, ({ path }) => (path in files ? { path, namespace: "given" } : undefined));
          onLoad({ filter: /.*/, namespace: "given" }, ({ path }) => {
            return { contents: `export default ${JSON.stringify(files[path])}`, loader: "js" };
          });
        },
      },
    ],
  });
  return result.outputFiles[0]?.text ?? "";
}
