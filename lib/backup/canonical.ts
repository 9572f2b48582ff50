/** JSON with sorted keys and one final newline: the same content is the same bytes, so that a hash of it means something. */
export const canonical = (value: unknown): string => `${JSON.stringify(value, sorted, 1)}\n`;

function sorted(_: string, value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  // Not in the locale's order: it differs from computer to computer.
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
