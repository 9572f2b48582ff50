import { rebuildOf } from '../../site/index.ts';
import { canaryRpo } from '../checks/canaries.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { wholeResults } from '../checks/whole.ts';
import { loseNamespace } from '../lose.ts';
import { dataSteps } from '../restore.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/** Somebody deleted the namespace: objects, volumes and the database in it. */
export const namespaceLoss: Scenario = {
  id: 'namespace-loss',
  title: "The application's namespace is deleted, with its volumes and its database",
  loses: 'the namespace app with everything in it',
  modes: ['destroy'],
  sources: ['velero', 'postgres'],
  notTried: () => ['That the cluster and its machines can be replaced: they were not lost.'],
  phases,
  checks: wholeResults,
  rpo: canaryRpo,
  after: nextBackup,
};

async function phases({ target, set }: Drill): Promise<Phase[]> {
  const { site } = target;
  const { steps, answers } = await rebuildOf(site, target);
  return [
    { name: 'losing the namespace', steps: () => [loseNamespace(site, 'app')], end: 't1' },
    { name: 'bringing the data back', steps: () => dataSteps(site, set.manifest, steps), end: 't6' },
    { name: 'looking at the application', steps: () => steps, select: answers, end: 't7' },
  ];
}
