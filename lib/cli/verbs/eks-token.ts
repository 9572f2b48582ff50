import { join } from 'node:path';
import { siteToken } from '../../cluster/eks/site-token.ts';
import { loadInventory } from '../../inventory/load.ts';
import type { Act } from '../verb.ts';

/** kubectl starts this for every command: nothing is loaded that a token does not need, and nobody is asked but who signs. */
export const eksToken: Act = async ({ project, site, env, out }) => {
  const inventory = await loadInventory(join(project, 'inventories', `${site}.yaml`), { k3sVersions: [] });
  const { token, expires } = await siteToken(inventory, env, Date.now());
  return out.data(
    JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      // Without fractions of a second, as Kubernetes writes times.
      status: { token, expirationTimestamp: new Date(expires).toISOString().replace(/\.\d+Z$/, 'Z') },
    }),
  );
};
