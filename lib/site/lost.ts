import { VELERO } from '../addon/velero/removal.ts';
import { type EscrowAt, lentSecrets, openEscrow, readIdentity } from '../backup/index.ts';
import { clusterLeaks } from '../cluster/index.ts';
import { type AnyStep, makePlan } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { existingCluster } from '../inventory/index.ts';
import type { OpenSite } from './open.ts';
import { newRun } from './run-verb.ts';
import { storePort } from './store-port.ts';
import { removalSteps } from './teardown.ts';

/**
 * What of a site is still there, in words: machines of ours by their identity, off ones too, and on hosts that somebody
 * brought what muster put there. Errors: CHECK_UNRUN: a host does not say.
 */
export async function livingOf(open: OpenSite, removal = removalSteps): Promise<string[]> {
  const { site, provider } = open;
  if (existingCluster(site) !== undefined) return livingInside(open, removal);
  if (provider.owned) {
    const machines = (await provider.machines(site)).map(({ name, id, power }) => `machine ${name} (${id}): ${power}`);
    // Where the notes of a machine are lost it may run all the same.
    const left = await Promise.all([provider.list({ site: site.name }), clusterLeaks(site, provider)]);
    const more = left.flat().map(({ kind, id, detail }) => `${kind} ${id}: ${detail}`);
    return [...machines, ...more];
  }
  const onHosts = removal(site, open).filter(({ target }) => target.kind === 'host');
  return toRemove(
    open,
    onHosts,
    `fresh hosts at the addresses of ${site.path}, with their host keys, or name other ones there`,
  );
}

/** In a cluster that stays, what muster put there; without a way in nobody can tell. */
async function livingInside(open: OpenSite, removal: typeof removalSteps): Promise<string[]> {
  const inside = removal(open.site, open).flatMap(step => (step.id === VELERO ? { ...step, needs: [] } : []));
  return toRemove(open, inside, `./muster bootstrap --site ${open.site.name} --only eks brings the way into it`);
}

/** What these steps would remove, by target. Errors: CHECK_UNRUN. */
async function toRemove(open: OpenSite, steps: readonly AnyStep[], hint: string): Promise<string[]> {
  const { items } = await makePlan(steps, open.env(newRun(open, 'plan', {})));
  const told = items.map(({ step, decision }) => ({ decision, where: step.target.name }));
  const silent = told.find(({ decision }) => decision.is === 'unknown');
  if (silent?.decision.is === 'unknown')
    throw new OpsError('CHECK_UNRUN', `cannot tell whether ${open.site.name} is gone: ${silent.decision.reason}`, {
      hint,
    });
  const changes = told.flatMap(({ decision, where }) =>
    decision.is === 'changes' ? decision.changes.map(({ what }) => `${where}: ${what}`) : [],
  );
  return [...new Set(changes)];
}

/** Errors: RESTORE_TARGET: what is there would be written over, or live twice; CHECK_UNRUN. */
export async function refuseLiving(open: OpenSite, removal = removalSteps): Promise<void> {
  const details = await livingOf(open, removal);
  if (details.length === 0) return;
  const { name } = open.site;
  throw new OpsError('RESTORE_TARGET', `cannot rebuild ${name}: it is not gone, ${details[0]}`, {
    details,
    hint: `./muster status --site ${name}; into a living site: ./muster restore set; if what is there is worth nothing: ./muster destroy --site ${name} --confirm=${name}, which keeps the backups`,
  });
}

/**
 * A site whose secrets are lost, read with those of its escrow: nothing is written, so that a dry run sees its store too.
 * Errors: ESCROW_ABSENT, KEY_MISSING, KEY_WRONG.
 */
export async function lendKeys(open: OpenSite, escrow: EscrowAt): Promise<OpenSite> {
  const { site, dirs, provider, ports, masker, signal } = open;
  const identity = await readIdentity(escrow);
  if (!identity)
    throw new OpsError('KEY_MISSING', `cannot open the escrow of ${site.name}: its age identity is not here`, {
      hint: '--identity FILE: the file with the private half (AGE-SECRET-KEY-...), readable by you alone',
    });
  const { secrets: lent } = await openEscrow(escrow, identity);
  const secrets = lentSecrets(ports.secrets, lent, masker);
  const env = { clock: ports.clock, signal, random: Math.random };
  const store = storePort(site, { dirs, secrets, provider, ...env });
  return { ...open, ports: { ...ports, secrets, store: store.open }, close: async () => store.close() };
}
