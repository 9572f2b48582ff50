import { join } from 'node:path';
import { artifactDeps, findRecipe, PARTS, readLock, siteRecipe } from '../../artifact/index.ts';
import { portHolder } from '../../host/port-holder.ts';
import { isFree } from '../../host/ports.ts';
import { TRANSLATED } from '../../host/qemu/arguments.ts';
import { probedKvm } from '../../host/qemu/kvm.ts';
import { newRun, type OpenSite } from '../../site/index.ts';
import { type DiskNeed, diskCheck, memoryCheck } from './capacity.ts';
import { type Check, runChecks, unfit } from './check.ts';
import { acceleratorCheck, portCheck } from './machines.ts';
import { packageCheck, packagesFor, reasonsOf } from './packages.ts';
import { rightsCheck } from './rights.ts';
import { goCheck, podmanCheck } from './tools.ts';

const [MIB, GIB] = [2 ** 20, 2 ** 30];
/** Modules, Go's build cache, what is built, images: 3.7, 7.1, 3.4 and 0.4 GB were measured. */
const BUILD = 15 * GIB;

/** What this computer must have for a site, as far as it is not there yet: nothing is asked for that is built or runs. */
export async function checksFor(open: OpenSite): Promise<Check[]> {
  const { site, dirs, ports } = open;
  const reasons = reasonsOf(site);
  const shell = await ports.shell('localhost');
  const builds = reasons.includes('module') && !(await allBuilt(open));
  const { off, absent, unseen } = await missingMachines(open);
  const disk: DiskNeed[] = [
    ...(absent.length > 0
      ? [{ path: dirs.state, bytes: sum(absent, 'disk'), why: `the disks of ${names(absent)}` }]
      : []),
    ...(builds ? [{ path: dirs.cache, bytes: BUILD, why: 'building from modules' }] : []),
  ];
  const module = join(dirs.project, (await readLock(dirs.project)).module);
  return [
    ...unseen,
    packageCheck(packagesFor(reasons)),
    rightsCheck([join(dirs.project, '.muster'), dirs.cache], reasons.length > 0, shell),
    ...machineChecks(site.provider, off.length > 0, dirs),
    ...(builds ? [goCheck(module, shell), podmanCheck(shell)] : []),
    diskCheck(disk),
    await memoryOf(open, off),
  ];
}

const names = (hosts: readonly Host[]) => hosts.map(({ name }) => name).join(', ');
const sum = (hosts: readonly Host[], what: 'memory' | 'disk') =>
  hosts.reduce((total, host) => total + (host[what] ?? 0), 0);

/** An emulated machine holds what it has translated besides its memory. */
async function memoryOf({ site, dirs }: OpenSite, off: readonly Host[]): Promise<Check> {
  const { provider } = site;
  const emulated =
    provider.kind === 'qemu' && (provider.accelerator === 'tcg' || (await probedKvm(dirs)) === false) && off.length > 0;
  if (!emulated) return memoryCheck(sum(off, 'memory'), names(off));
  return memoryCheck(sum(off, 'memory') + off.length * TRANSLATED * MIB, `${names(off)}, emulated`);
}

interface Missing {
  /** To be switched on: they want memory. */
  off: Host[];
  /** To be made: they want disk. */
  absent: Host[];
  /** Set when machines could not be looked at; nothing is then said of memory and disk for them. */
  unseen: Check[];
}

type Host = OpenSite['site']['hosts'][number];

async function missingMachines({ site, provider }: OpenSite): Promise<Missing> {
  // Machines elsewhere take no room here.
  if (!provider.owned || provider.kind === 'ec2') return { off: [], absent: [], unseen: [] };
  try {
    const machines = await provider.machines(site);
    const named = ({ name }: Host) => machines.find(machine => machine.name === name);
    const off = site.hosts.filter(host => named(host)?.power !== 'on');
    return { off, absent: site.hosts.filter(host => !named(host)), unseen: [] };
  } catch (error) {
    const look = () => Promise.reject(error);
    return { off: [], absent: [], unseen: [{ name: 'machines', why: 'those that are there need no more room', look }] };
  }
}

function machineChecks(provider: OpenSite['site']['provider'], off: boolean, dirs: OpenSite['dirs']): Check[] {
  if (!('ports' in provider)) return [];
  const named = Object.fromEntries(Object.entries(provider.ports ?? {}).filter(([, port]) => port !== undefined));
  // A machine that runs has its ports itself.
  const ports = portCheck(off ? named : {}, isFree, async port => portHolder(port));
  return provider.kind === 'qemu' ? [acceleratorCheck(provider.accelerator, () => probedKvm(dirs)), ports] : [ports];
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

/** Before the first effect, not after a quarter of an hour; not asked of a site that stands. Errors: COMPUTER_UNFIT. */
export async function preflight(open: OpenSite): Promise<void> {
  const { site, provider } = open;
  const { off, unseen } = await missingMachines(open);
  if (provider.owned && off.length === 0 && unseen.length === 0) return;
  const error = unfit(site.name, await runChecks(await checksFor(open), open.signal));
  if (error) throw error;
}
