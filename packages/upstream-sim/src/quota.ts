export interface QuotaLimits {
  perMinute: number;
  perMonth: number;
}

export interface Quota {
  /** Counts one call. */
  spend(): QuotaState;
}

export interface QuotaState {
  exceeded: boolean;
  minuteRemaining: number;
  monthRemaining: number;
  minuteResetSeconds: number;
  limits: QuotaLimits;
}

const MINUTE_MS = 60_000;

export function createQuota(limits: QuotaLimits, clock: () => number): Quota {
  let minute = -1;
  let usedInMinute = 0;
  let usedInMonth = 0;
  return {
    spend() {
      const now = clock();
      const current = Math.floor(now / MINUTE_MS);
      if (current !== minute) {
        minute = current;
        usedInMinute = 0;
      }
      const exceeded = usedInMinute >= limits.perMinute || usedInMonth >= limits.perMonth;
      if (!exceeded) {
        usedInMinute += 1;
        usedInMonth += 1;
      }
      return {
        exceeded,
        minuteRemaining: limits.perMinute - usedInMinute,
        monthRemaining: limits.perMonth - usedInMonth,
        minuteResetSeconds: Math.ceil(((current + 1) * MINUTE_MS - now) / 1_000),
        limits,
      };
    },
  };
}
