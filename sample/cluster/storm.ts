const CALLS = 100;

export interface StormReport {
  calls: number;
  succeeded: number;
  /** The number of calls that each process received, by the number of the process. */
  byProcess: Record<number, number>;
  /** The number of refreshes at the provider during the calls. */
  refreshes: number;
}

/** Makes 100 concurrent requests for one user. The proxy sends each request to the next process. */
export async function callAll(path: string, cookie: string): Promise<StormReport> {
  const before = await countRefreshes();
  const url = new URL(path, process.env.BASE_URL);
  const answers = await Promise.all(Array.from({ length: CALLS }, () => fetch(url, { headers: { cookie } })));
  const successes = answers.filter(({ ok }) => ok);
  const byProcess: StormReport['byProcess'] = {};
  for (const answer of successes) {
    const { process } = (await answer.json()) as { process: number };
    byProcess[process] = (byProcess[process] ?? 0) + 1;
  }
  return { calls: CALLS, succeeded: successes.length, byProcess, refreshes: (await countRefreshes()) - before };
}

async function countRefreshes(): Promise<number> {
  const answer = await fetch(process.env.REFRESHES_URL ?? '');
  return Number(await answer.text());
}
