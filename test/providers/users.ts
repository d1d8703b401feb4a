/** A user of the test providers and the showcase. The password is the user name. */
export interface User {
  id: string;
  username: string;
  name: string;
  email: string;
}

export const USERS: readonly User[] = [
  { id: '1815', username: 'ada', name: 'Ada Lovelace', email: 'ada@example.org' },
  { id: '1906', username: 'grace', name: 'Grace Hopper', email: 'grace@example.org' },
];

export function authenticate(username: unknown, password: unknown): User | undefined {
  return username === password ? USERS.find((user) => user.username === username) : undefined;
}
