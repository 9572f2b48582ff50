import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { signedBy, tokenWanted } from '../../cluster/eks/site-token.ts';
import { OpsError } from '../../errors/index.ts';
import type { Act } from '../verb.ts';

/**
 * kubectl starts this for every command: nothing is loaded that a token does not need, and nobody is asked but who signs.
 * So the inventory is read past its checks, which take longer than all the rest; they speak when it has no such cluster.
 */
export const eksToken: Act = async ({ project, site, env, out }) => {
  const text = await readFile(join(project, 'inventories', `${site}.yaml`), 'utf8').catch(() => '');
  const wanted = (await tokenWanted(text)) ?? (await refuse(project, site));
  const { token, expires } = await signedBy(wanted, env, Date.now());
  return out.data(
    JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      // Without fractions of a second, as Kubernetes writes times.
      status: { token, expirationTimestamp: new Date(expires).toISOString().replace(/\.\d+Z$/, 'Z') },
    }),
  );
};

/** Errors: those of a bad inventory; USAGE when it is good, and its cluster none of EKS. */
async function refuse(project: string, name: string): Promise<never> {
  const { readSite } = await import('../read-site.ts');
  const { kind } = (await readSite(project, name)).cluster;
  throw new OpsError('USAGE', `cannot make a token for ${name}: its cluster is ${kind}, and only EKS takes tokens`, {
    hint: `./muster kubectl --site ${name} get nodes`,
  });
}
