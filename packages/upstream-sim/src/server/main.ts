import { parseUpstreamEnv } from "./env.ts";
import { startUpstream, type UpstreamOptions } from "./server.ts";

const DEFAULT_PORT = 8790;

try {
  const options: UpstreamOptions = parseUpstreamEnv(process.env);
  const upstream = await startUpstream({ ...options, port: options.port || DEFAULT_PORT });
  for (const [name, url] of Object.entries(upstream.baseUrls)) console.log(`${name}=${url}`);
  console.log(`control: ${upstream.controlUrl}`);
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void upstream.close().then(() => process.exit(0)));
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
