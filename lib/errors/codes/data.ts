import { type CodeEntry, entry } from '../exit.ts';

const DRILL = './muster drill site-rebuild --site <site>';
const AUDIT = './muster backup-audit --site <site>';
const AGAIN = './muster backup --site <site>, and look why the source is not what its backup says';

/** Of backups and drills: the store, sets, what is wrong with them. RUNBOOK.md has an entry for each. */
export const DATA_CODES = {
  // the store
  STORE_UNREACHABLE: entry(
    'unknown',
    'The store of the backups gave no answer, so nothing is known of them.',
    './muster status --site <site>: is the store up?',
  ),
  STORE_REFUSED: entry('failed', 'The store answered, and refused.', 'read what it says; check credentials and bucket'),
  STORE_EXISTS: entry('failed', 'An object that must be new is there already.', 'run again: another name is taken'),
  STORE_UNSAFE: entry('failed', "The store's settings were written and do not read back.", 'look at the bucket'),
  REPLICA_ABSENT: entry(
    'refused',
    'The store names no replica, so nothing comes back without its region.',
    'backup.store.replica in the inventory; docs/s3.md says what it is',
  ),
  HISTORY_ERASABLE: entry(
    'failed',
    'The keys that lie in a site can erase its backups.',
    'give backup.store a reader and an admin, and take from the keys of the site what is named',
  ),
  // sets
  SET_ABSENT: entry('failed', 'There is no such set, or none that is complete.', './muster backup --site <site>'),
  SET_INCOMPLETE: entry('failed', 'A source of the set was not taken, or only in part: it is no backup.', AUDIT),
  SET_ARTEFACT_MISSING: entry('failed', 'An object that the set needs is not in the store.', AUDIT),
  SET_ARTEFACT_TRUNCATED: entry('failed', 'An object of the set is shorter than it was.', AUDIT),
  SET_ARTEFACT_CHANGED: entry('failed', 'An object of the set has other bytes than it had.', AUDIT),
  SET_FOREIGN: entry('refused', 'The set belongs to another site.', './muster backups --site <site>'),
  SET_STALE: entry('failed', 'The newest set is older than the RPO of the inventory.', './muster backup --site <site>'),
  MANIFEST_CHANGED: entry('failed', "The manifest is not what the site's signer signed.", AUDIT),
  MANIFEST_INVALID: entry('failed', 'The manifest is not one: its schema does not hold.', AUDIT),
  // keys
  ESCROW_ABSENT: entry(
    'failed',
    'There is no escrow, or one place of it lacks the generation.',
    './muster backup --site <site>',
  ),
  KEY_MISSING: entry(
    'failed',
    'A key without which the backup does not open is not in the escrow.',
    './muster explain ESCROW_ABSENT',
  ),
  KEY_WRONG: entry(
    'failed',
    'A key does not open what it was made for.',
    'find the generation of the escrow that the set names',
  ),
  SECRETS_STALE: entry(
    'refused',
    'Another computer made a newer escrow of the site: the secrets of this one may be those of before.',
    './muster join --site <site>',
  ),
  CREDENTIAL_LIVES: entry(
    'failed',
    'A credential was changed, and the old one still opens what it opened, or the new one does not.',
    './muster rotate --site <site>',
  ),
  // postgres
  DUMP_EMPTY: entry('failed', 'The logical dump has nothing in it.', AGAIN),
  DUMP_FOREIGN: entry('failed', 'The dump is of another database.', AGAIN),
  DUMP_UNREADABLE: entry('failed', 'The dump cannot be loaded.', AGAIN),
  DATABASE_FOREIGN: entry(
    'failed',
    'The restored database is of another cluster: its system identifier differs.',
    AGAIN,
  ),
  RESTORE_FAILED: entry('failed', 'A restore did not end well.', AUDIT),
  RESTORE_UNFIT: entry(
    'refused',
    'The restore does not fit where it is to go; nothing was begun.',
    'make room, or choose another target',
  ),
  RESTORE_TARGET: entry(
    'refused',
    'The target of a restore is the source itself, or holds data.',
    'restore into a scratch target, or type --confirm=<site>',
  ),
  TABLE_MISSING: entry('failed', 'A table of the manifest is not there, or one is too many.', AGAIN),
  TABLE_ROWS: entry('failed', 'A table has more or fewer rows than the manifest says.', AGAIN),
  TABLE_CHECKSUM: entry('failed', 'The rows of a table are as many as they were, and not the same.', AGAIN),
  SEQUENCE_BEHIND: entry('failed', 'A sequence is behind its data: the next insert fails.', AGAIN),
  ROLE_MISSING: entry('failed', 'A role of the database is missing or has other attributes.', AGAIN),
  GRANT_MISSING: entry('failed', 'A grant of the database is missing.', AGAIN),
  EXTENSION_MISSING: entry('failed', 'An extension of the database is missing or has another version.', AGAIN),
  INDEX_CORRUPT: entry(
    'failed',
    'amcheck found an index or a table that contradicts itself.',
    'REINDEX on the source after finding why; then a new backup',
  ),
  CHECKSUM_FAILED: entry(
    'failed',
    'A page of the database fails its checksum.',
    'restore an older set; look at the disk',
  ),
  WAL_GAP: entry(
    'failed',
    'A WAL segment inside the range is not in the archive: nothing behind it can be restored.',
    AUDIT,
  ),
  TIMELINE_FOREIGN: entry(
    'failed',
    'The archive has a timeline that does not lead on from the set: PostgreSQL would follow it, and end.',
    AUDIT,
  ),
  // velero
  VOLUME_UNCOVERED: entry(
    'refused',
    'A volume is covered by no source: Velero would skip it and say Completed.',
    AUDIT,
  ),
  VELERO_PARTIAL: entry('failed', "Velero's backup or restore is not whole.", AUDIT),
  KOPIA_CONTENT_LOST: entry('failed', 'The kopia repository lost content that a snapshot refers to.', AUDIT),
  VOLUME_EMPTY: entry('failed', 'A volume came back empty.', AUDIT),
  VOLUME_FILES: entry('failed', 'A volume came back with other files than the manifest says.', AUDIT),
  OBJECT_MISSING: entry('failed', 'An object of the cluster did not come back, or not as it was.', AUDIT),
  // drills
  CANARY_LOST: entry(
    'failed',
    'Canaries older than the point of the backup did not come back, or not unbroken.',
    AUDIT,
  ),
  FENCE_OPEN: entry('refused', 'A rehearsal can reach what it must not reach: the drill was stopped.', DRILL),
  DRILL_TARGET: entry('refused', 'The target of a drill is not one that may be lost.', DRILL),
  APP_WRONG: entry('failed', 'The application answers, and not as it should.', './muster status --site <site>'),
  CHECK_UNRUN: entry('unknown', 'A check could not be carried out, so nothing is proven.', DRILL),
  OBJECTIVE_MISSED: entry('failed', 'The data came back, later or older than the inventory allows.', DRILL),
  EVIDENCE_CHANGED: entry('failed', 'The evidence is not what was signed.', DRILL),
  EVIDENCE_INVALID: entry('failed', 'The evidence is not complete, or not evidence at all.', DRILL),
  DAMAGE_NOT_FOUND: entry(
    'failed',
    'The self-test planted a damage, and the checks did not find it.',
    './muster drill-selftest --site <site>',
  ),
} satisfies Record<string, CodeEntry>;
