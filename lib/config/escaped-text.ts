/** Returns at most `length` characters of a string in printable ASCII, with other characters escaped, for one line of a log. */
export function escaped(text: string, length: number): string {
  const shown = text.slice(0, length).replace(/[^\x20-\x7e]/g, escapeCharacter);
  return text.length > length ? `${shown}…` : shown;
}

function escapeCharacter(character: string): string {
  return `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
