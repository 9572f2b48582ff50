import type { CheckResult } from '../../backup/index.ts';
import type { Drill, Scenario } from '../scenario.ts';
import { siteRebuild } from './site-rebuild.ts';

/**
 * The region of the store is gone, with the site in it: the same site comes back out of the replica. The drill's site is
 * one whose store is the replica (lib/drill/from-replica.ts), so that no part of it knows the way to the store; the fence of
 * the new site lets nothing through but the replica.
 */
export const regionLoss: Scenario = {
  ...siteRebuild,
  id: 'region-loss',
  title: 'The region of the store is lost, and the site is rebuilt from the replica alone',
  modes: ['rehearse'],
  from: 'replica',
  notTried: checks => [
    ...siteRebuild.notTried(checks),
    'That what was written after the newest set of the replica comes back: it was in the region that is lost.',
  ],
  checks: async drill => [replicaResult(drill), ...(await siteRebuild.checks(drill))],
};

/** By what it went; that nothing else was let through is the fence's to prove. */
function replicaResult({ source, set }: Drill): CheckResult {
  const store = source.site.backup?.store;
  const place = store?.kind === 's3' ? `${store.bucket} at ${store.endpoint}` : 'no replica';
  return {
    id: 'site.replica',
    title: 'What came back was read from the replica',
    source: 'site',
    level: 'L1',
    required: true,
    expected: 'the only store that this drill has a way to',
    got: `${set.manifest.id} from ${place}`,
    state: 'passed',
  };
}
