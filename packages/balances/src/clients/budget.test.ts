import fc from "fast-check";
import { expect, it } from "vitest";
import { createBudget } from "./budget.ts";

it("gives what is left besides its reserve, and nothing past it", () => {
  const budget = createBudget(10, 4);
  expect(budget.left).toBe(6);
  expect(budget.take(7)).toBe(false);
  expect(budget.take(6)).toBe(true);
  expect(budget.take()).toBe(false);
  expect(budget).toMatchObject({ used: 6, left: 0, room: 4 });
});

it("is passed by nobody who takes, whatever is spent beside, and says how much room there is", () => {
  const step = fc.record({ isTake: fc.boolean(), n: fc.nat(12) });
  fc.assert(
    fc.property(fc.nat(60), fc.nat(60), fc.array(step), (limit, reserve, steps) => {
      const budget = createBudget(limit, reserve);
      let spent = 0;
      for (const { isTake, n } of steps) {
        const before = budget.used;
        if (!isTake) spent += n;
        if (!isTake) budget.spend(n);
        else if (budget.take(n) && n > 0) expect(budget.used).toBeLessThanOrEqual(limit - Math.max(0, reserve - spent));
        else expect(budget.used).toBe(before);
        expect(budget.room).toBe(Math.max(0, limit - budget.used));
        expect(budget.left).toBeLessThanOrEqual(budget.room);
      }
    }),
  );
});
