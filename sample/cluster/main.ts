import { startSample } from '../support/start-sample.js';
import { startAppProcess } from './app-process.js';
import { startHarbour } from './harbour.js';
import { startRoundRobin } from './round-robin.js';
import { newSecrets, readSettings } from './settings.js';
import { migrate } from './tokens/database.js';
import { TokenKeeper } from './tokens/token-keeper.js';

// The first process starts the others, and serves what they have around them: a provider, and the proxy before them.
await startSample('npm run sample:cluster', async (port) => {
  const { processes, databaseUrl } = readSettings();
  const proxy = await startRoundRobin(port);
  const url = `http://localhost:${proxy.port}`;
  const harbour = await startHarbour();
  if (databaseUrl) await migrate(databaseUrl); // once, and not by each of them
  const keeper = new TokenKeeper();
  const shared = {
    ...newSecrets(),
    BASE_URL: url,
    HARBOUR_URL: harbour.url,
    REFRESHES_URL: harbour.refreshesUrl,
    PROCESSES: String(processes),
  };
  const numbers = Array.from({ length: processes }, (_, index) => index + 1);
  proxy.targets = await Promise.all(
    numbers.map((number) => startAppProcess({ ...shared, PROCESS: String(number) }, keeper)),
  );
  return url;
});
