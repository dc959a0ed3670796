/** Where the MCP server listens. */
export const MCP_PATH = "/mcp";

/** The protocol revisions that are served and tested, the newest first. */
export const MCP_REVISIONS = ["2026-07-28", "2025-11-25"] as const;
