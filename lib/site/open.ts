import { join } from 'node:path';
import { WINDOW } from '../addon/velero/manifests/window.ts';
import { k3sVersions, readLock } from '../artifact/index.ts';
import { type Aws, type AwsEnv, connectAws } from '../aws/index.ts';
import { clusterPort, nodeShell, siteToken, tokenSource } from '../cluster/index.ts';
import type { Dirs, Emit, Ports, Run, RunEnv } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { providerOf } from '../host/index.ts';
import type { Endpoint, Provider } from '../host/provider.ts';
import { loadInventory, type Site } from '../inventory/index.ts';
import { FileSecretStore, Masker, type Secret } from '../secret/index.ts';
import { createFacts, createShells, type Running, type SshTarget } from '../shell/index.ts';
import { type Clock, systemClock } from '../time/index.ts';
import { type Rehearsal, siteDirs } from './place.ts';
import { storePort } from './store-port.ts';

export interface OpenOptions {
  project: string;
  /** inventories/<name>.yaml */
  name: string;
  signal: AbortSignal;
  emit: Emit;
  /** Steps side by side. */
  limit?: number;
  clock?: Clock;
  /** The file of the age identity that a person brought, absolute. */
  identity?: string;
  /** Instead of ~/.cache. */
  cache?: string;
}

/** A site with everything wired that its steps use. */
export interface OpenSite {
  site: Site;
  dirs: Dirs;
  provider: Provider;
  /** Its account, where it has one. Nothing is loaded before the first call. */
  aws?: Aws;
  /** Beside another one. */
  rehearsal?: Rehearsal;
  ports: Ports;
  masker: Masker;
  signal: AbortSignal;
  emit: Emit;
  env(run: Run): RunEnv;
  /** Commands that still run on hosts though their connection is gone. */
  stillRunning(): readonly Running[];
  close(): Promise<void>;
}

/** Reads the inventory and wires the ports; connects to nothing yet. Errors: INVENTORY_*. */
export async function openSite(options: OpenOptions): Promise<OpenSite> {
  const { project, name, identity } = options;
  const read = await loadInventory(join(project, 'inventories', `${name}.yaml`), {
    k3sVersions: k3sVersions(await readLock(project)),
  });
  const site: Site = { ...read, ...(identity !== undefined && { identity }) };
  const clock = options.clock ?? systemClock;
  return wireSite(site, { ...options, clock, dirs: siteDirs(project, name, options.cache), masker: new Masker() });
}

interface Wiring extends Pick<OpenOptions, 'project' | 'signal' | 'emit' | 'limit'> {
  clock: Clock;
  dirs: Dirs;
  masker: Masker;
  rehearsal?: Rehearsal;
}

/** Connects to nothing yet. */
export async function wireSite(site: Site, wiring: Wiring): Promise<OpenSite> {
  const { project, dirs, clock, signal, emit, masker, rehearsal } = wiring;
  const { name } = site;
  const secrets = new FileSecretStore(join(dirs.state, 'secrets'), masker);
  const aws = awsOf(site, { clock, signal, random: Math.random });
  const provider = providerOf(site, dirs, { fence: rehearsal?.fence, aws });
  const connect = async (host: string) =>
    sshTarget(host, await provider.endpoint(host, 'ssh'), await provider.login(host, secrets));
  const shells = createShells({ connect, clock, signal, masker });
  const token = tokenSource(now => siteToken(site, process.env, now), clock.now);
  const clusters = clusterPort(project, { clock, signal, random: Math.random, token });
  const reach = { source: rehearsal?.of, dirs, secrets, provider };
  const store = storePort(site, { ...reach, clock, signal, random: Math.random });
  // Nodes that AWS made let nobody log in; what is to be seen of them is seen by a container.
  const isNode = (host: string) => site.cluster.kind === 'eks' && host !== 'localhost';
  const shell: Ports['shell'] = async host =>
    isNode(host) ? nodeShell(host, WINDOW, () => clusters.open(name), masker) : shells.shell(host);
  const ports: Ports = {
    clock,
    secrets,
    facts: createFacts(shell),
    shell,
    cluster: clusters.open,
    store: store.open,
  };
  const pace = await provider.pace();
  return {
    site,
    dirs,
    provider,
    ...(aws && { aws }),
    ...(rehearsal && { rehearsal }),
    ports,
    masker,
    signal,
    emit,
    env: run => ({ run, ports, signal, emit, pace, limit: wiring.limit ?? 16 }),
    stillRunning: shells.stillRunning,
    close: async () => {
      store.close();
      aws?.close();
      await Promise.allSettled([shells.close(), clusters.close()]);
    },
  };
}

const awsOf = ({ provider }: Site, env: AwsEnv): Aws | undefined =>
  provider.kind === 'ec2' ? connectAws(provider, env) : undefined;

/** Errors: HOST_KEY_UNKNOWN: no connection is made to a host that cannot prove who it is. */
export function sshTarget(
  host: string,
  { via, ...endpoint }: Endpoint,
  identity: { user: string; identity: Secret },
): SshTarget {
  const { hostKey } = endpoint;
  if (hostKey === undefined)
    throw new OpsError('HOST_KEY_UNKNOWN', `cannot connect to ${host}: its host key is not known`);
  const target = { ...endpoint, hostKey, ...identity };
  return via ? { ...target, via: sshTarget(`the jump host of ${host}`, via, { ...identity, user: via.user }) } : target;
}
