import { join } from 'node:path';
import { artifactDeps, findRecipe, PARTS, readLock, siteRecipe } from '../../artifact/index.ts';
import { newRun, type OpenSite } from '../../site/index.ts';
import { type DiskNeed, diskCheck, memoryCheck } from './capacity.ts';
import type { Check } from './check.ts';
import { acceleratorCheck } from './machines.ts';
import { packageCheck, packagesFor, reasonsOf } from './packages.ts';
import { rightsCheck } from './rights.ts';
import { goCheck, podmanCheck } from './tools.ts';

const GIB = 2 ** 30;
/** Modules, Go's build cache and what is built: 3.7, 5.7 and 1.2 GB were measured. */
const BUILD = 12 * GIB;

/** What this computer must have for a site, as far as it is not there yet. */
export async function checksFor(open: OpenSite): Promise<Check[]> {
  const { site, dirs, provider, ports } = open;
  const reasons = reasonsOf(site);
  const shell = await ports.shell('localhost');
  const builds = reasons.includes('module') && !(await allBuilt(open));
  const machines = provider.owned ? await provider.machines(site).catch(() => []) : [];
  const off = provider.owned
    ? site.hosts.filter(({ name }) => !machines.some(on => on.name === name && on.power === 'on'))
    : [];
  const absent = provider.owned ? site.hosts.filter(({ name }) => !machines.some(made => made.name === name)) : [];
  const names = (hosts: readonly { name: string }[]) => hosts.map(({ name }) => name).join(', ');
  const sum = (hosts: readonly { memory: number; disk: number }[], what: 'memory' | 'disk') =>
    hosts.reduce((total, host) => total + host[what], 0);
  const disk: DiskNeed[] = [
    ...(absent.length > 0
      ? [{ path: dirs.state, bytes: sum(absent, 'disk'), why: `the disks of ${names(absent)}` }]
      : []),
    ...(builds ? [{ path: dirs.cache, bytes: BUILD, why: 'building from modules' }] : []),
  ];
  const module = join(dirs.project, (await readLock(dirs.project)).module);
  return [
    packageCheck(packagesFor(reasons)),
    rightsCheck([join(dirs.project, '.muster'), dirs.cache], reasons.length > 0, shell),
    ...(site.provider.kind === 'qemu' ? [acceleratorCheck(site.provider.accelerator, provider)] : []),
    ...(reasons.includes('module') ? [goCheck(module, shell), podmanCheck(shell)] : []),
    diskCheck(disk),
    memoryCheck(sum(off, 'memory'), names(off)),
  ];
}

/** Whether the cache has everything, so that no room for building is needed. */
async function allBuilt(open: OpenSite): Promise<boolean> {
  const { clock, shell } = open.ports;
  const run = newRun(open, 'doctor', {});
  const deps = await artifactDeps(open.site, { run, signal: open.signal, clock, shell, progress: () => undefined });
  for (const part of PARTS) {
    const recipe = await siteRecipe(open.site, part, open.dirs.project);
    if (recipe && !(await findRecipe(recipe, deps).catch(() => undefined))) return false;
  }
  return true;
}
