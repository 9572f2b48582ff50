import type { Dirs, ObjectStore, Ports } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Provider } from '../host/provider.ts';
import type { Site } from '../inventory/index.ts';
import type { SecretStore } from '../secret/index.ts';
import { openStore, readKeys, type StoreAccess, type StoreEnv, storeAccess } from '../store/index.ts';

export interface StorePort {
  open: Ports['store'];
  close(): void;
}

export interface StorePortDeps extends StoreEnv {
  /** Of a rehearsal: whose bucket it reads. */
  source?: Site | undefined;
  dirs: Dirs;
  secrets: SecretStore;
  provider: Pick<Provider, 'gateway'>;
}

/** The bucket of this site, as role `site`; of a rehearsal that of its source, as `reader`. One client as long as place and keys stay: steps ask for it many times. */
export function storePort(site: Site, { source, dirs, secrets, provider, ...env }: StorePortDeps): StorePort {
  const clients: { access: StoreAccess; store: ObjectStore }[] = [];
  return {
    async open(name) {
      if (name !== site.name)
        throw new OpsError('INTERNAL', `cannot open the store of ${name}: this run is about ${site.name}`);
      // A rehearsal whose data was proven gets keys of a bucket of its own, for its next backup.
      const reads = source && !(await readKeys(secrets, 'site'));
      const deps = { dirs, secrets, gateway: provider.gateway };
      const access = await storeAccess(reads ? source : site, reads ? 'reader' : 'site', deps);
      const known = clients.find(client => sameAccess(client.access, access));
      const store = known?.store ?? openStore(access, env);
      if (!known) clients.push({ access, store });
      // Another step may be reading through it.
      return { ...store, close() {} };
    },
    close: () => clients.forEach(({ store }) => void store.close()),
  };
}

const sameAccess = (a: StoreAccess, b: StoreAccess) =>
  a.here === b.here && a.ca === b.ca && a.accessKey.equals(b.accessKey) && a.secretKey.equals(b.secretKey);
