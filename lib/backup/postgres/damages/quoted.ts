/** Identifiers as SQL takes them, whatever is in them. */
export const quoted = (...names: readonly string[]): string =>
  names.map(name => `"${name.replaceAll('"', '""')}"`).join('.');
