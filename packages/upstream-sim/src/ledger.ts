import { U128_MAX } from "./amounts.ts";
import { createRandom, type Random } from "./random.ts";

// A ledger is one asset's history at one address: what it was changed to, and when. It is periodic in the step, so
// that the state at any step is known without living through the steps before it.

/** After this many steps a history begins anew: at 30 s a step about 33 hours. */
export const CYCLE_STEPS = 4_000;

/** One change of one asset in so many steps: most things stay as they are from one look to the next. */
const MEAN_STEPS_BETWEEN_CHANGES = 250;

export interface Entry {
  position: number;
  amount: bigint;
}

/** What a history comes to at one position. balance = received - sent. */
export interface Flow {
  balance: bigint;
  received: bigint;
  sent: bigint;
  receipts: number;
  sends: number;
}

export const EMPTY_FLOW: Flow = { balance: 0n, received: 0n, sent: 0n, receipts: 0, sends: 0 };

/** Bought at `arrival`, then now and then: more bought, some sold, all sold, bought again. */
export function planLedger(firstAmount: bigint, arrival: number, ...key: (string | number)[]): Entry[] {
  const random = createRandom(...key, "ledger");
  const entries: Entry[] = [{ position: arrival, amount: firstAmount }];
  let amount = firstAmount;
  let position = arrival;
  while (firstAmount > 0n) {
    position += 1 + Math.floor(-Math.log(1 - random()) * MEAN_STEPS_BETWEEN_CHANGES);
    if (position >= CYCLE_STEPS) break;
    amount = planChange(random, amount, firstAmount);
    entries.push({ position, amount });
  }
  return entries;
}

function planChange(random: Random, amount: bigint, firstAmount: bigint): bigint {
  const percent = BigInt(Math.floor(random() * 100));
  const action = random();
  if (amount === 0n) return atMost(U128_MAX, scale(firstAmount, 50n + percent));
  if (action < 0.2) return 0n;
  if (action < 0.55) return scale(amount, 1n + percent);
  return atMost(firstAmount * 8n, atMost(U128_MAX, scale(amount, 105n + percent)));
}

function atMost(limit: bigint, amount: bigint): bigint {
  return amount > limit ? limit : amount;
}

/** Never rounds a holding to nothing: only a sale of everything makes it zero. */
function scale(amount: bigint, percent: bigint): bigint {
  const scaled = (amount * percent) / 100n;
  return scaled > 0n ? scaled : 1n;
}

/** Undefined before the first entry: the address has never touched the asset. */
export function sumLedger(entries: Entry[], position: number): Flow | undefined {
  const flow = { ...EMPTY_FLOW };
  let touched = false;
  for (const entry of entries) {
    if (entry.position > position) break;
    touched = true;
    const change = entry.amount - flow.balance;
    if (change > 0n) {
      flow.received += change;
      flow.receipts += 1;
    } else if (change < 0n) {
      flow.sent -= change;
      flow.sends += 1;
    }
    flow.balance = entry.amount;
  }
  return touched ? flow : undefined;
}
