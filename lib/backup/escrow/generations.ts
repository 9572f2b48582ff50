import { randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { writeDurably } from '../../artifact/durable.ts';
import { isOpsError, OpsError, oneLine } from '../../errors/index.ts';
import type { Secret } from '../../secret/index.ts';
import { canonical } from '../canonical.ts';
import { parseJson, sha256Of } from '../sign.ts';
import { decrypt, type Secrets } from './document.ts';
import type { EscrowAt } from './place.ts';

/** generation-NNNN.json beside generation-NNNN.age: what can be known of it without opening it. */
const note = z.strictObject({
  schema: z.literal(1),
  site: z.string(),
  generation: z.int().min(1),
  madeAt: z.iso.datetime(),
  /** Of the secrets and recipients, keyed: no hint at a value. */
  fingerprint: z.string(),
  /** Of the encrypted file. */
  sha256: z.string(),
});
export type Note = z.infer<typeof note>;

/** One generation in one place. */
export interface Copy {
  place: string;
  is: 'whole' | 'absent' | 'differs';
  note?: Note;
  /** Of the encrypted file, when it is whole. */
  text?: string;
}

export const fileOf = (place: string, generation: number, kind: 'age' | 'json'): string =>
  join(place, `generation-${String(generation).padStart(4, '0')}.${kind}`);

/** Numbers that one of the places has, ascending. Errors: ESCROW_ABSENT: a place that muster does not make is not there. */
export async function generations(at: EscrowAt): Promise<number[]> {
  const names = await Promise.all(at.places.map(place => namesIn(place, at)));
  const numbers = names.flat().map(name => Number(/^generation-(\d{4,8})\.json$/.exec(name)?.[1] ?? 0));
  return [...new Set(numbers)].filter(number => number > 0).sort((a, b) => a - b);
}

async function namesIn(place: string, { made, site }: EscrowAt): Promise<string[]> {
  try {
    return await readdir(place);
  } catch (cause) {
    if (made && isAbsent(cause)) return [];
    throw new OpsError('ESCROW_ABSENT', `cannot see the escrow of ${site} in ${place}: ${oneLine(cause)}`, {
      cause,
      hint: `mount ${place}, or make the directory if it is new`,
    });
  }
}

/** One generation, place by place; two whole ones that are not the same differ both. */
export async function copiesOf(at: EscrowAt, generation: number): Promise<Copy[]> {
  const copies = await Promise.all(at.places.map(place => readCopy(place, at.site, generation)));
  const first = copies.find(({ is }) => is === 'whole');
  return copies.map(copy =>
    copy.is === 'whole' && copy.text !== first?.text ? { place: copy.place, is: 'differs' } : copy,
  );
}

async function readCopy(place: string, site: string, generation: number): Promise<Copy> {
  const [bytes, text] = await Promise.all([
    readIfThere(fileOf(place, generation, 'json')),
    readIfThere(fileOf(place, generation, 'age')),
  ]);
  if (!bytes && !text) return { place, is: 'absent' };
  const parsed = note.safeParse(bytes && parseJson(bytes));
  if (!text || !parsed.success) return { place, is: 'differs' };
  const { data } = parsed;
  const whole = data.site === site && data.generation === generation && data.sha256 === sha256Of(text);
  return whole ? { place, is: 'whole', note: data, text: text.toString() } : { place, is: 'differs' };
}

/** The encrypted file first: a note without it would name what is not there. */
export async function writeCopy(at: EscrowAt, place: string, text: string, about: Note): Promise<void> {
  if (at.made) await mkdir(place, { recursive: true, mode: 0o700 });
  const write = (kind: 'age' | 'json', content: string) => {
    const path = fileOf(place, about.generation, kind);
    return writeDurably(path, content, `${path}.${randomUUID()}`);
  };
  await write('age', text);
  await write('json', canonical(about));
}

/** The note first: what is left of a killed removal is no generation. */
export async function removeGeneration(at: EscrowAt, generation: number): Promise<void> {
  for (const place of at.places) {
    await rm(fileOf(place, generation, 'json'), { force: true });
    await rm(fileOf(place, generation, 'age'), { force: true });
  }
}

/**
 * The secrets of one generation, the newest when none is named; one whole copy is enough.
 * Errors: ESCROW_ABSENT, KEY_MISSING (no identity), KEY_WRONG.
 */
export async function openEscrow(
  at: EscrowAt,
  identity: Secret | undefined,
  generation?: number,
): Promise<{ generation: number; secrets: Secrets }> {
  const number = generation ?? (await generations(at)).at(-1);
  if (number === undefined)
    throw new OpsError('ESCROW_ABSENT', `cannot open the escrow of ${at.site}: ${at.places.join(' and ')} have none`);
  const secrets = await asSealed(at, identity, number);
  return { generation: number, secrets: await withLiving(at, identity, number, secrets) };
}

/** What a generation holds, whatever newer ones have of it. Errors: as openEscrow. */
export async function asSealed(at: EscrowAt, identity: Secret | undefined, number: number): Promise<Secrets> {
  const where = at.places.join(' and ');
  const text = (await copiesOf(at, number)).find(({ is }) => is === 'whole')?.text;
  if (text === undefined)
    throw new OpsError(
      'ESCROW_ABSENT',
      `cannot open generation ${number} of the escrow of ${at.site}: neither of ${where} has it whole`,
    );
  if (!identity) throw new OpsError('KEY_MISSING', `cannot open the escrow of ${at.site}: no age identity is at hand`);
  const what = `generation ${number} of the escrow of ${at.site}`;
  const opened = await decrypt(text, identity, what);
  if (opened.site !== at.site || opened.generation !== number)
    throw new OpsError('ESCROW_ABSENT', `cannot use ${what}: it is generation ${opened.generation} of ${opened.site}`);
  return opened.secrets;
}

/**
 * What outlives every site: the way into the store, the password of its volume backups, which is changed in place, and
 * who signs. Of an older generation these are known, and open nothing any more.
 */
const isLiving = (name: string) =>
  name.startsWith('store/') || name === 'backup/kopia-password' || name === 'backup/signer';

async function withLiving(
  at: EscrowAt,
  identity: Secret | undefined,
  number: number,
  secrets: Secrets,
): Promise<Secrets> {
  const newest = (await generations(at)).at(-1);
  if (newest === undefined || newest === number) return secrets;
  try {
    const living = [...(await openEscrow(at, identity, newest)).secrets].filter(([name]) => isLiving(name));
    return new Map([...[...secrets].filter(([name]) => !isLiving(name)), ...living]);
  } catch (error) {
    // Whoever has the identity of that time alone gets what was sealed to it.
    if (isOpsError(error, 'KEY_WRONG')) return secrets;
    throw error;
  }
}

const isAbsent = (error: unknown) => error instanceof Error && 'code' in error && error.code === 'ENOENT';

const readIfThere = (path: string): Promise<Buffer | undefined> =>
  readFile(path).catch((error: unknown) => {
    if (isAbsent(error)) return undefined;
    throw error;
  });
