import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startUpstream } from "@standings/upstream-sim/server";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "replay-"));
  writeFileSync(join(folder, "a.json"), '{"recorded":true}');
  writeFileSync(join(folder, "b.txt"), "Invalid Bitcoin address");
});
afterEach(() => rmSync(folder, { recursive: true }));

describe("recorded answers", () => {
  it("are served by host and path, whatever the query, and nothing else is", async () => {
    writeIndex([
      { host: "HIRO", path: "/extended/v1/address/SP1/balances", status: 200, file: "a.json", kind: "capture" },
      { host: "mempool", path: "/address/bad", status: 400, file: "b.txt" },
    ]);
    const upstream = await startUpstream({ replayDir: folder });
    const { HIRO_API_URL, MEMPOOL_API_URL } = upstream.baseUrls;
    const recorded = await fetch(`${HIRO_API_URL}/extended/v1/address/SP1/balances?unanchored=true`);
    expect([recorded.status, recorded.headers.get("content-type")]).toEqual([200, "application/json; charset=utf-8"]);
    expect(await recorded.json()).toEqual({ recorded: true });
    const bad = await fetch(`${MEMPOOL_API_URL}/address/bad`);
    expect([bad.status, bad.headers.get("content-type"), await bad.text()]).toEqual([
      400,
      "text/plain",
      "Invalid Bitcoin address",
    ]);
    for (const url of [`${HIRO_API_URL}/extended/v1/address/SP2/balances`, `${MEMPOOL_API_URL}/v1/prices`]) {
      const missing = await fetch(url);
      expect([missing.status, await missing.json()]).toMatchObject([503, { error: "not recorded" }]);
    }
    await upstream.close();
  });

  it("can still be spoilt by faults", async () => {
    writeIndex([{ host: "HIRO", path: "/x", status: 200, file: "a.json" }]);
    const upstream = await startUpstream({ replayDir: folder, faults: [{ kind: "truncated-json" }] });
    expect(await (await fetch(`${upstream.baseUrls.HIRO_API_URL}/x`)).text()).toBe('{"record');
    await upstream.close();
  });

  it.each([
    ["an unknown host", [{ host: "BINANCE", path: "/x", status: 200, file: "a.json" }], /answers\.0\.host/],
    ["a relative path", [{ host: "HIRO", path: "x", status: 200, file: "a.json" }], /answers\.0\.path/],
    ["a status out of range", [{ host: "HIRO", path: "/x", status: 20, file: "a.json" }], /answers\.0\.status/],
    ["a missing file", [{ host: "HIRO", path: "/x", status: 200, file: "c.json" }], /c\.json does not exist/],
    ["a file elsewhere", [{ host: "HIRO", path: "/x", status: 200, file: "../c.json" }], /outside the folder/],
    ["no answers", [], /answers/],
    [
      "an answer listed twice",
      [
        { host: "HIRO", path: "/x", status: 200, file: "a.json" },
        { host: "hiro", path: "/x", status: 200, file: "b.txt" },
      ],
      /listed twice/,
    ],
  ])("are refused at start for %s", async (_what, answers, message) => {
    writeIndex(answers);
    await expect(startUpstream({ replayDir: folder })).rejects.toThrow(message);
  });

  it("are refused at start without a readable index", async () => {
    await expect(startUpstream({ replayDir: folder })).rejects.toThrow(/index\.json: cannot be read as JSON/);
    writeFileSync(join(folder, "index.json"), "{");
    await expect(startUpstream({ replayDir: folder })).rejects.toThrow(/index\.json: cannot be read as JSON/);
  });
});

function writeIndex(answers: object[]): void {
  writeFileSync(join(folder, "index.json"), JSON.stringify({ note: "a test", answers }));
}
