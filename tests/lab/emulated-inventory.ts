/** A lab of one machine on QEMU that is backed up and drilled, as a user's own; its objectives are those of emulation. */
export const emulatedInventory = (site: string): string => `
site: { name: ${site} }
environment: lab
artifacts: { sources: [module] }
provider: { kind: qemu, accelerator: auto }
hosts:
  - { name: server-1, role: server, cpus: 2, memory: 4GiB, disk: 10GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: true }
app: { users: 10000, avatars: 200 }
backup:
  store: { kind: local }
  sources: [postgres, velero, control-plane]
  namespaces: [app]
  rpo: { postgres: 30m, velero: 30m, control-plane: 30m }
  rto: 6m
drills: { heartbeat: 30s, proof: 30d }
`;
