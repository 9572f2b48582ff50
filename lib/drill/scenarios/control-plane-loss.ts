import { controlPlaneRenew } from '../../backup/control-plane/renew.ts';
import { controlPlaneRestore } from '../../backup/control-plane/restore.ts';
import { escrowOf, partOf } from '../../backup/index.ts';
import type { AnyStep } from '../../engine/index.ts';
import { rebuildOf } from '../../site/index.ts';
import { appResults } from '../checks/app.ts';
import { pointRpo } from '../checks/canaries.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { controlPlaneResults } from '../checks/restored.ts';
import { loseControlPlane } from '../lose.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/** The datastore of the only server is gone: the copy brings the same cluster back, under its own token and names. */
export const controlPlaneLoss: Scenario = {
  id: 'control-plane-loss',
  title: 'The datastore of the control plane is lost, and comes back as the same cluster',
  loses: 'the datastore of the control plane',
  modes: ['destroy'],
  sources: ['control-plane'],
  notTried: () => ['That volumes and databases come back: they were not lost.'],
  phases,
  checks: async drill => [...(await controlPlaneResults(drill)), ...(await appResults(drill))],
  // The heartbeat lived on and wrote its object anew: here the copy's own moment says how old it is.
  rpo: async (drill, t0) => pointRpo(drill, t0, 'control-plane'),
  after: nextBackup,
};

async function phases({ target, set, escrow = escrowOf(target.site) }: Drill): Promise<Phase[]> {
  const { site } = target;
  const part = partOf(set.manifest, 'control-plane');
  const { steps, cluster, addons, beside, answers } = await rebuildOf(site, target);
  const standing = (step: AnyStep) => cluster(step) || addons(step) || beside.includes(step);
  const keys = { escrow, generation: set.manifest.escrowGeneration };
  const back = part ? [controlPlaneRestore(part, site, keys), controlPlaneRenew(site)] : [];
  return [
    { name: 'losing the datastore', steps: () => [loseControlPlane(site)], end: 't1' },
    { name: 'bringing the datastore back', steps: () => back, end: 't6' },
    { name: 'looking at the cluster', steps: () => steps, select: standing },
    { name: 'looking at the application', steps: () => steps, select: answers, end: 't7' },
  ];
}
