import { randomBytes } from 'node:crypto';
import { loginModule } from './login-module.js';

/** Logins in cookies need no session. */
export const usesSessions = false;

export const AppModule = loginModule({ state: 'cookie', encryptionKeys: randomBytes(32).toString('base64') });
