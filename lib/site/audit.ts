import { type AuditAtHand, audit } from '../backup/audit/index.ts';
import { type CheckResult, escrowOf, listSets, publicKeyPath, readPublicKey } from '../backup/index.ts';
import { knownKeys } from '../backup/postgres/repository.ts';
import { observeBucket } from '../backup/store/bucket.ts';
import { withKopia } from '../backup/velero/surroundings.ts';
import type { Site } from '../inventory/index.ts';
import { openStore, replicaOf, storeAccess } from '../store/index.ts';
import type { OpenSite } from './open.ts';
import { newRun } from './run-verb.ts';

/** Whether the backups of a site would bring it back. Nothing is changed, also by those who may change it. */
export const auditSite = (open: OpenSite): Promise<CheckResult[]> => audit(auditOf(open));

function auditOf(open: OpenSite): AuditAtHand {
  const { site, dirs, ports, signal, provider } = open;
  const { clock, secrets, shell } = ports;
  const now = new Date(clock.now());
  const run = newRun(open, 'backup-audit', {});
  const progress = (text: string) => open.emit({ type: 'notice', text });
  const store = () => ports.store(site.name);
  const publicKey = () => readPublicKey(publicKeyPath(site, dirs.project));
  const readerOf = async (of: Site) =>
    openStore(await storeAccess(of, 'reader', { dirs, secrets }), { clock, signal, random: Math.random });
  const kopiaAs = { run, signal, clock, shell, progress, secrets };
  return {
    site,
    now,
    escrow: escrowOf(site),
    store,
    reader: once(() => readerOf(site)),
    replica: once(() => readerOf(replicaOf(site) ?? site)),
    publicKey,
    sets: once(async () => {
      const [at, key] = await Promise.all([store(), publicKey()]);
      return listSets(at, { site, publicKey: key, now, proven: () => undefined });
    }),
    objects: once(async () => (await store()).list('')),
    cluster: () => ports.cluster(site.name),
    settings: async () => (await observeBucket(site, { run, secrets, clock, signal })).settings,
    cipher: async () => (await knownKeys(secrets))?.cipher,
    kopia: async (namespace, use) => {
      const access = await storeAccess(site, 'reader', { dirs, secrets, gateway: provider.gateway });
      return withKopia(site, { access, namespace }, kopiaAs, use);
    },
  };
}

/** Asked again it gives the same answer, also when it is that nobody answered. */
function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
