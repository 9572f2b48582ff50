import { readFile } from 'node:fs/promises';
import type { AnyStep } from '../../engine/index.ts';
import { OpsError, oneLine } from '../../errors/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import { Secret } from '../../secret/index.ts';
import type { Provider } from '../provider.ts';
import { reachableStep } from './steps.ts';

/** Hosts you bring, over SSH: never made, switched or removed. */
export function existingProvider(site: Site): Provider {
  const find = (name: string): HostWant => {
    const host = site.hosts.find(candidate => candidate.name === name);
    if (host) return host;
    throw new OpsError('HOST_ABSENT', `cannot find the host ${name}: ${site.path} has no such host`);
  };
  return {
    kind: 'existing',
    owned: false,
    steps: (_, want): AnyStep[] => (want ?? []).map(host => reachableStep(site, host)),
    machines: async () =>
      site.hosts.map(host => ({
        name: host.name,
        id: `${host.address}:${host.ssh?.port}`,
        power: 'unknown' as const,
        tags: { site: site.name, owner: '', run: '' },
      })),
    async endpoint(machine, kind) {
      const { address = '', ssh, ports } = find(machine);
      if (kind === 'ssh') return { address, port: ssh?.port ?? 22, ...(ssh && { hostKey: ssh.hostKey }) };
      return { address, port: (kind === 'api' ? ports?.api : ports?.web) ?? 0 };
    },
    nodeAddress: () => undefined,
    login: async machine => login(find(machine)),
    pace: async () => 1,
    power: machine => {
      throw new OpsError('SITE_NOT_OWNED', `cannot switch ${machine}: it is yours, not muster's`);
    },
    // What muster put on these hosts is removed, and seen gone, by the steps that put it there.
    list: async () => [],
  };
}

async function login({ name, ssh }: HostWant): Promise<{ user: string; identity: Secret }> {
  const path = ssh?.identity;
  if (!ssh || path === undefined)
    throw new OpsError('SSH_IDENTITY', `cannot log in to ${name}: its ssh.identity names no private key file`);
  const identity = await readFile(path, 'utf8').catch(cause => {
    throw new OpsError('SSH_IDENTITY', `cannot log in to ${name}: ${oneLine(cause)}`, { cause });
  });
  return { user: ssh.user, identity: new Secret(identity) };
}
