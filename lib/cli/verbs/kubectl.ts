import { spawn } from 'node:child_process';
import { access } from 'node:fs/promises';
import { artifactDeps, findRecipe, siteRecipe } from '../../artifact/index.ts';
import { kubeconfigPath } from '../../cluster/index.ts';
import { EXIT, type ExitStatus, OpsError } from '../../errors/index.ts';
import { newRun, type OpenSite } from '../../site/index.ts';
import { onSite } from '../on-site.ts';
import type { Call } from '../verb.ts';

/** kubectl of the very k3s that runs on the site, with the site's kubeconfig and no other. Its exit status is ours. */
export const kubectl = onSite(async (open, call) => {
  const kubeconfig = kubeconfigPath(call.project, call.site);
  await access(kubeconfig).catch(() => {
    throw new OpsError('SITE_ABSENT', `cannot run kubectl: there is no ${kubeconfig}`, {
      hint: `./muster bootstrap --site ${call.site}`,
    });
  });
  // For EKS nothing of k3s is in the cache: the computer's own, whose version may be one minor apart.
  const [program, ...first] = open.site.cluster.kind === 'eks' ? ['kubectl'] : [await k3sOf(open, call), 'kubectl'];
  const child = spawn(program ?? '', [...first, ...call.args], {
    stdio: 'inherit',
    env: { ...call.env, KUBECONFIG: kubeconfig },
  });
  return new Promise<ExitStatus>((done, fail) => {
    child.once('error', cause =>
      fail(new OpsError('SITE_ABSENT', `cannot run kubectl: ${cause.message}`, { cause, hint: 'install kubectl' })),
    );
    child.once('exit', code => done((code ?? EXIT.failed) as ExitStatus));
  });
});

async function k3sOf(open: OpenSite, { verb, project, signal, out }: Call): Promise<string> {
  const { clock, shell } = open.ports;
  const run = newRun(open, verb, {});
  const deps = await artifactDeps(open.site, { run, signal, clock, shell, progress: out.status });
  const recipe = await siteRecipe(open.site, 'k3s', project);
  const found = recipe && (await findRecipe(recipe, deps));
  if (found) return found.path;
  throw new OpsError('SITE_ABSENT', 'cannot run kubectl: the k3s of this site is not in the cache', {
    hint: `./muster bootstrap --site ${open.site.name} --only 10-have-artifacts`,
  });
}
