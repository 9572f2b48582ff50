import { OpsError } from '../errors/index.ts';
import { type OpenSite, wireSite } from '../site/index.ts';
import { replicaOf } from '../store/index.ts';
import type { Scenario } from './scenario.ts';

/**
 * The site as the scenario sees it: with its replica for a store, where the store itself is lost. Its own ports are wired
 * anew, since those of the caller know the store. The caller closes it. Errors: REPLICA_ABSENT.
 */
export async function asSeenBy({ from }: Pick<Scenario, 'from'>, open: OpenSite): Promise<OpenSite> {
  if (from === undefined) return { ...open, close: async () => {} };
  const { dirs, ports, masker, signal, emit } = open;
  const site = replicaOf(open.site);
  if (site) return wireSite(site, { project: dirs.project, dirs, clock: ports.clock, masker, signal, emit });
  throw new OpsError('REPLICA_ABSENT', `cannot lose the region of ${open.site.name}: its store names no replica`, {
    hint: `backup.store.replica in ${open.site.path}; docs/s3.md says what it is`,
  });
}
