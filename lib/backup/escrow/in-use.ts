import { randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../../artifact/durable.ts';
import type { ObjectStore } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { canonical } from '../canonical.ts';
import { parseJson } from '../sign.ts';

/** Which generation of the escrow a site is run with. Beside its lease, and no hint at a value. */
const inUse = z.strictObject({
  schema: z.literal(1),
  site: z.string(),
  generation: z.int().min(1),
  /** UTC, ISO 8601. */
  at: z.iso.datetime(),
  /** user@computer. */
  by: z.string().max(500),
});
export type InUse = z.infer<typeof inUse>;

const keyOf = (site: string): string => `.muster/escrow/${site}.json`;

/** undefined: no computer has told one. Errors: STORE_*; ESCROW_ABSENT: it is not what muster wrote. */
export async function readInUse(store: Pick<ObjectStore, 'get' | 'bucket'>, site: string): Promise<InUse | undefined> {
  const bytes = await store.get(keyOf(site));
  if (!bytes) return undefined;
  const { data } = inUse.safeParse(parseJson(bytes));
  if (data?.site === site) return data;
  throw new OpsError(
    'ESCROW_ABSENT',
    `cannot tell which generation of the escrow of ${site} is in use: ${store.bucket}/${keyOf(site)} is not what muster wrote`,
    { hint: 'bring its version before this one back, as the owner of the bucket' },
  );
}

export async function tellInUse(store: Pick<ObjectStore, 'put'>, told: Omit<InUse, 'schema'>): Promise<void> {
  await store.put(keyOf(told.site), canonical({ schema: 1, ...told }));
}

/** Beside the secrets of this computer, and kept when they go: a site that is built again goes on from there. */
export const HERE = 'escrow.json';
const here = z.strictObject({ schema: z.literal(1), generation: z.int().min(1) });

/** The generation that this computer's secrets have seen; 0: none. */
export async function generationHere(state: string): Promise<number> {
  const bytes = await readFile(join(state, HERE)).catch(() => undefined);
  return (bytes && here.safeParse(parseJson(bytes)).data?.generation) ?? 0;
}

export async function keepGenerationHere(state: string, generation: number): Promise<void> {
  await mkdir(state, { recursive: true, mode: 0o700 });
  const path = join(state, HERE);
  await writeDurably(path, canonical({ schema: 1, generation }), `${path}.${randomUUID()}`);
}
