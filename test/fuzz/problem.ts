import { inspect, types } from 'node:util';

/** A property that a case broke. */
export interface Problem {
  /** What the problem is, without what differs from case to case. Problems with the same key are one finding. */
  key: string;
  /** The whole story: an answer, a stack. */
  detail: string;
}

/** Text without addresses, numbers and quoted values, so that the same fault reads the same in every case. */
export function normalized(text: string): string {
  return text
    .replace(/https?:\/\/[^\s"',)]+/g, '(url)')
    .replace(/; what came has .*/, '')
    .replace(/"[^"]*"/g, '""')
    .replace(/\b(slot-\d+|honest)(-signed)?\b/g, '(client)')
    .replace(/\d+/g, '#')
    .slice(0, 160);
}

/** The first lines of a stack, of the library's own code where it has any. */
export function stackKey(stack: string): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const ours = frames.filter((line) => /\/(lib|dist)\//.test(line) && !line.includes('node_modules'));
  const [frame = 'no stack'] = ours.length > 0 ? ours : frames;
  return frame
    .trim()
    .replace(/\(?(file:\/\/)?\/\S*\/(lib|dist|node_modules)\//, '(')
    .replace(/:\d+(:\d+)?\)?/, ')');
}

/** The stack of an error, which may be of another realm: Jest has one for the tests. */
export function stackOf(error: unknown): string {
  return types.isNativeError(error) ? String(error.stack) : inspect(error);
}

/** What an error says and where it was thrown. */
export function errorKey(error: unknown): string {
  const said = types.isNativeError(error) ? `${error.name}: ${normalized(error.message)}` : typeof error;
  return `${said} ${stackKey(stackOf(error))}`;
}
