import { createGate } from './gate.ts';

export type HostOutcome<T> = { host: string; value: T } | { host: string; error: unknown };

/** The same act on every host, at most `limit` at once. One outcome a host, in the given order: a dead host costs itself only. */
export async function fanOut<T>(
  hosts: readonly string[],
  limit: number,
  act: (host: string) => Promise<T>,
): Promise<HostOutcome<T>[]> {
  const gate = createGate(limit);
  return Promise.all(
    hosts.map(async host => {
      const leave = await gate.enter();
      try {
        return { host, value: await act(host) };
      } catch (error) {
        return { host, error };
      } finally {
        leave();
      }
    }),
  );
}
