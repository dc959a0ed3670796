// Every fixed path of this service that more than one room names.

export const DASHBOARD_PATH = "/api/dashboard";
export const DASHBOARD_CSV_PATH = "/api/dashboard.csv";
export const DASHBOARD_MARKDOWN_PATH = "/api/dashboard.md";

/** Everything below is for the operator alone. */
export const ADMIN_PATH = "/api/admin";
export const REBUILDER_PATH = `${ADMIN_PATH}/rebuilder`;
export const METRICS_PATH = "/api/metrics"; // for the operator too

/** Where the MCP server listens. */
export const MCP_PATH = "/mcp";

export const HEALTH_PATH = "/api/health";
export const STATUS_PATH = "/status";
export const DOCS_PATH = "/docs";
export const LLMS_PATH = "/llms.txt";
export const LLMS_FULL_PATH = "/llms-full.txt";
export const AGENT_PATH = "/.well-known/agent.json";
export const CATALOG_PATH = "/.well-known/api-catalog";
export const ROBOTS_PATH = "/robots.txt";
export const OPENAPI_PATH = "/openapi.json";
