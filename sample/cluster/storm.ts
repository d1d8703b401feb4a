const CALLS = 100;

export interface StormReport {
  calls: number;
  succeeded: number;
  /** How many calls came to each process, by its number. */
  byProcess: Record<number, number>;
  /** How many refreshes the provider saw meanwhile. */
  refreshes: number;
}

/** Makes a hundred requests for one user at once, each of which comes to the next process. */
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
