import type { CheckResult } from '../../backup/index.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { lookAtStored } from '../checks/stored.ts';
import { type Attempted, eraseStep, readAttempts } from '../erase.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/** Somebody has taken the site, with all its keys, and wants its backups gone. */
export const eraseAttempt: Scenario = {
  id: 'erase-attempt',
  title: 'The keys that lie in the site try to erase a set, in every way they know',
  loses: 'the set that is tried, if the keys of the site can erase it',
  modes: ['destroy'],
  sources: [],
  notTried: () => [
    'Keys of the owner of the bucket: they are not in the site, and nothing in it keeps them out.',
    'That anything comes back: nothing was lost but what was tried.',
  ],
  phases: async (drill): Promise<Phase[]> => [
    { name: 'trying to erase the set', steps: () => [eraseStep(drill)], end: 't1' },
  ],
  async checks(drill) {
    const { checks } = await lookAtStored(drill.target, drill.set.manifest.id, drill.t0);
    const after = checks.map(check => ({ ...check, id: `after.${check.id}`, title: `Afterwards: ${check.title}` }));
    return [await historyResult(drill), ...after];
  },
  rpo: async () => [],
  after: nextBackup,
};

async function historyResult(drill: Drill): Promise<CheckResult> {
  const about = {
    id: 'site.history',
    title: 'The keys of the site erase nothing of the set',
    source: 'site',
    level: 'L1',
    required: true,
    expected: 'every attempt is refused, and every object comes back out of its version',
  } as const;
  const all = await readAttempts(drill);
  if (!all) return { ...about, state: 'unrun', code: 'CHECK_UNRUN', got: 'nothing was tried' };
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
