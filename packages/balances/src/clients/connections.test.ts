import fc from "fast-check";
import { expect, it } from "vitest";
import { createConnections, MAX_CONNECTIONS } from "./connections.ts";

/** Whoever asks, and whenever somebody gives back: the number says which of those under way. */
const step = fc.oneof({ weight: 2, arbitrary: fc.constant("take" as const) }, { weight: 1, arbitrary: fc.nat(20) });

it("serves whoever comes first, never more than six at once, and nobody waits while one is free", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), async (steps) => {
      const connections = createConnections();
      const served: number[] = [];
      const underWay: (() => void)[] = [];
      let asked = 0;
      for (const one of steps) {
        if (one === "take") {
          const number = asked++;
          connections.take().then((giveBack) => {
            served.push(number);
            underWay.push(giveBack);
          });
        } else {
          underWay.splice(one % Math.max(1, underWay.length), 1)[0]?.();
        }
        await settle();
        expect(underWay.length).toBeLessThanOrEqual(MAX_CONNECTIONS);
        expect(asked === served.length || underWay.length === MAX_CONNECTIONS).toBe(true);
      }
      expect(served).toEqual(served.map((_, index) => index));
    }),
  );
});

it("takes a connection back once, however often it is given", async () => {
  const connections = createConnections(1);
  const first = await connections.take();
  first();
  first();
  await connections.take();
  let isSecondServed = false;
  connections.take().then(() => {
    isSecondServed = true;
  });
  await settle();
  expect(isSecondServed).toBe(false);
});

/** Lets every promise that can go on do so. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await Promise.resolve();
}
