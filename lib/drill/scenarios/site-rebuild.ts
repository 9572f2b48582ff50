import { escrowOf, escrowOpenStep } from '../../backup/index.ts';
import type { AnyStep } from '../../engine/index.ts';
import { rebuildOf, removalSteps } from '../../site/index.ts';
import { appResults } from '../checks/app.ts';
import { canaryResults, canaryRpo } from '../checks/canaries.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { postgresResults, veleroResults } from '../checks/restored.ts';
import { dataSteps } from '../restore.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/** Everything is lost but the store, the escrow and the checkout; the site comes back from these. */
export const siteRebuild: Scenario = {
  id: 'site-rebuild',
  title: 'The whole site is lost and rebuilt from nothing, with its data',
  loses: 'the machines of the site with everything on them, and its secrets',
  modes: ['destroy'],
  sources: ['velero', 'postgres'],
  notTried: ['That the site comes back where this checkout, its packages and its cache are lost too.'],
  phases,
  checks: async drill => [
    ...(await postgresResults(drill)),
    ...(await veleroResults(drill)),
    ...(await canaryResults(drill)),
    ...(await appResults(drill)),
  ],
  rpo: canaryRpo,
  after: nextBackup,
};

async function phases({ target, set }: Drill): Promise<Phase[]> {
  const { site } = target;
  const place = { dirs: target.dirs, provider: target.provider };
  const { steps, machines, cluster, addons, beside, answers } = await rebuildOf(site, place);
  const keys = escrowOpenStep(site.name, escrowOf(site), {
    mode: 'rebuild',
    generation: set.manifest.escrowGeneration,
  });
  const data = () => dataSteps(site, set.manifest, steps);
  // What it needs was done in the phases before.
  const alone = (step: AnyStep): AnyStep => ({ ...step, needs: [] });
  return [
    { name: 'losing the site', steps: () => removalSteps(site, target), end: 't1' },
    { name: 'taking the keys out of the escrow', steps: () => [keys], end: 't2' },
    { name: 'making the machines', steps: () => steps, select: machines, end: 't3' },
    { name: 'installing the cluster', steps: () => steps, select: cluster, end: 't4' },
    { name: 'installing the add-ons', steps: () => steps, select: addons, end: 't5' },
    { name: 'bringing the data back', steps: () => [...data(), ...beside.map(alone)], end: 't6' },
    { name: 'looking at the application', steps: () => steps, select: answers, end: 't7' },
  ];
}
