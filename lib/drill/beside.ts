import { join } from 'node:path';
import { escrowedSecrets, publicKeyPath, readPublicKey, readSet, type SealedSet } from '../backup/index.ts';
import { OpsError } from '../errors/index.ts';
import { type InSession, inSession, type OpenSite, openRehearsal } from '../site/index.ts';
import { type Keys, openStore, storeAccess } from '../store/index.ts';
import { isolatedResult } from './checks/isolated.ts';
import type { Order, Rehearsed } from './isolation/wire.ts';
import { carryOut } from './run.ts';
import { scenarioOf } from './scenarios/index.ts';
import { openTimeline, systemBootTime } from './timeline.ts';

/** Of the new site's state: clocks and what was seen, until the source's evidence has them. */
export const besideFolder = (state: string): string => join(state, 'drill');

/**
 * From the escrow to the last check, on a site beside the source: of the source it takes what git, the escrow and the
 * store have, whatever else may be at hand. Errors: INTERRUPTED; what else goes wrong is among what was seen.
 */
export async function carryOutBeside(order: Order, scratch: Keys | undefined, open: OpenSite): Promise<Rehearsed> {
  try {
    const secrets = await escrowedSecrets(open.site, open.masker);
    const source: OpenSite = { ...open, ports: { ...open.ports, secrets } };
    const set = await setOf(source, order.set);
    const target = await openRehearsal(source, set.manifest.escrowGeneration);
    try {
      return await onTarget(order, scratch, { source, target, set });
    } finally {
      await target.close();
    }
  } catch (error) {
    open.signal.throwIfAborted();
    return { ended: { checks: [], rpo: [], error } };
  }
}

async function setOf({ site, dirs, ports, signal }: OpenSite, id: string): Promise<SealedSet> {
  const access = await storeAccess(site, 'reader', { dirs, secrets: ports.secrets });
  const store = openStore(access, { clock: ports.clock, signal, random: Math.random });
  try {
    const publicKey = await readPublicKey(publicKeyPath(site, dirs.project));
    return await readSet(store, id, { site: site.name, publicKey });
  } finally {
    store.close();
  }
}

interface Sites {
  source: OpenSite;
  target: OpenSite;
  set: SealedSet;
}

async function onTarget(order: Order, scratch: Keys | undefined, { source, target, set }: Sites): Promise<Rehearsed> {
  const isolated = await isolatedResult(order.isolation, target);
  const folder = besideFolder(target.dirs.state);
  const scenario = await scenarioOf(order.scenario);
  const timeline = await openTimeline(folder, target.ports.clock, await systemBootTime());
  const { beside } = order;
  const about = { id: order.drill, mode: 'rehearse', beside, ...(scratch && { scratch }) } as const;
  const drill = { ...about, ...(beside.apart !== undefined && { apart: beside.apart }), source, target, folder, set };
  const choices = { drill: order.drill, scenario: order.scenario, set: order.set };
  const session = { choices, retain: true, confirmed: true };
  const { value, journal } = await inSession(target, 'drill', session, running =>
    carryOut(scenario, drill, timeline, { ...running, apply: onlyOn(target, running.apply) }),
  );
  return {
    ended: { ...value, checks: [isolated, ...value.checks] },
    ...(journal !== undefined && { journal }),
  };
}

/** What a scenario composes wrongly must not meet the source, which lives. */
const onlyOn =
  ({ site }: OpenSite, apply: InSession['apply']): InSession['apply'] =>
  (steps, select) => {
    const astray = steps.find(({ target }) => target.site !== site.name);
    if (!astray) return apply(steps, select);
    throw new OpsError('DRILL_TARGET', `cannot rehearse: the step ${astray.id} is about ${astray.target.site}`);
  };
