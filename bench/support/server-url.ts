/** Where a server is that a figure needs. */
export function serverUrl(variable: 'REDIS_URL' | 'DATABASE_URL'): string {
  const url = process.env[variable];
  if (url === undefined) throw new Error(`${variable} must say where the server is`);
  return url;
}
