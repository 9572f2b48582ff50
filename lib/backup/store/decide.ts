import type { Change, Decision } from '../../engine/index.ts';
import { MUST_HOLD, type Setting } from '../../store/index.ts';
import type { ServerProcess } from './process.ts';

export interface ServerWant {
  /** The inventory's; absent: the one that was found is kept. */
  port?: number;
}

export interface ServerFacts {
  /** elsewhere: the site has keys of a store whose folder is not here, as in a rebuild on an empty computer. */
  home: 'here' | 'elsewhere' | 'none';
  /** Kept. */
  port?: number;
  process?: ServerProcess;
  /** What was seen instead of an answer; absent: it answers. */
  silent?: string;
}

const GONE = 'if it is gone for good, ./muster purge-store forgets it';
const SERVER = 'server of the store';

export function decideServer(want: ServerWant | undefined, facts: ServerFacts): Decision {
  if (!want) return { is: 'done', reason: 'it outlives the site: ./muster purge-store removes it' };
  const { home, port, process, silent } = facts;
  if (home === 'elsewhere')
    return silent === undefined
      ? { is: 'done', reason: `answers on 127.0.0.1:${port}, and is not run from here` }
      : { is: 'unknown', reason: `the store on 127.0.0.1:${port} is not run from here: ${silent}; ${GONE}` };
  const changes: Change[] = [];
  if (home === 'none') changes.push({ action: 'create', what: 'store', grade: 'known' });
  const moves = home === 'here' && want.port !== undefined && want.port !== port;
  if (moves) changes.push({ action: 'update', what: 'port', from: `${port}`, to: `${want.port}`, grade: 'known' });
  if (!process) changes.push({ action: 'run', what: SERVER, grade: home === 'none' ? 'predicted' : 'known' });
  else if (moves || process.port !== port || silent !== undefined)
    changes.push({ action: 'replace', what: SERVER, from: `pid ${process.pid}: ${silent ?? 'port'}`, grade: 'known' });
  if (changes.length > 0) return { is: 'changes', changes };
  return { is: 'done', reason: `answers on 127.0.0.1:${port}, pid ${process?.pid}` };
}

export interface BucketWant {
  name: string;
  /** Days of an object lock that nobody lifts, also not its owner. */
  compliance?: number;
}

export interface BucketFacts {
  /** Why the store cannot be asked; absent: it was. */
  silent?: string;
  /** undefined: there is no bucket. */
  settings?: readonly Setting[];
  /** The site has the keys of its roles, and the authority. */
  keys: boolean;
  /** A local store that is not run from here: its settings are for its admin to see. */
  elsewhere: boolean;
  /** What the keys of site and reader must not be able to do was not tried with these keys, from this computer. */
  untried?: boolean;
}

/** In `what`, so that apply knows. */
export const KEYS_OF_SITE = 'keys of the store';

export function decideBucket(want: BucketWant | undefined, facts: BucketFacts): Decision {
  if (!want) return { is: 'done', reason: 'it outlives the site' };
  const { silent, settings, keys, elsewhere, untried } = facts;
  const grade = silent === undefined ? 'known' : 'predicted';
  if (elsewhere)
    return settings
      ? { is: 'done', reason: `${want.name} is there, and not set from here` }
      : { is: 'unknown', reason: `${want.name} is not there, and the store is not run from here` };
  const changes: Change[] = [];
  if (!keys) changes.push({ action: 'create', what: KEYS_OF_SITE, grade, secret: true });
  const { compliance } = want;
  const binds = compliance !== undefined && { to: `COMPLIANCE ${compliance} d`, forever: true };
  if (!settings) changes.push({ action: 'create', what: `bucket ${want.name}`, grade, ...binds });
  for (const { name, state, want: to, got: from } of settings ?? [])
    if (state === 'wrong')
      changes.push({
        ...{ action: 'update', what: `${name} of ${want.name}`, from, to, grade },
        ...(name === 'object-lock' && binds),
      });
  const open = settings?.find(({ name, state }) => MUST_HOLD.includes(name) && state !== 'held');
  // Whatever writes a setting tries too.
  if (untried && !open && settings?.every(({ state }) => state !== 'wrong'))
    changes.push({ action: 'run', what: `trial of the keys of ${want.name}`, grade });
  if (changes.length > 0) return { is: 'changes', changes };
  if (open) return { is: 'unknown', reason: `${want.name}: ${open.name} is ${open.state}: ${open.got}` };
  return { is: 'done', reason: `${want.name}: ${settingsText(settings ?? [])}` };
}

/** 'versioning, policy held; lifecycle unsupported' */
export function settingsText(settings: readonly Setting[]): string {
  const states = [...new Set(settings.map(({ state }) => state))];
  return states
    .map(state => `${settings.flatMap(s => (s.state === state ? s.name : [])).join(', ')} ${state}`)
    .join('; ');
}
