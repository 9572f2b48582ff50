import type { CheckResult } from '../../backup/index.ts';
import { oneLine } from '../../errors/index.ts';
import { STAMP_PATH } from '../../host/index.ts';
import type { OpenSite } from '../../site/index.ts';
import type { Drill } from '../scenario.ts';

/** What makes a site this one. Nothing of it lies in a backed-up path: what travels with a restore is lineage. */
export interface SiteIdentity {
  /** The provider's own. */
  ids: readonly string[];
  /** OpenSSH public key lines. */
  hostKeys: readonly string[];
}

/** Pure. Why the target may be the source; undefined: it is another one. */
export function sameSite(
  source: SiteIdentity,
  target: SiteIdentity & { stamps: readonly string[] },
  name: string,
): string | undefined {
  const id = target.ids.find(one => source.ids.includes(one));
  if (id !== undefined) return `machine ${id} is the source's`;
  const key = target.hostKeys.find(one => source.hostKeys.includes(one));
  if (key !== undefined) return `a host key is the source's: ${key.slice(0, 80)}`;
  if (target.ids.length === 0 || target.hostKeys.length < target.ids.length) return 'it has no identity of its own';
  const stamp = target.stamps.find(one => one !== name);
  if (stamp !== undefined || target.stamps.length < target.ids.length)
    return `its stamp is '${stamp ?? 'none'}', and not '${name}'`;
  return undefined;
}

/** L0 of a rehearsal: where data is going to be restored is not where it came from. */
export async function apartResult({ source, target }: Drill): Promise<CheckResult> {
  const about = {
    id: 'site.apart',
    title: 'The target is not the source',
    source: 'site',
    level: 'L0',
    required: true,
    expected: 'other machine ids, other host keys, and the stamp of a rehearsal',
  } as const;
  try {
    const [from, into] = await Promise.all([identityOf(source), identityOf(target)]);
    const stamps = await Promise.all(target.site.hosts.map(({ name }) => stampOf(target, name)));
    const same = sameSite(from, { ...into, stamps }, target.site.name);
    if (same === undefined) return { ...about, state: 'passed', got: into.ids.join(', ') };
    return { ...about, state: 'unrun', code: 'DRILL_TARGET', got: same };
  } catch (error) {
    return { ...about, state: 'unrun', code: 'DRILL_TARGET', got: `not told apart: ${oneLine(error)}` };
  }
}

/** A source without machines is one that nothing can be mistaken for. */
async function identityOf({ site, provider }: OpenSite): Promise<SiteIdentity> {
  const machines = await provider.machines(site);
  const ways = await Promise.all(machines.map(({ name }) => provider.endpoint(name, 'ssh')));
  return { ids: machines.map(({ id }) => id), hostKeys: ways.flatMap(({ hostKey }) => hostKey ?? []) };
}

const stampOf = async ({ ports }: OpenSite, host: string): Promise<string> =>
  (await (await ports.shell(host)).run(['cat', STAMP_PATH])).trim();
