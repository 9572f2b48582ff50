import { readdir } from 'node:fs/promises';
import { type Decision, type Holder, planData } from '../engine/index.ts';
import { sealedDir } from '../engine/journal.ts';
import type { Machine } from '../host/provider.ts';
import { planSite } from './bootstrap.ts';
import { siteLock } from './lock.ts';
import type { OpenSite } from './open.ts';
import { setsLeft } from './sets-left.ts';
import { type Spent, spentOn } from './spent.ts';
import { newerElsewhere, type Stale } from './stale.ts';

/** ok: every step is done. drift: something is not as the inventory says. unknown: something could not be seen. */
export type Health = 'ok' | 'drift' | 'unknown' | 'absent' | 'stopped';

export interface SiteStatus {
  site: string;
  health: Health;
  machines: Machine[];
  steps: ReturnType<typeof planData>;
  /** A run that goes on now. */
  running?: Holder;
  /** Sealed journals, the newest last. */
  journals: string[];
  /** At its cloud; absent: nothing, or nobody knows. */
  spent?: Spent;
  /** Of a site that is gone: whether a rebuild has a set to begin from; absent: nobody knows. */
  sets?: boolean;
  /** Another computer made a newer escrow than this one has seen; what is observed with the secrets here may be wrong. */
  stale?: Stale;
}

/** Observed now, by the very steps that build the site. */
export async function siteStatus(open: OpenSite): Promise<SiteStatus> {
  const { site, dirs, provider } = open;
  const [machines, running, journals, newer] = await Promise.all([
    provider.machines(site),
    // A store that gives no answer is a matter of its own step.
    siteLock(open)
      .holder()
      .catch(() => undefined),
    readdir(sealedDir(dirs.state)).catch(() => [] as string[]),
    newerElsewhere(open, 'status').catch(() => undefined),
  ]);
  const spent = await spentOn(open, machines);
  const base = {
    site: site.name,
    machines,
    ...(running && { running }),
    ...(spent && { spent }),
    ...(newer && { stale: newer }),
    journals: journals.sort(),
  };
  // A cluster that brings its own machines is asked itself.
  const ownMachines = provider.owned && site.hosts.length > 0;
  if (ownMachines && machines.length === 0) return { ...base, health: 'absent', steps: [], ...(await left(open)) };
  if (machines.some(machine => machine.power === 'off')) return { ...base, health: 'stopped', steps: [] };
  const plan = await planSite(open);
  const absent = plan.items.some(({ step, decision }) => step.id === 'eks.cluster' && isCreated(decision));
  const health: Health = plan.unknown > 0 || newer ? 'unknown' : absent ? 'absent' : plan.changes > 0 ? 'drift' : 'ok';
  return { ...base, health, steps: planData(plan), ...(absent && (await left(open))) };
}

async function left(open: OpenSite): Promise<Pick<SiteStatus, 'sets'>> {
  const sets = await setsLeft(open);
  return sets === undefined ? {} : { sets };
}

const isCreated = (decision: Decision) =>
  decision.is === 'changes' && decision.changes.some(({ action }) => action === 'create');
