import { readFileSync, statSync } from 'node:fs';
import { isRecord } from './is-record.js';
import { p256Key } from './private-key.js';
import type { Settings } from './setting-keys.js';

/** Maximum size of a key file, in bytes. */
const MAX_BYTES = 65_536;
const FILE_KEY = 'client_secret_jwt.private_key_file';

/**
 * Returns the settings with the content of `clientSecretJwt.privateKeyFile` as `privateKey`, or a fault, which quotes neither the
 * path nor the content.
 */
export function withSecretKeyFile(settings: Settings): Settings | string {
  const { clientSecretJwt } = settings;
  if (!isRecord(clientSecretJwt) || typeof clientSecretJwt.privateKeyFile !== 'string') return settings;
  const { privateKeyFile, ...others } = clientSecretJwt;
  if (others.privateKey !== undefined) return `${FILE_KEY}: contradicts private_key; give one of them`;
  const privateKey = contentOf(privateKeyFile);
  if (privateKey === undefined)
    return `${FILE_KEY}: cannot be read; expected the path of a file with a private key in PEM`;
  if (!isKey(privateKey)) return `${FILE_KEY}: the file is not an EC P-256 private key in PEM`;
  return { ...settings, clientSecretJwt: { ...others, privateKey } };
}

/**
 * Returns the fault of a key file of a client that is registered at run time. The file is not read: a tenant could otherwise find
 * out which files exist.
 */
export function runTimeKeyFileFaults(name: string, { clientSecretJwt }: Settings): string[] {
  if (!isRecord(clientSecretJwt) || clientSecretJwt.privateKeyFile === undefined) return [];
  return [`${name}.${FILE_KEY}: not allowed for a client that is registered at run time; give private_key`];
}

function contentOf(path: string): string | undefined {
  try {
    const file = statSync(path);
    return file.isFile() && file.size <= MAX_BYTES ? readFileSync(path, 'utf8') : undefined;
  } catch {
    return undefined;
  }
}

function isKey(pem: string): boolean {
  try {
    p256Key(pem);
    return true;
  } catch {
    return false;
  }
}
