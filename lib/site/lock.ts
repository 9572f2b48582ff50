import { bothLocks, fileLock, type Lock } from '../engine/index.ts';
import type { Site } from '../inventory/index.ts';
import { makeBucket, storeAccess, storeLease } from '../store/index.ts';
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
  if (!isShared(site)) return local;
  const env = { clock: ports.clock, signal, random: Math.random };
  const deps = { dirs, secrets: ports.secrets };
  const lease = storeLease(
    {
      name,
      access: () => storeAccess(site, 'site', deps),
      async owner(verb) {
        const store = site.backup?.store;
        const admin = store?.kind === 's3' && (store.admin || verb === 'bootstrap');
        if (!admin) return undefined;
        const owner = await storeAccess(site, 'admin', deps);
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

const isShared = ({ backup }: Site): boolean => backup?.store.kind === 's3';
