import { startSample } from '../support/start-sample.js';
import { createShowcase } from './showcase.js';

await startSample('npm start', async (port) => {
  process.env.PORT = String(port); // Harbour calls the showcase there
  const app = await createShowcase();
  await app.listen(port);
  return `http://localhost:${new URL(await app.getUrl()).port}`;
});
