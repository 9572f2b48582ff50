import { rm } from 'node:fs/promises';
import type { Change, Ctx, Decision, Need, Probe, Step } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Provider } from '../../host/provider.ts';
import { minutes } from '../../time/index.ts';
import { K3S_YAML } from '../k3s/files.ts';
import { kubeconfigPath, type LocalFile, lookAt, writeKubeconfig } from './file.ts';
import { renderKubeconfig, sha256, wayOf } from './render.ts';

export interface KubeconfigWant {
  /** The server whose k3s.yaml it comes from. */
  host: string;
  /** What it comes from; k3s.yaml when absent. */
  from?: string;
}

export interface KubeconfigFacts {
  local: LocalFile;
  /** sha256 of what it comes from; undefined: that is not there. */
  source?: string;
  /** Where the API answers on this computer. */
  server?: string;
}

/** The file itself stays on the host: its hash tells whether ours was made from it. */
const source: Probe<string | undefined> = {
  id: 'k3s.yaml',
  script: `test -f ${K3S_YAML} && sha256sum ${K3S_YAML}`,
  parse: stdout => /^[0-9a-f]{64}/.exec(stdout)?.[0],
};

/** kubeconfigs/<site>.yaml, from the server's k3s.yaml. */
export function kubeconfigStep(
  site: string,
  host: string,
  provider: Provider,
  needs: readonly Need[],
): Step<KubeconfigWant, KubeconfigFacts> {
  const serverUrl = async () => {
    const { address, port } = await provider.endpoint(host, 'api');
    return `https://${address.includes(':') ? `[${address}]` : address}:${port}`;
  };
  return {
    id: 'k3s.kubeconfig',
    title: `Write kubeconfigs/${site}.yaml`,
    target: { site, kind: 'cluster', name: site },
    want: { host },
    needs,
    deadline: minutes(1),
    async observe(ctx) {
      const path = kubeconfigPath(ctx.run.dirs.project, site);
      if (this.want === undefined) return { local: await lookAt(path) };
      const [local, found, server] = await Promise.all([lookAt(path), ctx.facts(host, source), serverUrl()]);
      if (local.is === 'foreign')
        throw new OpsError('KUBECONFIG_REFUSED', `cannot replace ${path}: muster did not write it`);
      return { local, server, ...(found !== undefined && { source: found }) };
    },
    decide: (want, facts) => decideKubeconfig(want, facts, site),
    apply: (change, ctx) => applyKubeconfig(change, ctx, site, host, serverUrl),
  };
}

export function decideKubeconfig(want: KubeconfigWant | undefined, facts: KubeconfigFacts, site: string): Decision {
  const { local, source, server } = facts;
  const what = `file kubeconfigs/${site}.yaml`;
  const one = (change: Omit<Change, 'what' | 'grade'>, grade: Change['grade'] = 'known'): Decision => ({
    is: 'changes',
    changes: [{ what, grade, ...change }],
  });
  if (want === undefined) {
    if (local.is === 'ours') return one({ action: 'delete' });
    return { is: 'done', reason: local.is === 'absent' ? 'there is none' : 'muster did not write it' };
  }
  if (local.is !== 'ours') return one({ action: 'create' }, source === undefined ? 'unknown' : 'known');
  if (source === undefined) return { is: 'unknown', reason: `${want.host} has no ${want.from ?? K3S_YAML}` };
  if (local.mode !== 0o600) return one({ action: 'update', from: `mode ${local.mode.toString(8)}`, to: 'mode 600' });
  if (!local.intact) return one({ action: 'update', from: 'changed by hand', to: 'as muster wrote it' });
  if (local.source !== source) return one({ action: 'update', from: 'older keys', to: 'keys of this cluster' });
  if (local.server !== server) return one({ action: 'update', from: local.server, to: server ?? '' });
  return { is: 'done', reason: 'leads to the cluster that is there' };
}

async function applyKubeconfig(change: Change, ctx: Ctx, site: string, host: string, serverUrl: () => Promise<string>) {
  const path = kubeconfigPath(ctx.run.dirs.project, site);
  await ctx.effect(change, async () => {
    if (change.action === 'delete') return rm(path, { force: true });
    const shell = await ctx.shell(host);
    const text = await shell.run(['cat', K3S_YAML], { sudo: true });
    await writeKubeconfig(path, renderKubeconfig(wayOf(text, await serverUrl()), site, sha256(text)));
  });
}
