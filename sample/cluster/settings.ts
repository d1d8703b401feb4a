import { randomBytes } from 'node:crypto';

/** What is asked of the sample, by its environment. */
export interface Settings {
  /** How many processes there are. */
  processes: number;
  /** Where tokens are kept, and logins where they are asked to wait there. */
  redisUrl?: string;
  /** Where tokens are kept when there is no Redis. */
  databaseUrl?: string;
  /** Where logins wait. */
  state: 'cookie' | 'redis';
}

/** The names of the variables are the sample's own, but for `REDIS_URL` and `DATABASE_URL`, which many know. */
export function readSettings(): Settings {
  const { PROCESSES = '4', REDIS_URL: redisUrl, DATABASE_URL: databaseUrl, STATE = 'cookie' } = process.env;
  const processes = Number(PROCESSES);
  if (!Number.isInteger(processes) || processes < 1) throw new Error(`PROCESSES is ${PROCESSES}: give it a number`);
  if (STATE !== 'cookie' && STATE !== 'redis') throw new Error(`STATE is ${STATE}: it may be cookie or redis`);
  if (STATE === 'redis' && !redisUrl) throw new Error('STATE=redis needs REDIS_URL, such as redis://localhost:6379');
  return { processes, redisUrl, databaseUrl, state: STATE };
}

/** What every process must have alike; yours are in the environment of the machines, and stay over a restart. */
export function newSecrets(): Record<'ENCRYPTION_KEY' | 'SESSION_SECRET', string> {
  return { ENCRYPTION_KEY: randomBytes(32).toString('base64'), SESSION_SECRET: randomBytes(32).toString('base64') };
}
