/** What stands in a backup is data of whoever wrote it: no control character of it, nor what turns a line around, reaches a terminal. */
export const plain = (text: string): string =>
  text.replace(
    /[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );

/** The same, and short enough for a line. */
export const shown = (text: string, most = 120): string =>
  plain(text.length > most ? `${text.slice(0, most)}...` : text);
