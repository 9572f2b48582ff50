import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ctx } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { HostWant, Site } from '../inventory/index.ts';
import { chooseForwards, type Forwards } from './ports.ts';

/** What makes a machine of this computer this one, chosen before anything of it is made: a killed run finds it again. */
export interface Identity {
  name: string;
  site: string;
  /** The checkout: two of them may have a site of the same name. */
  owner: string;
  run: string;
  uuid: string;
  forwards: Forwards;
  /** OpenSSH public key line, planted before the first boot. */
  hostKey: string;
}

export const machinesDir = (state: string): string => join(state, 'machines');
/** Of one machine; 0700. */
export const machineDir = (state: string, name: string): string => join(machinesDir(state), name);
export const identityPath = (state: string, name: string) => join(machineDir(state, name), 'machine.json');

/** Free ports included, and none of `kept`. Errors: PORT_TAKEN. */
export const newIdentity = async (
  site: Site,
  host: HostWant,
  hostKey: string,
  { run }: Ctx,
  kept: ReadonlySet<number>,
): Promise<Identity> => ({
  name: host.name,
  site: site.name,
  owner: run.dirs.project,
  run: run.id,
  uuid: randomUUID(),
  forwards: await chooseForwards(site, new Set([...kept, ...(await keptPorts(run.dirs.state))])),
  hostKey,
});

/** undefined: there is none. Errors: MACHINE_DAMAGED when it is not one. */
export async function readIdentity<I extends Identity = Identity>(state: string, name: string): Promise<I | undefined> {
  const path = identityPath(state, name);
  const text = await readFile(path, 'utf8').catch(error => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text) as I;
  } catch (cause) {
    throw new OpsError('MACHINE_DAMAGED', `cannot read ${path}: it is not what muster wrote`, { cause });
  }
}

/** Errors: HOST_ABSENT. */
export async function knownIdentity<I extends Identity = Identity>(state: string, name: string): Promise<I> {
  const identity = await readIdentity<I>(state, name);
  if (identity) return identity;
  throw new OpsError('HOST_ABSENT', `cannot find the machine ${name} in ${state}`);
}

/** Whole or not at all, and durable. */
export async function writeIdentity(state: string, identity: Identity): Promise<void> {
  await mkdir(machineDir(state, identity.name), { recursive: true, mode: 0o700 });
  const path = identityPath(state, identity.name);
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  await file.writeFile(`${JSON.stringify(identity, null, 2)}\n`);
  await file.sync();
  await file.close();
  await rename(draft, path);
}

const names = (dir: string) => readdir(dir).catch(() => [] as string[]);

/** Of all machines of a site, in the order of their names. */
export async function identities(state: string): Promise<Identity[]> {
  const all = (await names(machinesDir(state))).sort();
  return (await Promise.all(all.map(name => readIdentity(state, name)))).flatMap(identity => identity ?? []);
}

/** Ports that machines of this checkout keep, on or off, of every site. */
export async function keptPorts(state: string): Promise<Set<number>> {
  const sites = dirname(state);
  const states = (await names(sites)).map(site => join(sites, site));
  const machines = await Promise.all(
    // Another site's damaged machine is no matter of this one.
    states.map(async dir =>
      Promise.all((await names(machinesDir(dir))).map(name => readIdentity(dir, name).catch(() => undefined))),
    ),
  );
  return new Set(machines.flat().flatMap(machine => Object.values<number>({ ...machine?.forwards })));
}
