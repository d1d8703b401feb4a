import { randomBytes } from 'node:crypto';
import { loginModule } from './login-module.js';

/** `state: 'cookie'` requires no session. */
export const usesSessions = false;

export const AppModule = loginModule({ state: 'cookie', encryptionKeys: randomBytes(32).toString('base64') });
