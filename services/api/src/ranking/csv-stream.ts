import { type Db, findStandingsPage, type Publication } from "@standings/db";
import { problem } from "../http/problem.ts";
import { CSV_HEADER, toCsvRow } from "./csv.ts";
import { MAX_LIMIT } from "./schema.ts";
import { toAgent } from "./shape.ts";

/**
 * The whole ranking, read page by page as fast as the client takes it. The first page is read before the answer
 * starts, so that a version that is gone is still a 410. Pruned on the way, the stream fails and the connection is cut:
 * a file must not end early and look complete.
 * @param onCut told why, since nobody is left to be answered
 */
export async function openCsv(
  db: Db,
  publication: Publication,
  onCut: (error: unknown) => void,
): Promise<ReadableStream<Uint8Array>> {
  const readRows = async (offset: number): Promise<string[]> => {
    const rows = await findStandingsPage(db, publication.version, { offset, limit: MAX_LIMIT });
    if (!rows) throw problem("version-gone");
    return rows.map((row) => toCsvRow(toAgent(row, publication)));
  };
  const encoder = new TextEncoder();
  let rows = [CSV_HEADER, ...(await readRows(0))];
  let sent = -1; // the header is no agent
  return new ReadableStream(
    {
      async pull(controller) {
        try {
          if (rows.length === 0) rows = await readRows(sent);
          if (rows.length === 0) throw new Error(`version ${publication.version} is shorter than it was published`);
        } catch (error) {
          onCut(error);
          throw error;
        }
        controller.enqueue(encoder.encode(rows.join("")));
        sent += rows.length;
        rows = [];
        if (sent >= publication.agents) controller.close();
      },
    },
    { highWaterMark: 0 },
  );
}
