import { inspect, types } from 'node:util';

/** A violation that a case found. */
export interface Problem {
  /** Describes the problem without details of the case. Problems with the same key are one finding. */
  key: string;
  /** The complete response or stack. */
  detail: string;
}

/** Replaces URLs, numbers and quoted values, so that a problem has the same key in every case. */
export function normalized(text: string): string {
  return text
    .replace(/https?:\/\/[^\s"',)]+/g, '(url)')
    .replace(/; what came has .*/, '')
    .replace(/"[^"]*"/g, '""')
    .replace(/\b(slot-\d+|honest)(-signed)?\b/g, '(client)')
    .replace(/\d+/g, '#')
    .slice(0, 160);
}

/** Returns the first frame of a stack, preferably in the library's code. */
export function stackKey(stack: string): string {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  const ours = frames.filter((line) => /\/(lib|dist)\//.test(line) && !line.includes('node_modules'));
  const [frame = 'no stack'] = ours.length > 0 ? ours : frames;
  return frame
    .trim()
    .replace(/\(?(file:\/\/)?\/\S*\/(lib|dist|node_modules)\//, '(')
    .replace(/:\d+(:\d+)?\)?/, ')');
}

/** Returns the stack of an error, which may belong to another realm in Jest. */
export function stackOf(error: unknown): string {
  return types.isNativeError(error) ? String(error.stack) : inspect(error);
}

/** Returns the normalized message of an error, and where it was thrown. */
export function errorKey(error: unknown): string {
  const said = types.isNativeError(error) ? `${error.name}: ${normalized(error.message)}` : typeof error;
  return `${said} ${stackKey(stackOf(error))}`;
}
