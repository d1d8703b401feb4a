// Builds the library and a sample, and starts it: `node sample/start.mjs showcase`. Prints one line for each step, and the
// output of a build only if it fails.
import { spawn } from 'node:child_process';

const [sample] = process.argv.slice(2);
const steps = [
  ['Building the library', 'npm', ['run', '--silent', 'build']],
  [`Building the sample "${sample}"`, 'npx', ['nest', 'build', sample]],
];

for (const [index, [what, command, parameters]] of steps.entries()) {
  process.stdout.write(`  [${index + 1}/${steps.length + 1}] ${what} ...`);
  const started = Date.now();
  const { code, output } = await run(command, parameters);
  if (code !== 0) {
    console.error(
      ` failed.\n\n${output}\n  "${[command, ...parameters].join(' ')}" failed. After a change of the version, run: npm ci`,
    );
    process.exit(1);
  }
  console.log(` done in ${Math.ceil((Date.now() - started) / 1000)} s`);
}

console.log(`  [${steps.length + 1}/${steps.length + 1}] Starting. The address to open follows.`);
const child = spawn(process.execPath, [`build/sample/${sample}/main.js`], { stdio: 'inherit' });
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
child.on('exit', (code) => process.exit(code ?? 1));

function run(command, parameters) {
  return new Promise((resolve) => {
    const build = spawn(command, parameters, { shell: process.platform === 'win32' });
    let output = '';
    for (const stream of [build.stdout, build.stderr]) stream.on('data', (chunk) => (output += chunk));
    build.on('error', (error) => resolve({ code: 1, output: String(error) }));
    build.on('close', (code) => resolve({ code, output }));
  });
}
