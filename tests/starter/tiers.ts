import { globSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';

/**
 * What runs side by side, one stage after the other; how many files at once. Machines that are containers wait for much
 * of their time; emulated ones take a computer for themselves, and are not measured beside another.
 */
export const STAGES = { quick: availableParallelism(), containers: 2, alone: 1 };

/** A tier is told by the file's name: `<name>.<suffix>.ts`. */
export interface Tier {
  name: string;
  suffix: string;
  stage: keyof typeof STAGES;
  /** Milliseconds for one file, after which its whole process group is killed. */
  deadline: number;
}

const minute = 60_000;
export const TIERS: readonly Tier[] = [
  { name: 'unit', suffix: 'test', stage: 'quick', deadline: 5 * minute },
  // Of a computer with nothing left over some build what they test first: 4 min 40 s were seen.
  { name: 'contract', suffix: 'contract', stage: 'quick', deadline: 10 * minute },
  { name: 'lab', suffix: 'lab', stage: 'containers', deadline: 45 * minute },
  { name: 'qemu', suffix: 'qemu', stage: 'alone', deadline: 45 * minute },
  { name: 'full', suffix: 'full', stage: 'alone', deadline: 90 * minute },
];

export interface TestFile {
  /** Relative to the root, with forward slashes: the key of the history. */
  path: string;
  tier: Tier;
}

/** Files of a tier below tests/, sorted. `only` keeps paths that contain one of the words. Fixtures are never found. */
export function findTests(root: string, tier: Tier, only: readonly string[]): TestFile[] {
  return globSync(`tests/**/*.${tier.suffix}.ts`, { cwd: root })
    .filter(path => !path.includes('/fixtures/'))
    .filter(path => only.length === 0 || only.some(word => path.includes(word)))
    .sort()
    .map(path => ({ path, tier }));
}

/** Files that were named: the tier comes from the name; a name of no tier is an error. */
export function namedTests(root: string, paths: readonly string[]): TestFile[] {
  return paths.map(path => {
    const tier = TIERS.find(({ suffix }) => path.endsWith(`.${suffix}.ts`));
    if (!tier) throw new Error(`cannot run ${path}: its name ends in none of ${TIERS.map(t => `.${t.suffix}.ts`)}`);
    if (!statSync(join(root, path), { throwIfNoEntry: false })) throw new Error(`cannot find ${path}`);
    return { path, tier };
  });
}
