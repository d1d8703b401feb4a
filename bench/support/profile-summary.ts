import { existsSync, readFileSync } from 'node:fs';
import type { HeapProfiler, Profiler, Runtime } from 'node:inspector';

const LISTED = 10;

/** A function in a profile, with the weight that it has without the functions that it called. */
interface Frame {
  callFrame: Runtime.CallFrame;
  weight: number;
  callees: readonly Frame[];
}

/**
 * Returns the heaviest causes of a profile: packages and modules, each with the time and the allocations of its functions and of the
 * functions of Node.js that they called.
 */
export function heaviestCauses(file: string): string {
  return [
    ...table('CPU time', `${file}.cpuprofile`, (profile) => cpuFrames(profile as Profiler.Profile)),
    ...table('allocated', `${file}.heapprofile`, (profile) => heapFrames(profile as HeapProfiler.SamplingHeapProfile)),
  ].join('\n');
}

function table(what: string, file: string, rootOf: (profile: unknown) => Frame): string[] {
  if (!existsSync(file)) return [];
  const root = rootOf(JSON.parse(readFileSync(file, 'utf8')));
  const weights = new Map<string, number>();
  addWeights(root, '(native)', weights);
  const total = [...weights.values()].reduce((sum, weight) => sum + weight, 0);
  const heaviest = [...weights].sort(([, a], [, b]) => b - a).slice(0, LISTED);
  return heaviest.map(([cause, weight]) => `${((weight * 100) / total).toFixed(1).padStart(6)} %  ${what}  ${cause}`);
}

function addWeights({ callFrame, weight, callees }: Frame, caller: string, weights: Map<string, number>): void {
  if (callFrame.url.endsWith('/profiler.js')) return;
  const cause = causeOf(callFrame) ?? caller;
  if (cause !== '(idle)') weights.set(cause, (weights.get(cause) ?? 0) + weight);
  for (const callee of callees) addWeights(callee, cause, weights);
}

/** Returns undefined for a function of Node.js, which belongs to its caller. `(native)` are those that no module called. */
function causeOf({ url, lineNumber, functionName }: Runtime.CallFrame): string | undefined {
  const [, installed] = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url) ?? [];
  if (installed !== undefined) return installed;
  if (url.startsWith('file:')) return moduleAt(url, lineNumber).replace(/^.*\/(dist|build)\//, '$1/');
  return functionName.startsWith('(') && functionName !== '(root)' ? functionName : undefined;
}

const files = new Map<string, string[]>();

/** Returns the module of a line. In a bundle, a comment with its path is before each module. */
function moduleAt(url: string, line: number): string {
  const lines = files.get(url) ?? readFileSync(new URL(url), 'utf8').split('\n');
  files.set(url, lines);
  const comment = lines.slice(0, line + 1).findLast((text) => text.startsWith('// build/lib/'));
  return comment?.replace('// ', '') ?? url;
}

function cpuFrames({ nodes, samples = [], timeDeltas = [] }: Profiler.Profile): Frame {
  const weights = new Map<number, number>();
  samples.forEach((id, index) => weights.set(id, (weights.get(id) ?? 0) + (timeDeltas[index] ?? 0)));
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const frame = ({ id, callFrame, children = [] }: Profiler.ProfileNode): Frame => ({
    callFrame,
    weight: weights.get(id) ?? 0,
    callees: children.flatMap((child) => byId.get(child) ?? []).map(frame),
  });
  return frame(nodes[0]!);
}

function heapFrames({ head }: HeapProfiler.SamplingHeapProfile): Frame {
  return frameOf(head);
}

function frameOf({ callFrame, selfSize, children }: HeapProfiler.SamplingHeapProfileNode): Frame {
  return { callFrame, weight: selfSize, callees: children.map(frameOf) };
}
