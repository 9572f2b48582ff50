import { type CodeEntry, entry } from '../exit.ts';

/** Of a run itself: time, secrets, inventories, the engine. */
export const RUN_CODES = {
  // anything
  INTERNAL: entry('failed', 'muster itself is wrong: this error has no code of its own.', 'report it with the journal'),
  INTERRUPTED: entry(
    'interrupted',
    'The run was stopped by a signal.',
    'run the same command again: it goes on where it was',
  ),
  USAGE: entry('usage', 'The command line is not one that muster knows.', './muster --help'),
  // time
  WAIT_TIMEOUT: entry(
    'failed',
    'Something that was waited for did not happen before its deadline.',
    'look at the last observation, then run again',
  ),
  RETRY_EXHAUSTED: entry(
    'failed',
    'An operation failed at every attempt that was allowed.',
    'read the cause; run again when it is gone',
  ),
  // secret
  SECRET_NAME_INVALID: entry(
    'failed',
    'A name in the secret store is not one: a-z, 0-9, dot and dash, in parts joined by /.',
    'report it with the journal: names are chosen by muster',
  ),
  SECRET_UNREADABLE: entry('failed', 'A secret is there but could not be read.', 'look at the file and its rights'),
  SECRET_EXPOSED: entry(
    'refused',
    'A secret lies where others of this computer can read or exchange it.',
    'take their rights away (chmod go=), then replace what they may have read',
  ),
  SECRET_WRITE: entry('failed', 'A secret could not be kept.', 'free space or rights in .muster'),
  SECRET_MISSING: entry(
    'usage',
    'A reference (env:, file:, bw:) points at nothing.',
    'put the secret there, or correct the reference',
  ),
  SECRET_REFERENCE_INVALID: entry(
    'usage',
    'A text is not a reference to a secret.',
    'write env:NAME, file:PATH or bw:ITEM/FIELD',
  ),
  VAULT_UNAVAILABLE: entry('failed', 'The vault could not be asked through bw.', 'try: bw status'),
  VAULT_LOCKED: entry(
    'failed',
    'The vault is locked, or nobody is logged in.',
    'bw login, then: export BW_SESSION="$(bw unlock --raw)"',
  ),
  CERTIFICATE_INVALID: entry('failed', 'A text is not a certificate.', 'look at where it came from'),
  // inventory
  INVENTORY_INVALID: entry(
    'usage',
    'The inventory says something that cannot be built.',
    'correct the lines that are named; ./muster schema describes every key',
  ),
  INVENTORY_MISSING: entry('usage', 'There is no inventory of this name.', 'choose one with --site <name>'),
  INVENTORY_UNREADABLE: entry('usage', 'The inventory could not be read as text.', 'look at the file and its rights'),
  // engine
  STEP_UNVERIFIED: entry(
    'failed',
    'A step was applied, but observing again did not show its effect.',
    'read what was observed; run again with --verbose',
  ),
  STEP_UNKNOWN: entry(
    'unknown',
    'The state of a step could not be observed, so nothing is said about it.',
    'make it observable, then run again',
  ),
  STEP_DEADLINE: entry('failed', 'A step did not end before its deadline.', 'run again: what is done is seen and kept'),
  PLAN_INVALID: entry(
    'failed',
    'The steps do not make a plan: an id twice, a need that no step meets, or a circle.',
    'correct the script that is named',
  ),
  LOCK_HELD: entry('refused', 'Another run holds the lock of this site.', 'wait for it, or stop it'),
  LOCK_LOST: entry(
    'refused',
    'This run was silent for so long that another one took the lock: it did nothing more.',
    'when the other one has ended, run again: what is there is observed',
  ),
  JOURNAL_DAMAGED: entry(
    'refused',
    'A line in the middle of the journal is not what was written.',
    'keep a copy of the file, then move it away: the next run observes everything',
  ),
  JOURNAL_WRITE: entry(
    'failed',
    'The journal could not be written; no effect is begun without it.',
    'free space or rights in .muster',
  ),
  CONFIRM_MISSING: entry(
    'refused',
    'The command destroys something or binds it for ever, and was not confirmed with the name of the site.',
    'add --confirm=<site>',
  ),
} satisfies Record<string, CodeEntry>;
