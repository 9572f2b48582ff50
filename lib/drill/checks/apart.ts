import type { CheckResult } from '../../backup/index.ts';
import { clusterStamp } from '../../cluster/index.ts';
import { oneLine } from '../../errors/index.ts';
import { STAMP_PATH } from '../../host/index.ts';
import type { OpenSite } from '../../site/index.ts';
import { identityOf, type SiteIdentity } from '../neighbour.ts';
import type { Drill } from '../scenario.ts';

/** Pure. Why the target may be the source; undefined: it is another one. */
export function sameSite(
  source: SiteIdentity,
  target: SiteIdentity & { stamps: readonly string[] },
  name: string,
): string | undefined {
  const id = target.ids.find(one => source.ids.includes(one));
  if (id !== undefined) return `${id} is the source's`;
  const key = target.hostKeys.find(one => source.hostKeys.includes(one));
  if (key !== undefined) return `a host key or authority is the source's: ${key.slice(0, 80)}`;
  if (target.ids.length === 0 || target.hostKeys.length < target.ids.length) return 'it has no identity of its own';
  const stamp = target.stamps.find(one => one !== name);
  if (stamp !== undefined || target.stamps.length < target.ids.length)
    return `its stamp is '${stamp ?? 'none'}', and not '${name}'`;
  return undefined;
}

/** L0 of a rehearsal: where data is going to be restored is not where it came from. */
export async function apartResult({ beside, target }: Drill): Promise<CheckResult> {
  const about = {
    id: 'site.apart',
    title: 'The target is not the source',
    source: 'site',
    level: 'L0',
    required: true,
    expected: 'another id, other host keys or another authority, and the stamp of a rehearsal',
  } as const;
  try {
    if (!beside) throw new Error('who the source is was not said');
    const into = await identityOf(target);
    const stamps = await stampsOf(target);
    const same = sameSite(beside, { ...into, stamps }, target.site.name);
    if (same === undefined) return { ...about, state: 'passed', got: into.ids.join(', ') };
    return { ...about, state: 'unrun', code: 'DRILL_TARGET', got: same };
  } catch (error) {
    return { ...about, state: 'unrun', code: 'DRILL_TARGET', got: `not told apart: ${oneLine(error)}` };
  }
}

async function stampsOf({ site, ports }: OpenSite): Promise<string[]> {
  if (site.cluster.kind === 'eks') return [(await clusterStamp(await ports.cluster(site.name))) ?? 'none'];
  const read = async (host: string) => (await (await ports.shell(host)).run(['cat', STAMP_PATH])).trim();
  return Promise.all(site.hosts.map(({ name }) => read(name)));
}
