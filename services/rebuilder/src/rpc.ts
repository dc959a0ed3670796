import { WorkerEntrypoint } from "cloudflare:workers";
import type { AcceptAnswer, RebuilderApi, RebuilderStatus, TickAnswer } from "./contract/status.ts";
import type { Env } from "./env.ts";
import type { DashboardRebuildDO } from "./object.ts";

/** There is one rebuild, so there is one object. */
const OBJECT_NAME = "dashboard";

export function getRebuild(env: Env): DurableObjectStub<DashboardRebuildDO> {
  return env.DASHBOARD_REBUILD_DO.getByName(OBJECT_NAME);
}

/** What the API reaches over its service binding. */
export class RebuilderRpc extends WorkerEntrypoint<Env> implements RebuilderApi {
  status(): Promise<RebuilderStatus> {
    return getRebuild(this.env).status();
  }
  tick(): Promise<TickAnswer> {
    return getRebuild(this.env).tick();
  }
  pause(options: { until?: number; reason?: string }): Promise<RebuilderStatus> {
    return getRebuild(this.env).pause(options);
  }
  resume(): Promise<RebuilderStatus> {
    return getRebuild(this.env).resume();
  }
  reset(): Promise<RebuilderStatus> {
    return getRebuild(this.env).reset();
  }
  accept(id: string): Promise<AcceptAnswer> {
    return getRebuild(this.env).accept(id);
  }
  ensureAlarm(): Promise<{ alarmAt: number | null; rearmed: boolean }> {
    return getRebuild(this.env).ensureAlarm();
  }
}
