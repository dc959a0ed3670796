import { z } from "zod";

const lane = z.object({ rotation: z.number(), processed: z.number(), total: z.number() });
const placeSchema = z.object({ stacks: lane, bitcoin: lane });

/** Where both lanes stood after a tick, as far as a page shows it. */
export type Place = z.infer<typeof placeSchema>;

/** The place in a row of tick_commits. Undefined where an older release wrote the row, or another that this cannot read. */
export function parsePlace(text: string | null): Place | undefined {
  if (text === null) return undefined;
  try {
    return placeSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
