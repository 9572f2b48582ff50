import { bothLocks, fileLock, type Lock } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { makeBucket, sharedOf, storeAccess, storeLease } from '../store/index.ts';
import type { OpenSite } from './open.ts';

type Locked = Pick<OpenSite, 'site' | 'dirs' | 'ports' | 'signal' | 'emit'>;

/** One run of a site at a time: on this computer, and over all where its store is one that others see too. */
export const siteLock = (open: Locked & Pick<OpenSite, 'rehearsal'>): Lock => {
  const local = fileLock(open.dirs.state, open.ports.clock.now);
  // A rehearsal writes nothing into its source's store; lockRehearsal() keeps it to one.
  return open.rehearsal ? local : sharedLock(open, open.site.name, local);
};

/** `local`, and the lease of this name in the store that others see too. */
export function sharedLock({ site, dirs, ports, signal, emit }: Locked, name: string, local: Lock): Lock {
  const shared = sharedOf(site);
  if (!shared) return local;
  const env = { clock: ports.clock, signal, random: Math.random };
  const deps = { dirs, secrets: ports.secrets };
  const lease = storeLease(
    {
      name,
      access: () => storeAccess(shared, 'site', deps),
      async owner(verb) {
        const store = shared.backup?.store;
        const admin = store?.kind === 's3' && (store.admin || verb === 'bootstrap');
        if (!admin) return undefined;
        const owner = await storeAccess(shared, 'admin', deps);
        // Every other verb works on what a bootstrap made.
        if (verb === 'bootstrap') await makeBucket(owner, env, store.lock === undefined ? {} : { lock: store.lock });
        return owner;
      },
      notice: text => emit({ type: 'notice', text }),
    },
    env,
  );
  return bothLocks(local, lease);
}

/** undefined: nothing to say of this site. Machines of other providers are one computer's, or somebody's who knows of them. */
export function twoCouldRun(site: Site): string | undefined {
  const { name, environment, provider, path } = site;
  if (environment === 'lab' || provider.kind !== 'ec2' || sharedOf(site)) return undefined;
  return `two computers could run on ${name} at once: no lease keeps them apart; a backup or a section state in ${path} has a store for one`;
}
