// Placeholder types until sections/ exist: the shape is settled, the zod schemas become its source.
export interface HostWant {
  name: string;
  role: 'server' | 'agent';
  cpus: number;
  /** Bytes. */
  memory: number;
  /** Bytes. */
  disk: number;
  /** Provider existing only. */
  address?: string;
  ssh?: { port: number; user: string; identity?: string; hostKey: string };
  ports?: { api: number; web: number };
}

export interface Site {
  name: string;
  /** Where the inventory was read from. */
  path: string;
  environment: 'lab' | 'dev' | 'test' | 'staging' | 'production';
  artifacts: { sources: readonly ('release' | 'mirror' | 'bundle' | 'module')[]; mirror?: string; bundle?: string };
  provider:
    | { kind: 'qemu'; accelerator: 'auto' | 'kvm' | 'tcg'; ports?: { ssh?: number; api?: number; web?: number } }
    | { kind: 'existing' };
  hosts: readonly HostWant[];
  cluster: { kind: 'k3s'; version: string };
  addons: { coredns: boolean; 'local-path': boolean; 'metrics-server': boolean };
  app?: { users: number; avatars: number };
}
