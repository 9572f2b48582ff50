import { CLAIM, STATEFUL_SET } from '../../backup/postgres/names.ts';
import { rebuildOf } from '../../site/index.ts';
import { appResults } from '../checks/app.ts';
import { rowResults, rowRpo } from '../checks/canaries.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { postgresResults } from '../checks/restored.ts';
import { loseDatabase } from '../lose.ts';
import { databaseSteps } from '../restore.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/** The disk of the database died: all that was archived comes back, to the last transaction in the archive. */
export const databaseLoss: Scenario = {
  id: 'database-loss',
  title: "The database's files are lost, and everything around it is alive",
  loses: 'the files of the database',
  modes: ['destroy'],
  sources: ['postgres'],
  notTried: () => ['That anything but the database comes back: nothing else was lost.'],
  phases,
  checks: async drill => [
    ...(await postgresResults(drill)),
    ...(await rowResults(drill)),
    ...(await appResults(drill)),
  ],
  rpo: rowRpo,
  after: nextBackup,
};

async function phases({ target, set }: Drill): Promise<Phase[]> {
  const { site } = target;
  const { steps, answers } = await rebuildOf(site, target);
  const place = { workload: STATEFUL_SET, claim: CLAIM.name };
  return [
    { name: 'losing the database', steps: () => [loseDatabase(site, place)], end: 't1' },
    { name: 'bringing the database back', steps: () => databaseSteps(site, set.manifest), end: 't6' },
    { name: 'looking at the application', steps: () => steps, select: answers, end: 't7' },
  ];
}
