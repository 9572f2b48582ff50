/** What differs between labs that are drilled, as YAML has it. */
interface Differs {
  provider?: string;
  store?: string;
  users?: number;
  avatars?: number;
  /** Sets that retention leaves. */
  keep?: number;
  rto?: string;
}

/** A lab of one container that is backed up and drilled: everything that brings data back works in it within minutes. */
export const drilledInventory = (
  site: string,
  {
    provider = '{ kind: container }',
    store = '{ kind: local }',
    users = 2000,
    avatars = 50,
    keep,
    rto = '5m',
  }: Differs = {},
): string => `
site: { name: ${site} }
environment: lab
artifacts: { sources: [module] }
provider: ${provider}
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 4GiB, disk: 10GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: false }
app: { users: ${users}, avatars: ${avatars} }
backup:
  store: ${store}
  sources: [postgres, velero, control-plane]
  namespaces: [app]
${keep === undefined ? '' : `  keep: ${keep}\n`}  rpo: { postgres: 1h, velero: 1h, control-plane: 1h }
  rto: ${rto}
drills: { heartbeat: 5s, proof: 30d }
`;
