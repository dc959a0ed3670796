import { statusSchema, tickAnswerSchema } from "@standings/api/src/routes/admin/schema.ts";
import { LANES } from "@standings/rebuilder/contract";
import { call, readBody } from "./http.ts";

export type Status = ReturnType<typeof statusSchema.parse>;
export type Tick = Status["ticks"][number];

export type Action = "tick" | "pause" | "resume" | "reset" | "accept";

/** The admin routes as an operator with the token uses them. */
export interface Operator {
  getStatus(): Promise<Status>;
  tick(): Promise<ReturnType<typeof tickAnswerSchema.parse>>;
  change(action: Exclude<Action, "tick">, body?: object): Promise<Status>;
}

/** The rotation that both lanes have reached. */
export function toRotation({ lanes }: Pick<Status, "lanes">): number {
  return Math.min(...LANES.map((lane) => lanes[lane].rotation));
}

/** A tick may take all of its own deadline. */
const TICK_TIMEOUT_MS = 180_000;

export function createOperator(origin: string, token: string): Operator {
  const url = `${origin}/api/admin/rebuilder`;
  const authorization = `Bearer ${token}`;
  return {
    getStatus: async () => readBody(await call(url, { headers: { authorization } }), statusSchema),
    tick: async () => {
      const response = await call(`${url}/tick`, { method: "POST", headers: { authorization } }, TICK_TIMEOUT_MS);
      return readBody(response, tickAnswerSchema);
    },
    change: async (action, body) => {
      const headers = { authorization, ...(body && { "content-type": "application/json" }) };
      const init = { method: "POST", headers, ...(body && { body: JSON.stringify(body) }) };
      return readBody(await call(`${url}/${action}`, init), statusSchema);
    },
  };
}
