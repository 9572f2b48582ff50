import { type CheckResult, escrowOf, escrowOpenStep, type OpenWant, partOf } from '../../backup/index.ts';
import type { AnyStep } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { existingCluster } from '../../inventory/index.ts';
import { rebuildOf, removalSteps } from '../../site/index.ts';
import { broughtStep } from '../brought-images.ts';
import { apartResult } from '../checks/apart.ts';
import { canaryRpo } from '../checks/canaries.ts';
import { fenceResult } from '../checks/fence.ts';
import { nextBackup, nextBackupBeside } from '../checks/next-backup.ts';
import { silentResult } from '../checks/silent.ts';
import { wholeResults } from '../checks/whole.ts';
import { dataSteps } from '../restore.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

/** Everything is lost but the store, the escrow and the checkout; the site comes back from these, in place or beside. */
export const siteRebuild: Scenario = {
  id: 'site-rebuild',
  title: 'The whole site is lost and rebuilt from nothing, with its data',
  loses: 'the machines of the site with everything on them, and its secrets',
  modes: ['rehearse', 'destroy'],
  sources: ['velero'],
  notTried: checks => [
    `That the site comes back where ${keptToTheList(checks) ? '' : 'this checkout, '}its packages and its cache are lost too.`,
  ],
  phases,
  checks: wholeResults,
  rpo: async (drill, t0) => (drill.mode === 'rebuild' ? [] : canaryRpo(drill, t0)),
  after: (drill, session) => (drill.mode === 'rehearse' ? nextBackupBeside : nextBackup)(drill, session),
};

const keptToTheList = (checks: readonly CheckResult[]) =>
  checks.some(({ id, state }) => id === 'site.isolated' && state === 'passed');

async function phases(drill: Drill): Promise<Phase[]> {
  const { target, set, mode, at } = drill;
  const { site } = target;
  const { steps, machines, cluster, addons, beside, answers } = await rebuildOf(site, target);
  const looking: Phase = { name: 'looking at the application', steps: () => steps, select: answers, end: 't7' };
  const data = () =>
    dataSteps(site, set.manifest, steps, { archive: mode === 'rehearse' ? 'off' : 'on', ...(at && { at }) });
  // What it needs was done in the phases before.
  const alone = (step: AnyStep): AnyStep => ({ ...step, needs: [] });
  return [
    ...begin(drill, steps),
    { name: 'making the machines', steps: () => steps, select: machines, end: 't3' },
    { name: 'installing the cluster', steps: () => steps, select: cluster, end: 't4' },
    { name: 'installing the add-ons', steps: () => steps, select: addons, end: 't5', ...fenced(drill) },
    ...(mode === 'rehearse' ? [brought(drill)] : []),
    ...(mode === 'rebuild' ? [silent(drill)] : []),
    { name: 'bringing the data back', steps: () => [...data(), ...beside.map(alone)], end: 't6' },
    ...(site.app ? [looking] : []),
  ];
}

/**
 * The loss, in place; and the keys. Beside its source a site has its own way to them: fewer of them. A site that is gone
 * already has the way to its store from the newest generation, and everything else from the set's.
 */
function begin({ mode, target, set, escrow }: Drill, steps: readonly AnyStep[]): Phase[] {
  const { site } = target;
  const name = 'taking the keys out of the escrow';
  if (mode === 'rehearse') return [{ name, steps: () => steps, select: ({ id }) => id === 'escrow.open', end: 't2' }];
  const generation = set.manifest.escrowGeneration;
  const open = (want: Omit<OpenWant, 'of' | 'mode'>) =>
    escrowOpenStep(site.name, escrow ?? escrowOf(site), { mode: 'rebuild', ...want });
  if (mode === 'rebuild')
    return [
      { name: 'taking the way to the store out of the escrow', steps: () => [open({ only: ['store/'] })] },
      { name, steps: () => [open({ generation, keep: ['store/'] })], end: 't2' },
    ];
  if (existingCluster(site) !== undefined)
    throw new OpsError('DRILL_TARGET', `cannot lose ${site.name} for a drill: its cluster is another hand's`, {
      hint: `./muster drill site-rebuild --site ${site.name}: a rehearsal, in a cluster of its own`,
    });
  const keys = open({ generation });
  return [
    { name: 'losing the site', steps: () => removalSteps(site, target), end: 't1' },
    { name, steps: () => [keys], end: 't2' },
  ];
}

/** No data comes to a site that may be the source, or reach it. */
const fenced = (drill: Drill): Pick<Phase, 'prove'> =>
  drill.mode === 'rehearse' ? { prove: async () => [await apartResult(drill), await fenceResult(drill)] } : {};

/** Nodes of EKS pull their own: the fence is around their pods. */
const brought = ({ target: { site }, set }: Drill): Phase => ({
  name: 'bringing the images that others run',
  steps: () =>
    site.cluster.kind !== 'eks' && partOf(set.manifest, 'velero')?.facts.pulled?.length
      ? [broughtStep(site, set.manifest)]
      : [],
});

/** Two of the same database in one archive would spoil it for both. */
const silent = (drill: Drill): Phase => ({
  name: 'seeing that the lost database writes no more',
  steps: () => [],
  prove: async () => [await silentResult(drill)],
});
