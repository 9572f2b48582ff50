import { randomUUID } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../artifact/durable.ts';
import { setId } from '../backup/index.ts';
import { parseJson } from '../backup/sign.ts';
import type { Dirs } from '../engine/index.ts';

/**
 * A rebuild under way, from before its first machine is made until the data was looked at. While this is there what lives
 * is the rebuild's own, and typing the same again goes on with it, whether it was killed or failed.
 */
const begun = z.strictObject({
  /** Of the newest try. */
  id: setId,
  set: setId,
  at: z.string().optional(),
});
export type Begun = z.infer<typeof begun>;

type State = Pick<Dirs, 'state'>;
const pathOf = ({ state }: State) => join(state, 'rebuild.json');

export async function readBegun(dirs: State): Promise<Begun | undefined> {
  const bytes = await readFile(pathOf(dirs)).catch(() => undefined);
  return bytes && begun.safeParse(parseJson(bytes)).data;
}

export const writeBegun = (dirs: State, left: Begun): Promise<void> =>
  writeDurably(pathOf(dirs), `${JSON.stringify(left)}\n`, `${pathOf(dirs)}.${randomUUID()}`);

export const forgetBegun = (dirs: State): Promise<void> => rm(pathOf(dirs), { force: true });
