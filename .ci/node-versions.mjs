// Runs commands with a version of Node: the one that runs this file, or one that npm's package `node` downloads.
import { execFile, spawn } from 'node:child_process';
import { dirname, delimiter } from 'node:path';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';

const OWN_VERSION = process.versions.node.split('.', 1)[0];
const NPM_SETTINGS = {
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_prefer_offline: 'true',
  npm_config_update_notifier: 'false',
};

/** Each version is downloaded once, for all applications. */
const folders = new Map();

/** Runs a command of a shell. Throws an error with its output if it fails. */
export async function run(command, cwd, node) {
  const env = await environment(node);
  const child = spawn(command, { cwd, shell: true, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
  const [status, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)]);
  if (status !== 0) throw new Error(`${command}: exit code ${status}\n${stdout}\n${stderr}`);
}

/** Returns the environment of a process that runs a version of Node, such as `22`. */
export async function environment(node = OWN_VERSION) {
  const env = { ...process.env, ...NPM_SETTINGS, CI: 'true' };
  if (node !== OWN_VERSION) env.PATH = (await folderOfNode(node)) + delimiter + env.PATH;
  return env;
}

function folderOfNode(version) {
  if (!folders.has(version)) folders.set(version, download(version));
  return folders.get(version);
}

async function download(version) {
  const command = ['-y', '-p', `node@${version}`, 'node', '-p', 'process.execPath'];
  const { stdout } = await promisify(execFile)('npx', command, { env: { ...process.env, ...NPM_SETTINGS } });
  return dirname(stdout.trim());
}
