/** A site on the stand-in's machines, without backups: what follows is appended. `bundle`: outside labs, with what was built. */
export const ec2Inventory = (site: string, account: string, bundle?: { dir: string; digest?: string }) => `
site: { name: ${site} }
environment: ${bundle ? 'staging' : 'lab'}
artifacts: ${JSON.stringify(bundle ? { sources: ['bundle'], bundle: bundle.dir, bundleDigest: bundle.digest } : { sources: ['module'] })}
provider: { kind: ec2, account: '${account}', region: eu-central-1, access: [127.0.0.1/32] }
hosts:
  - { name: server-1, role: server, instance: t3.large, disk: 20GiB }
cluster: { kind: k3s, version: v1.36.3+k3s-lab }
addons: { coredns: true, local-path: true, metrics-server: false }
app: { users: 200, avatars: 20 }
`;
