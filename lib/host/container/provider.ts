import type { Dirs } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { exists } from '../exists.ts';
import type { Fence } from '../fence.ts';
import { localProvider } from '../local-provider.ts';
import type { Provider, Resource } from '../provider.ts';
import { containerMachinery } from './machinery.ts';
import { containerFiles } from './podman.ts';
import { containerProcesses, machineName } from './processes.ts';

/** Machines as containers of this computer: up in seconds, for labs. */
export const containerProvider = (site: Site, dirs: Dirs, fence?: Fence): Provider =>
  localProvider(site, dirs, {
    kind: 'container',
    machinery: containerMachinery(site, fence),
    processes: containerProcesses,
    // The address of slirp4netns's default route, the same in each: nothing but its own pods ever uses it.
    nodeAddress: () => undefined,
    pace: async () => 1,
    more: async () => (await Promise.all([running(site, dirs), notes(site, dirs)])).flat(),
  });

/** By name and console: another checkout may have a site of the same name. */
async function running(site: Site, dirs: Dirs): Promise<Resource[]> {
  const ours = (await containerProcesses()).filter(
    ({ name, log }) => name.startsWith(machineName(site.name, '')) && log.startsWith(`${dirs.state}/`),
  );
  return ours.map(({ pid, name }) => ({ kind: 'container', id: name, detail: `process ${pid}` }));
}

/** What podman left of a machine. */
async function notes(site: Site, dirs: Dirs): Promise<Resource[]> {
  const all = site.hosts.map(({ name }) => ({ name, path: containerFiles(dirs.state, name).run }));
  const there = await Promise.all(all.map(({ path }) => exists(path)));
  return all
    .filter((_, at) => there[at])
    .map(({ name, path }) => ({ kind: 'file', id: path, detail: `machine ${name}` }));
}
