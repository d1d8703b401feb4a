import { meetsGoal, type Figure, type Result } from './figure.js';

export function printHeader(): void {
  printRow('figure', ['ours', 'peer', 'ratio', 'goal', '', 'CPU µs', 'peer', 'GC %', 'peer'], 'unit');
}

/** Prints the row of a figure, and returns its result. */
export function printResult(figure: Figure, result: Result): Result {
  const { ours, peer, ratio, cpu, gc } = result;
  const [compared, bound] = figure.kind === 'rate' ? [ratio.toFixed(2), '>='] : [`${plain(ratio)} more`, '<='];
  const verdict = meetsGoal(figure, result) ? 'ok' : 'MISSED';
  const usage = [cpu?.ours, cpu?.peer, gc?.ours, gc?.peer].map((value) => (value === undefined ? '' : plain(value)));
  printRow(
    figure.name,
    [plain(ours), plain(peer), compared, `${bound} ${figure.goal}`, verdict, ...usage],
    figure.unit,
  );
  return result;
}

const WIDTHS = [11, 11, 11, 9, 8, 8, 8, 6, 6];

function printRow(name: string, cells: readonly string[], unit: string): void {
  console.log(`${name.padEnd(25)}${cells.map((cell, column) => cell.padStart(WIDTHS[column] ?? 0)).join('')}  ${unit}`);
}

function plain(value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: value < 1000 ? 1 : 0 });
}
