import { readdir } from 'node:fs/promises';
import type { Dirs } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import type { Machine, Provider, Resource, Tags } from '../provider.ts';
import { processName } from './arguments.ts';
import { OPERATOR_KEY } from './create.ts';
import { type Identity, machineFiles, machinesDir, readIdentity, segmentAddress } from './identity.ts';
import { EMULATED_PACE, probedKvm } from './kvm.ts';
import { portHolder, type QemuProcess, qemuProcesses } from './processes.ts';
import { machineSteps, powerOf } from './steps.ts';

/** Virtual machines of this computer, without a daemon. */
export function qemuProvider(site: Site, dirs: Dirs): Provider {
  const find = (name: string): HostWant => {
    const host = site.hosts.find(candidate => candidate.name === name);
    if (host) return host;
    throw absent(name, site);
  };
  return {
    kind: 'qemu',
    owned: true,
    // Machines that left the inventory are removed with the site all the same.
    steps: (_, want) => machineSteps(site, want ?? site.hosts, want !== undefined),
    machines: () => machines(dirs),
    async endpoint(machine, kind) {
      const identity = await readIdentity(dirs.state, machine);
      if (!identity) throw absent(machine, site);
      const port =
        kind === 'ssh' ? identity.forwards.ssh : kind === 'api' ? identity.forwards.api : identity.forwards.web;
      return { address: '127.0.0.1', port, ...(kind === 'ssh' && { hostKey: identity.hostKey }) };
    },
    nodeAddress: machine => segmentAddress(site.hosts.findIndex(host => host.name === machine)),
    async login(machine, secrets) {
      const identity = await secrets.get(OPERATOR_KEY);
      if (!identity) throw absent(machine, site);
      return { user: 'root', identity };
    },
    pace: async () => {
      const wanted = site.provider.kind === 'qemu' ? site.provider.accelerator : 'auto';
      return wanted !== 'tcg' && (await probedKvm(dirs)) ? 1 : EMULATED_PACE;
    },
    power: (machine, want) => powerOf(site, find(machine), want),
    list: tags => resources(dirs, { site: site.name, ...tags }),
  };
}

const absent = (machine: string, site: Site) =>
  new OpsError('HOST_ABSENT', `cannot find the machine ${machine}: ${site.name} has none of this name (yet)`);

async function identities(dirs: Dirs): Promise<Identity[]> {
  const names = await readdir(machinesDir(dirs.state)).catch(() => [] as string[]);
  return (await Promise.all(names.sort().map(name => readIdentity(dirs.state, name)))).flatMap(
    identity => identity ?? [],
  );
}

async function machines(dirs: Dirs): Promise<Machine[]> {
  const [known, processes] = await Promise.all([identities(dirs), qemuProcesses()]);
  return known.map(({ name, uuid, site, owner, run }) => ({
    name,
    id: uuid,
    power: processes.some(process => process.uuid === uuid) ? 'on' : 'off',
    tags: { site, owner, run },
  }));
}

/** Processes by the tags on their command lines, folders, and ports that are still listened on. */
async function resources(dirs: Dirs, { site = '' }: Partial<Tags>): Promise<Resource[]> {
  const [known, processes, folders] = await Promise.all([
    identities(dirs),
    qemuProcesses(),
    readdir(machinesDir(dirs.state)).catch(error => {
      if (error.code === 'ENOENT') return [] as string[];
      throw error;
    }),
  ]);
  const running = processes.filter(process => isOurs(process, site, dirs));
  const ports = await Promise.all(
    known.flatMap(({ name, forwards }) => Object.values(forwards).map(port => listening(name, port))),
  );
  return [
    ...running.map(({ pid, name }) => ({ kind: 'process', id: `${pid}`, detail: name })),
    ...folders.map(name => ({ kind: 'file', id: machineFiles(dirs.state, name).dir, detail: `machine ${name}` })),
    ...ports.flat(),
  ];
}

/** Of this checkout: another one may have a site of the same name. */
const isOurs = ({ name, args }: QemuProcess, site: string, dirs: Dirs) =>
  name.startsWith(processName(site, '')) &&
  args.includes(`type=11,value=muster.owner=${dirs.project.replaceAll(',', ',,')}`);

async function listening(machine: string, port: number): Promise<Resource[]> {
  const holder = await portHolder(port);
  return holder === undefined
    ? []
    : [{ kind: 'port', id: `127.0.0.1:${port}`, detail: `of ${machine}, held by ${holder}` }];
}
