import { NAMESPACE as APP } from '../../addon/app/app.ts';
import { rebuildOf } from '../../site/index.ts';
import { canaryRpo, pointRpo } from '../checks/canaries.ts';
import { nextBackup } from '../checks/next-backup.ts';
import { veleroResults } from '../checks/restored.ts';
import { wholeResults } from '../checks/whole.ts';
import { workloadResults } from '../checks/workloads.ts';
import { loseNamespace } from '../lose.ts';
import { dataSteps, volumeSteps } from '../restore.ts';
import type { Drill, Phase, Scenario } from '../scenario.ts';

const common = {
  id: 'namespace-loss',
  modes: ['destroy'],
  sources: ['velero'],
  notTried: () => ['That the cluster and its machines can be replaced: they were not lost.'],
  after: nextBackup,
} as const;

/** Somebody deleted the application's namespace, which has a database beside what Velero brings back. */
const ofApp: Scenario = {
  ...common,
  namespace: APP,
  title: "The application's namespace is deleted, with its volumes and its database",
  loses: 'the namespace app with everything in it',
  sources: ['velero', 'postgres'],
  async phases(drill) {
    const { site } = drill.target;
    const { steps, answers } = await rebuildOf(site, drill.target);
    return [
      losing(drill, APP),
      {
        name: 'bringing the data back',
        steps: () => dataSteps(site, drill.set.manifest, steps, { namespaces: [APP] }),
        end: 't6',
      },
      { name: 'looking at the application', steps: () => steps, select: answers, end: 't7' },
    ];
  },
  checks: drill => wholeResults(drill, [APP]),
  rpo: canaryRpo,
};

/** Somebody deleted one of the others that the inventory's backup names. */
const ofOther = (namespace: string): Scenario => ({
  ...common,
  namespace,
  title: `The namespace ${namespace} is deleted, with its volumes`,
  loses: `the namespace ${namespace} with everything in it`,
  async phases(drill) {
    const steps = () => volumeSteps(drill.target.site, drill.set.manifest, [namespace]);
    return [losing(drill, namespace), { name: 'bringing the data back', steps, end: 't6' }];
  },
  checks: async drill => [...(await veleroResults(drill, [namespace])), ...(await workloadResults(drill, [namespace]))],
  rpo: async (drill, t0) => pointRpo(drill, t0, 'velero'),
});

const losing = ({ target }: Drill, namespace: string): Phase => ({
  name: 'losing the namespace',
  steps: () => [loseNamespace(target.site, namespace)],
  end: 't1',
});

export const namespaceLoss: Scenario = {
  ...ofApp,
  title: 'A namespace is deleted, with its volumes',
  loses: 'a namespace with everything in it',
  of: namespace => (namespace === APP ? ofApp : ofOther(namespace)),
};
