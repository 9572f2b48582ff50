import type { Aws } from '../aws/index.ts';
import type { Metered } from '../cost/index.ts';
import type { AnyStep } from '../engine/index.ts';
import type { HostWant, Site } from '../inventory/index.ts';
import type { Secret, SecretStore } from '../secret/index.ts';
import type { Duration } from '../time/index.ts';

/** Observed, never remembered. */
export interface Machine {
  name: string;
  /** The provider's own id: a UUID, an instance id. */
  id: string;
  power: 'on' | 'off' | 'unknown';
  tags: Tags;
}

/** On everything that muster makes. */
export interface Tags {
  site: string;
  owner: string;
  run: string;
}

export interface Endpoint {
  address: string;
  port: number;
  /** OpenSSH public key line ('ssh-ed25519 AAAA...'), for ssh. */
  hostKey?: string;
  /** It boots: how often another connection is begun beside those that stay silent. */
  knock?: Duration;
  /** Jump host. */
  via?: Endpoint & { user: string };
}

export type EndpointKind = 'ssh' | 'api' | 'web' | 'node-port';

/** Something that exists because of us, for the leak check. */
export interface Resource {
  /** 'process', 'file', 'port', 'machine'. */
  kind: string;
  id: string;
  /** What a person needs to find it. */
  detail: string;
  /** Milliseconds: when it was made, of what is known by its name only. */
  since?: number;
}

/** Of a cloud, as observed. */
export interface Network {
  vpc: string;
  subnets: readonly { id: string; zone: string; public: boolean }[];
}

/** lib/host/index.ts makes one: providerOf(site, dirs): Provider. Everything else of a provider stays in its folder. */
export interface Provider {
  kind: string;
  /** Existing hosts are never made or removed. */
  owned: boolean;
  /** Networks, disks, machines; `want` absent removes them. */
  steps(site: Site, want: readonly HostWant[] | undefined): AnyStep[];
  machines(site: Site): Promise<Machine[]>;
  /** Errors: HOST_ABSENT when there is no such machine (yet). */
  endpoint(machine: string, kind: EndpointKind): Promise<Endpoint>;
  /** What Kubernetes is to know the node by; undefined: the address of its default route. */
  nodeAddress(machine: string): string | undefined;
  /** Where its machines reach this computer's 127.0.0.1, as the lab's store; undefined: they do not. */
  gateway?: string;
  /** Who logs in and with which key; with endpoint(machine, 'ssh') all that a connection needs. */
  login(machine: string, secrets: SecretStore): Promise<{ user: string; identity: Secret }>;
  /** Of a cloud: the site's account. */
  aws?: Aws;
  /** Of a cloud: where the site's machines are, and what it makes its cluster in; undefined: not there yet. */
  network?(): Promise<Network | undefined>;
  /** Of a cloud: what Kubernetes made there that costs. Throws when it cannot tell. */
  metered?(): Promise<Metered[]>;
  /** Deadlines are multiplied by it: 1 on hardware and containers, more under emulation. Cached per boot of this computer. */
  pace(): Promise<number>;
  power(machine: string, want: 'on' | 'off' | 'kill'): AnyStep;
  /** Everything of these tags. Throws when it cannot tell: unknown is not empty. */
  list(tags: Partial<Tags>): Promise<Resource[]>;
}

/** Its machines are processes of the computer that made them: no other one runs the site. */
export const isOfOneComputer = ({ kind }: Pick<Provider, 'kind'>): boolean => kind === 'qemu' || kind === 'container';
