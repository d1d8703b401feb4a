import 'express-session';

declare module 'express-session' {
  /** What the showcase keeps in a session. */
  interface SessionData {
    userId: number;
  }
}
