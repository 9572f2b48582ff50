import { createDecipheriv, createHash } from 'node:crypto';
import type { ObjectStore } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Secret } from '../../secret/index.ts';
import type { Check } from '../check.ts';
import type { PartOf } from '../set.ts';
import { outcome } from './compare.ts';
import { infoCopies, setOf } from './point.ts';

/** As `openssl enc` and pgBackRest do: magic, salt, then AES-256-CBC under what EVP_BytesToKey makes of the two by SHA-1. */
const MAGIC = 'Salted__';
const SALT = 8;
const KEY = 32;
const IV = 16;

/** undefined: another key, or no file that pgBackRest sealed. Its padding alone may let another key through. */
export function openFile(sealed: Uint8Array, pass: Secret): Buffer | undefined {
  const bytes = Buffer.from(sealed);
  const body = MAGIC.length + SALT;
  if (bytes.length <= body || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const material = keyMaterial(pass.reveal(), bytes.subarray(MAGIC.length, body));
  const decipher = createDecipheriv('aes-256-cbc', material.subarray(0, KEY), material.subarray(KEY, KEY + IV));
  try {
    return Buffer.concat([decipher.update(bytes.subarray(body)), decipher.final()]);
  } catch {
    return undefined;
  }
}

/** One of its info files. */
export function openInfoFile(sealed: Uint8Array, pass: Secret): string | undefined {
  const text = openFile(sealed, pass)?.toString('utf8');
  return text?.startsWith('[') ? text : undefined;
}

/** Bytes of a base backup as they lie in a data directory, out of backup.info; undefined: it does not say. */
export function sizeIn(info: string, label: string): number | undefined {
  const line = info.split('\n').find(each => each.startsWith(`${label}={`));
  const size = line && JSON.parse(line.slice(label.length + 1))['backup-info-size'];
  return Number.isSafeInteger(size) ? size : undefined;
}

function keyMaterial(pass: string, salt: Uint8Array): Buffer {
  let [block, all] = [Buffer.alloc(0), Buffer.alloc(0)];
  while (all.length < KEY + IV) {
    block = createHash('sha1').update(block).update(pass).update(salt).digest();
    all = Buffer.concat([all, block]);
  }
  return all;
}

type Part = PartOf<'postgres'>;

export interface RepositoryAtHand {
  store: ObjectStore;
  /** undefined: the escrow has none; another check says so. */
  cipher: Secret | undefined;
}

/** counts: nothing is archived or backed up meanwhile. mended: a restore puts the set's own copy in its place. */
export type WhenGone = 'counts' | 'mended';

/** postgres.index: what pgBackRest itself goes by. The set's copies tell an older index, or another's, from a lost key. */
export const indexCheck = ({ facts }: Part, gone: WhenGone): Check<RepositoryAtHand> => ({
  id: 'postgres.index',
  title: "pgBackRest's own index knows the base backup",
  source: 'postgres',
  level: 'L1',
  required: true,
  expected: `backup ${facts.pgbackrest.label} of system ${facts.systemIdentifier}`,
  async look({ store, cipher }) {
    if (!cipher) throw new OpsError('KEY_MISSING', 'cannot open the index of pgBackRest: its key is not at hand');
    const { label, stanza } = facts.pgbackrest;
    const names = (key: string) =>
      key.endsWith('/backup.info') ? `${label}=` : `db-system-id=${facts.systemIdentifier}`;
    const found = await Promise.all(
      infoCopies(setOf(facts), stanza).map(async ([copy, key]) => ({
        key,
        name: names(key),
        own: await read(store, copy, cipher),
        now: await inUse(store, key, cipher),
      })),
    );
    if (found.some(({ own }) => own === CLOSED))
      return { state: 'failed', code: 'KEY_WRONG', got: "the set's copy of the index does not open with this key" };
    const lost = found.filter(({ now }) => now === undefined).map(({ key }) => `${key} is not there`);
    if (lost.length > 0 && gone === 'counts') return outcome('SET_ARTEFACT_MISSING', '', lost);
    const wrong = found.filter(
      ({ now, name }) => now !== undefined && !now.split('\n').some(line => line.startsWith(name)),
    );
    return outcome(
      'SET_ARTEFACT_CHANGED',
      `named in both files${lost.length > 0 ? ", or in the set's copies of them" : ''}`,
      wrong.map(
        ({ key, now, name }) =>
          `${key} ${now === CLOSED ? 'cannot be read' : `does not name ${name.replace(/=$/, '')}`}`,
      ),
    );
  },
});

/** Its text is never empty. */
const CLOSED = '';

async function read(store: ObjectStore, key: string, cipher: Secret): Promise<string | undefined> {
  const bytes = await store.get(key);
  return bytes && (openInfoFile(bytes, cipher) ?? CLOSED);
}

/** As pgBackRest does: what it cannot read it looks for in the copy beside it. */
async function inUse(store: ObjectStore, key: string, cipher: Secret): Promise<string | undefined> {
  const [first, second] = await Promise.all([read(store, key, cipher), read(store, `${key}.copy`, cipher)]);
  return first || second || (first ?? second);
}
