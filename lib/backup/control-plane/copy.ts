import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import type { ObjectStore } from '../../engine/index.ts';
import { OpsError, oneLine } from '../../errors/index.ts';
import type { SecretStore } from '../../secret/index.ts';
import { unseal } from '../cipher.ts';
import type { PartOf } from '../set.ts';
import { CIPHER } from './take.ts';

/** A bucket, and the keys to what lies in it. */
export interface CopyAtHand {
  store: ObjectStore;
  secrets: Pick<SecretStore, 'get'>;
}

/** A copy of a datastore, in memory only: Secrets lie in it as they are. */
export interface OpenCopy {
  /** What SQLite finds wrong; 'ok'. */
  integrity: string;
  /** Of every object that is there at the moment of the copy. */
  uids: ReadonlySet<string>;
  objects: number;
}

const UID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/g;
const NEWEST = `SELECT value FROM kine
  WHERE deleted = 0 AND name LIKE '/registry/%' AND id IN (SELECT max(id) FROM kine GROUP BY name)`;

/**
 * Errors: SET_ARTEFACT_MISSING, KEY_MISSING, KEY_WRONG, SET_INCOMPLETE (it opens, and is no datastore), STORE_*;
 * CHECK_UNRUN for a snapshot of etcd, which only etcd reads.
 */
export async function openCopy({ facts }: PartOf<'control-plane'>, at: CopyAtHand): Promise<OpenCopy> {
  const { copy, kind } = facts;
  if (kind !== 'sqlite') throw new OpsError('CHECK_UNRUN', `cannot look into ${copy}: it is a snapshot of ${kind}`);
  const [sealed, key] = await Promise.all([at.store.get(copy), at.secrets.get(CIPHER)]);
  if (!sealed) throw new OpsError('SET_ARTEFACT_MISSING', `cannot open ${copy}: the store does not have it`);
  if (!key) throw new OpsError('KEY_MISSING', `cannot open ${copy}: the secret ${CIPHER} is not there`);
  const plain = unseal(sealed, key, copy);
  try {
    return readDatastore(gunzipSync(plain));
  } catch (cause) {
    throw new OpsError('SET_INCOMPLETE', `cannot read ${copy}: ${oneLine(cause)}`, { cause });
  }
}

function readDatastore(bytes: Buffer): OpenCopy {
  const database = new DatabaseSync(':memory:');
  try {
    // It was in WAL mode, of which a database in memory has none; the copy is whole without.
    bytes.fill(1, 18, 20);
    database.deserialize(bytes);
    const said = database.prepare('PRAGMA integrity_check(1)').get()?.integrity_check;
    const rows = database.prepare(NEWEST).all();
    // Values are protobuf, in which strings stand as they are.
    const texts = rows.map(({ value }) => (value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : ''));
    return {
      integrity: String(said),
      uids: new Set(texts.flatMap(text => text.match(UID) ?? [])),
      objects: rows.length,
    };
  } finally {
    database.close();
  }
}
