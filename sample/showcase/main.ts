import { createShowcase } from './showcase.js';

const port = (process.env.PORT ??= '3000'); // the embedded providers are told, too
const app = await createShowcase();
await app.listen(port);
console.log(`\n  Open http://localhost:${port} and sign in as ada (password ada) or grace (password grace).\n`);
