import { pickIndex, type Random } from "./random.ts";

interface AgentName {
  displayName: string | null;
  bnsName: string | null;
}

/** Names that have broken pages, tables and exports before. The first agents carry one each. */
const AWKWARD_NAMES: readonly (string | null)[] = [
  null,
  "<script>alert(1)</script>",
  '"><img src=x onerror=alert(1)>',
  "Robert'); DROP TABLE agents;--",
  '=HYPERLINK("http://example.com","click")',
  "+1-900-AGENT",
  "@SUM(1,2)",
  "🦜 Parrot 🏴‍☠️👩‍🚀",
  "وكيل المراقبة",
  "סוכן ‏שלום‎ abc",
  "代理人玄武",
  "エージェント・ゼロ",
  "Z̸̢͘a̵̛͠l̶̕͝g̵̀͝o̷͒ ̶̐A̵̎g̸͊e̷͝n̵͐t̴̽",
  "e\u0301claire (combining)",
  "éclaire (composed)",
  "A".repeat(64),
  `The ${"Very ".repeat(24)}Long Named Agent of the Northern Mempool`,
  "Unbreakable".repeat(18),
  "   ",
  "line\nbreak\ttab",
  "Null",
  "0",
  "&amp; already escaped",
  "Ａｇｅｎｔ Ｆｕｌｌｗｉｄｔｈ",
  "a\u200bgent zero\u200bwidth",
  "Ünïcödé Ågent",
  "-Dash First",
  'agent, with "quotes"; and commas',
];

const FIRST = [
  "Amber",
  "Brisk",
  "Cobalt",
  "Dusty",
  "Ember",
  "Frosty",
  "Granite",
  "Hollow",
  "Ionic",
  "Jade",
  "Keen",
  "Lunar",
  "Mellow",
  "Nimble",
  "Opal",
  "Patient",
  "Quiet",
  "Rusty",
  "Solar",
  "Tiny",
  "Umber",
  "Void",
  "Woven",
  "Zesty",
];
const SECOND = [
  "Badger",
  "Cormorant",
  "Dolphin",
  "Egret",
  "Falcon",
  "Gecko",
  "Heron",
  "Ibis",
  "Jackal",
  "Kestrel",
  "Lynx",
  "Marten",
  "Newt",
  "Otter",
  "Parrot",
  "Quail",
  "Raven",
  "Stoat",
  "Tapir",
  "Urchin",
  "Viper",
  "Wyvern",
  "Yak",
  "Zebra",
];

export function pickName(random: Random, index: number): AgentName {
  const first = FIRST[pickIndex(random, FIRST.length)] ?? "Amber";
  const second = SECOND[pickIndex(random, SECOND.length)] ?? "Badger";
  const bnsName = random() < 0.35 ? `${first}-${second}-${index}.btc`.toLowerCase() : null;
  const awkward = AWKWARD_NAMES[index];
  if (awkward !== undefined) return { displayName: awkward, bnsName };
  return { displayName: random() < 0.06 ? null : `${first} ${second}`, bnsName };
}
