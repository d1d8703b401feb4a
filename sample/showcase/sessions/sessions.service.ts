import { Injectable } from '@nestjs/common';
import { MemoryStore, type SessionData } from 'express-session';
import { promisify } from 'node:util';
import '../session.js';

/** Every session of the showcase, for as long as the process lives; an application on several machines has them in a database. */
@Injectable()
export class SessionsService {
  readonly store = new MemoryStore();

  /** Ends, in whichever browsers they are, the sessions that are meant. */
  async end(isMeant: (session: SessionData) => boolean): Promise<void> {
    const sessions = await new Promise<Record<string, SessionData>>((resolve, reject) => {
      this.store.all((error: Error | null, all) => (error ? reject(error) : resolve(all ?? {})));
    });
    const destroy = promisify(this.store.destroy.bind(this.store));
    const meant = Object.entries(sessions).filter(([, session]) => isMeant(session));
    await Promise.all(meant.map(([id]) => destroy(id)));
  }
}
