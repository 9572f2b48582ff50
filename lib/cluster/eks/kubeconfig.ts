import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AnyStep } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import { minutes } from '../../time/index.ts';
import { kubeconfigPath, lookAt, writeKubeconfig } from '../kubeconfig/file.ts';
import { renderKubeconfig, sha256, type Way } from '../kubeconfig/render.ts';
import { decideKubeconfig, type KubeconfigFacts, type KubeconfigWant } from '../kubeconfig/steps.ts';
import { describeCluster } from './observe.ts';
import type { Eks } from './site.ts';
import { after, eksStep } from './step.ts';

/** kubectl asks this very checkout for a token, each time: none is in the file. */
const wayIn = (project: string, site: string, server: string, ca: string): Way => ({
  server,
  ca,
  user: {
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: join(project, 'muster'),
      args: ['eks-token', '--site', site],
      interactiveMode: 'Never',
    },
  },
});

/** eks.kubeconfig: kubeconfigs/<site>.yaml, without anything secret. */
export function kubeconfigStep(eks: Eks, needs = after('eks.cluster', 'eks.access')): AnyStep {
  const { name } = eks.site;
  const way = async (project: string) => {
    const { endpoint, certificateAuthority, status } = (await describeCluster(eks)) ?? {};
    const ca = certificateAuthority?.data;
    return status !== 'DELETING' && endpoint && ca ? wayIn(project, name, endpoint, ca) : undefined;
  };
  return eksStep<KubeconfigWant, KubeconfigFacts>(eks, {
    id: 'eks.kubeconfig',
    title: `Write kubeconfigs/${name}.yaml`,
    want: { host: `the cluster ${name}`, from: 'endpoint yet' },
    needs,
    deadline: minutes(1),
    nothing: { local: { is: 'absent' } },
    async observe({ run }, removing) {
      const { project } = run.dirs;
      const path = kubeconfigPath(project, name);
      const local = await lookAt(path);
      if (removing) return { local };
      if (local.is === 'foreign')
        throw new OpsError('KUBECONFIG_REFUSED', `cannot replace ${path}: muster did not write it`);
      const found = await way(project);
      return { local, ...(found && { server: found.server, source: sourceOf(found) }) };
    },
    decide: (want, facts) => decideKubeconfig(want, facts, name),
    async act(change, { run }) {
      const { project } = run.dirs;
      const path = kubeconfigPath(project, name);
      if (change.action === 'delete') return rm(path, { force: true });
      const found = await way(project);
      if (!found) throw new OpsError('INTERNAL', `cannot write ${path}: the cluster has no endpoint`);
      await writeKubeconfig(path, renderKubeconfig(found, name, sourceOf(found)));
    },
  });
}

/** What the file is made from: another authority, or another checkout, and it is written anew. */
const sourceOf = (way: Way): string => sha256(JSON.stringify(way));
