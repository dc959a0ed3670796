import { WorkerEntrypoint } from "cloudflare:workers";
import type { AcceptAnswer, ActionOptions, RebuilderApi, TickAnswer } from "./contract/rpc.ts";
import type { RebuilderStatus } from "./contract/status.ts";
import type { Env } from "./env.ts";

/** There is one rebuild, so there is one object. */
const OBJECT_NAME = "dashboard";

export function getRebuild(env: Env): ReturnType<Env["DASHBOARD_REBUILD_DO"]["getByName"]> {
  return env.DASHBOARD_REBUILD_DO.getByName(OBJECT_NAME);
}

/** What the API reaches over its service binding. */
export class RebuilderRpc extends WorkerEntrypoint<Env> implements RebuilderApi {
  status(): Promise<RebuilderStatus> {
    return getRebuild(this.env).status();
  }
  tick(options?: ActionOptions): Promise<TickAnswer> {
    return getRebuild(this.env).tick(options);
  }
  pause(options: ActionOptions & { until?: number }): Promise<RebuilderStatus> {
    return getRebuild(this.env).pause(options);
  }
  resume(options?: ActionOptions): Promise<RebuilderStatus> {
    return getRebuild(this.env).resume(options);
  }
  reset(options?: ActionOptions): Promise<RebuilderStatus> {
    return getRebuild(this.env).reset(options);
  }
  accept(id: string, options?: ActionOptions): Promise<AcceptAnswer> {
    return getRebuild(this.env).accept(id, options);
  }
  ensureAlarm(): Promise<{ alarmAt: number | null; rearmed: boolean }> {
    return getRebuild(this.env).ensureAlarm();
  }
}
