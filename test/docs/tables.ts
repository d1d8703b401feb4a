import type { DocPage } from './snippets.js';

const LONGEST_CELL = 79;

/** Returns the table cells of a page that are too long. The URLs of links do not count. */
export function longCells({ text }: DocPage): string[] {
  const prose = text.replace(/^```.*?^```$/gms, '');
  const rows = prose.split('\n').filter((line) => line.startsWith('|') && !line.startsWith('| --'));
  const cells = rows.flatMap((row) => row.split(/(?<!\\)\|/).slice(1, -1));
  const visible = cells.map((cell) => cell.trim().replace(/!?\[(.*?)\]\([^)]*\)/g, '$1'));
  return visible.filter((cell) => cell.length > LONGEST_CELL);
}
