import type { CheckResult } from '../../backup/index.ts';
import { ATTEMPTS, BESIDE_SETS } from '../../store/index.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { lookAtStored } from '../checks/stored.ts';
import { type Attempted, eraseStep, readAttempts } from '../erase.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/**
 * Somebody has taken the site, with all its keys, and wants its backups gone. In earnest on a set, on a lab; rehearsed on copies
 * of its objects, on any site.
 */
export const eraseAttempt: Scenario = {
  id: 'erase-attempt',
  title: 'The keys that lie in the site try to erase a set, in every way they know',
  loses: 'the set that is tried, if the keys of the site can erase it',
  modes: ['rehearse', 'destroy'],
  alone: true,
  sources: [],
  notTried: checks => [
    ...(checks.some(({ id }) => id === COPIES) ? [NOT_BESIDE_SETS] : []),
    'Keys of the owner of the bucket: they are not in the site, and nothing in it keeps them out.',
    'That anything comes back: nothing was lost but what was tried.',
  ],
  phases: async (drill): Promise<Phase[]> => [
    { name: 'trying to erase the set', steps: () => [eraseStep(drill)], end: 't1' },
  ],
  async checks(drill) {
    const { checks } = await lookAtStored(drill.target, drill.set.manifest.id, drill.t0);
    const after = checks.map(check => ({ ...check, id: `after.${check.id}`, title: `Afterwards: ${check.title}` }));
    return [...(await attemptResults(drill)), ...after];
  },
  rpo: async () => [],
  // Of a living site its own schedule takes the next one.
  after: async (drill, session) => (drill.mode === 'rehearse' ? [] : nextBackup(drill, session)),
};

const COPIES = 'site.history-copies';
const BUCKET = ATTEMPTS.filter(attempt => !BESIDE_SETS.includes(attempt)).map(({ what }) => what);
const NOT_BESIDE_SETS = `That these keys may not ${BUCKET.join(', ')}: where it is allowed it would have harmed every set, so it is tried on labs alone.`;

async function attemptResults(drill: Drill): Promise<CheckResult[]> {
  const all = await readAttempts(drill);
  return [historyResult(all, drill.mode), ...(drill.mode === 'rehearse' ? [copiesResult(all)] : [])];
}

/** Pure. What came back was compared with the manifest before it was tried on. */
export function copiesResult(all: readonly Attempted[] | undefined): CheckResult {
  const about = {
    id: COPIES,
    title: 'What was tried on comes back out of its versions, as the manifest has it',
    source: 'set',
    level: 'L4',
    required: true,
    expected: 'the same bytes',
  } as const;
  if (!all?.length) return { ...about, state: 'unrun', code: 'CHECK_UNRUN', got: 'nothing was tried' };
  const details = all.flatMap(({ key, whole }) => (whole ? [] : [`${key} did not come back`]));
  if (details[0] === undefined) return { ...about, state: 'passed', got: `${all.length} times` };
  return { ...about, state: 'failed', code: 'HISTORY_ERASABLE', got: details[0], details };
}

/** Beside sets nothing is tried on the bucket: what its settings would let these keys do to a set is not seen. */
const HISTORY = {
  destroy: {
    title: 'The keys that lie in the site erase nothing of a set',
    expected: 'every attempt is refused, and every object comes back out of its version',
  },
  rehearse: {
    title: 'The keys that lie in the site erase no copy of an object of a set',
    expected: 'every attempt on an object is refused, and every copy comes back out of its version',
  },
};

/** Pure. */
export function historyResult(all: readonly Attempted[] | undefined, mode: Drill['mode']): CheckResult {
  const promise = HISTORY[mode === 'rehearse' ? 'rehearse' : 'destroy'];
  const about = { id: 'site.history', ...promise, source: 'site', level: 'L1', required: true } as const;
  if (!all?.length) return { ...about, state: 'unrun', code: 'CHECK_UNRUN', got: 'nothing was tried' };
  const details = flaws(all);
  const tries = all.reduce((sum, { tried }) => sum + tried.length, 0);
  if (details.length === 0)
    return { ...about, state: 'passed', got: `${tries} attempts on ${all.length} objects, none of which was allowed` };
  return { ...about, state: 'failed', code: 'HISTORY_ERASABLE', got: details[0] ?? '', details };
}

/** Pure. */
export const flaws = (all: readonly Attempted[]): string[] =>
  all.flatMap(({ as, key, tried, whole }) => [
    ...tried.flatMap(({ what, refused }) => (refused === null ? [`${as} may ${what}: ${key}`] : [])),
    ...(whole ? [] : [`${key} did not come back after ${as} had tried`]),
  ]);
