import { writeFileSync } from 'node:fs';
import { Session, type HeapProfiler, type Profiler } from 'node:inspector';

/** Time between two samples, in microseconds. */
const INTERVAL_US = 250;
/** Average allocation between two samples, in bytes. */
const ALLOCATION_INTERVAL = 8192;

/** Returns the file into which a process that is measured from its start writes its profile, or undefined without `--profile`. */
export function profileInto(): string | undefined {
  return process.env.BENCH_PROFILE;
}

let session: Session | undefined;

/** Starts a CPU profile and an allocation profile of this process. */
export function startProfile(): void {
  session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
  // objects that were collected since count too: a profile of the allocations, not of the live heap
  const collected = { includeObjectsCollectedByMajorGC: true, includeObjectsCollectedByMinorGC: true };
  session.post('HeapProfiler.startSampling', { samplingInterval: ALLOCATION_INTERVAL, ...collected });
  session.post('Profiler.start');
}

/** Writes `FILE.cpuprofile` and `FILE.heapprofile`, which the developer tools of Chrome and editors open. */
export function stopProfile(file: string): void {
  // a session of the same thread calls back before `post()` returns
  session?.post('Profiler.stop', (error, { profile }: Profiler.StopReturnType) => {
    if (error) throw error;
    writeFileSync(`${file}.cpuprofile`, JSON.stringify(profile));
  });
  session?.post('HeapProfiler.stopSampling', (error, { profile }: HeapProfiler.StopSamplingReturnType) => {
    if (error) throw error;
    writeFileSync(`${file}.heapprofile`, JSON.stringify(profile));
  });
  session?.disconnect();
}
