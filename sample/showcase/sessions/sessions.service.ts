import { Injectable } from '@nestjs/common';
import { MemoryStore, type SessionData } from 'express-session';
import { promisify } from 'node:util';
import '../session.js';

/** Keeps the sessions in memory. Use a shared session store if the application runs on several machines. */
@Injectable()
export class SessionsService {
  readonly store = new MemoryStore();

  /** Ends all sessions that match, in any browser. */
  async end(matches: (session: SessionData) => boolean): Promise<void> {
    const sessions = await new Promise<Record<string, SessionData>>((resolve, reject) => {
      this.store.all((error: Error | null, all) => (error ? reject(error) : resolve(all ?? {})));
    });
    const destroy = promisify(this.store.destroy.bind(this.store));
    const ended = Object.entries(sessions).filter(([, session]) => matches(session));
    await Promise.all(ended.map(([id]) => destroy(id)));
  }
}
