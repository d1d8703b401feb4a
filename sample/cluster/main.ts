import { startSample } from '../support/start-sample.js';
import { startAppProcess } from './app-process.js';
import { startHarbour } from './harbour.js';
import { startRoundRobin } from './round-robin.js';
import { newSecrets, readSettings } from './settings.js';
import { migrate } from './tokens/database.js';
import { TokenKeeper } from './tokens/token-keeper.js';

// Starts the processes of the application, their provider, and the proxy in front of them.
await startSample('npm run sample:cluster', async (port) => {
  const { processes, databaseUrl } = readSettings();
  const proxy = await startRoundRobin(port);
  const url = `http://localhost:${proxy.port}`;
  const harbour = await startHarbour();
  if (databaseUrl) await migrate(databaseUrl); // once, not in every process
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
