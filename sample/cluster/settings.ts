import { randomBytes } from 'node:crypto';

/** The settings of the sample, from the environment. */
export interface Settings {
  /** The number of processes. */
  processes: number;
  /** The Redis server for tokens, and for pending logins if `state` is `redis`. */
  redisUrl?: string;
  /** The PostgreSQL server for tokens, if there is no Redis server. */
  databaseUrl?: string;
  /** Where pending logins are kept. */
  state: 'cookie' | 'redis';
}

/** Reads the settings from the environment variables `PROCESSES`, `REDIS_URL`, `DATABASE_URL` and `STATE`. */
export function readSettings(): Settings {
  const { PROCESSES = '4', REDIS_URL: redisUrl, DATABASE_URL: databaseUrl, STATE = 'cookie' } = process.env;
  const processes = Number(PROCESSES);
  if (!Number.isInteger(processes) || processes < 1)
    throw new Error(`PROCESSES is ${PROCESSES}: expected a whole number above 0`);
  if (STATE !== 'cookie' && STATE !== 'redis') throw new Error(`STATE is ${STATE}: expected cookie or redis`);
  if (STATE === 'redis' && !redisUrl) throw new Error('STATE=redis needs REDIS_URL, such as redis://localhost:6379');
  return { processes, redisUrl, databaseUrl, state: STATE };
}

/** Returns secrets that all processes must share. In production, set them in the environment, so that they survive a restart. */
export function newSecrets(): Record<'ENCRYPTION_KEY' | 'SESSION_SECRET', string> {
  return { ENCRYPTION_KEY: randomBytes(32).toString('base64'), SESSION_SECRET: randomBytes(32).toString('base64') };
}
