import { readdir } from 'node:fs/promises';
import type { Dirs } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { HostWant, Site } from '../inventory/index.ts';
import { seconds } from '../time/index.ts';
import { identities, machineDir, machinesDir, readIdentity } from './identity.ts';
import { OPERATOR_KEY } from './keys.ts';
import type { Machinery } from './machinery.ts';
import { portHolder } from './port-holder.ts';
import type { Machine, Provider, Resource } from './provider.ts';
import { machineSteps, powerOf } from './steps.ts';

/** A process that is a machine of this computer. */
export interface MachineProcess {
  pid: number;
  uuid: string;
  name: string;
}

interface Local extends Pick<Provider, 'kind' | 'nodeAddress' | 'pace'> {
  machinery: Machinery;
  /** Of every site. */
  processes(): Promise<MachineProcess[]>;
  /** What is there of the site beside folders and ports: processes of this checkout and what else there may be. */
  more(): Promise<Resource[]>;
}

/** A machine that boots answers the first connection that was begun after its sshd was up. */
const KNOCK = seconds(0.7);

/** What providers of machines on this computer have in common: state in .muster/<site>/machines, ports on 127.0.0.1. */
export function localProvider(site: Site, dirs: Dirs, local: Local): Provider {
  const { kind, nodeAddress, pace, machinery } = local;
  const find = (name: string): HostWant => {
    const host = site.hosts.find(candidate => candidate.name === name);
    if (host) return host;
    throw absent(name, site);
  };
  return {
    kind,
    owned: true,
    gateway: '10.0.2.2',
    // Machines that left the inventory are removed with the site all the same.
    steps: (_, want) => machineSteps(site, want ?? site.hosts, machinery, want !== undefined),
    machines: () => machines(dirs, local),
    async endpoint(machine, kind) {
      const identity = await readIdentity(dirs.state, machine);
      if (!identity) throw absent(machine, site);
      const { ssh, api, web } = identity.forwards;
      const port = kind === 'ssh' ? ssh : kind === 'api' ? api : web;
      if (kind !== 'ssh') return { address: '127.0.0.1', port };
      const boots = machinery.again?.(machine) !== undefined;
      return { address: '127.0.0.1', port, hostKey: identity.hostKey, ...(boots && { knock: KNOCK }) };
    },
    nodeAddress,
    async login(machine, secrets) {
      const identity = await secrets.get(OPERATOR_KEY);
      if (!identity) throw absent(machine, site);
      return { user: 'root', identity };
    },
    pace,
    power: (machine, want) => powerOf(site, find(machine), machinery, want),
    list: () => resources(dirs, local),
  };
}

const absent = (machine: string, site: Site) =>
  new OpsError('HOST_ABSENT', `cannot find the machine ${machine}: ${site.name} has none of this name (yet)`);

async function machines(dirs: Dirs, { processes }: Local): Promise<Machine[]> {
  const [known, running] = await Promise.all([identities(dirs.state), processes()]);
  return known.map(({ name, uuid, site, owner, run }) => ({
    name,
    id: uuid,
    power: running.some(process => process.uuid === uuid) ? 'on' : 'off',
    tags: { site, owner, run },
  }));
}

/** Folders, ports that are still listened on, and what is the provider's own. */
async function resources(dirs: Dirs, { more }: Local): Promise<Resource[]> {
  const [known, others, folders] = await Promise.all([
    identities(dirs.state),
    more(),
    readdir(machinesDir(dirs.state)).catch(error => {
      if (error.code === 'ENOENT') return [] as string[];
      throw error;
    }),
  ]);
  const ports = known.flatMap(({ name, forwards }) => Object.values(forwards).map(port => listening(name, port)));
  return [
    ...others,
    ...folders.map(name => ({ kind: 'file', id: machineDir(dirs.state, name), detail: `machine ${name}` })),
    ...(await Promise.all(ports)).flat(),
  ];
}

async function listening(machine: string, port: number): Promise<Resource[]> {
  const holder = await portHolder(port);
  return holder === undefined
    ? []
    : [{ kind: 'port', id: `127.0.0.1:${port}`, detail: `of ${machine}, held by ${holder}` }];
}
