/**
 * Replaces what stands between `<!-- NAME -->` and `<!-- /NAME -->`, so that a measured table is never typed by hand.
 * Throws when the document has no such place.
 */
export function replaceBlock(document: string, name: string, content: string): string {
  const begin = `<!-- ${name} -->`;
  const end = `<!-- /${name} -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the document has no block ${name}`);
  return `${document.slice(0, from + begin.length)}\n${content.trim()}\n${document.slice(to)}`;
}
