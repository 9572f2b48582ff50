/** The API's own words out of a Status object, or whatever else came. */
export function statusWords(body: string): string {
  const status = parsed(body);
  if (typeof status?.message === 'string') return status.message;
  // /readyz answers with a line for each check: only those that failed tell something.
  const failed = body.split('\n').filter(line => line.startsWith('[-]'));
  return (failed.length > 0 ? failed.join(', ') : body.trim()).slice(0, 400);
}

/** A JSON object, or undefined for anything else. */
export function parsed(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

export const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
