import { stringify } from 'yaml';
import { type PlantedFile, RAISE_FENCE } from '../fence.ts';
import type { QemuIdentity } from './identity.ts';

export interface SeedWant {
  identity: QemuIdentity;
  /** OpenSSH public key line of the one who logs in. */
  operatorKey: string;
  /** OpenSSH private key of the host. */
  hostPrivateKey: string;
  /** Of a fence. */
  planted?: readonly PlantedFile[];
}

/** NoCloud's files by name. What is in them is planted before the first boot: no key is ever taken on trust. */
export function seedFiles({ identity, operatorKey, hostPrivateKey, planted }: SeedWant): Record<string, string> {
  const userData = {
    users: [{ name: 'root', ssh_authorized_keys: [operatorKey] }],
    disable_root: false,
    ssh_deletekeys: false,
    ssh_genkeytypes: [],
    ssh_keys: { ed25519_private: hostPrivateKey, ed25519_public: identity.hostKey },
    // The machine's own name must resolve, or kubectl logs and exec fail.
    manage_etc_hosts: 'localhost',
    ...(planted && fenced(planted)),
  };
  return {
    'user-data': `#cloud-config\n${stringify(userData)}`,
    'meta-data': stringify({ 'instance-id': identity.uuid, 'local-hostname': identity.name, dsmode: 'local' }),
    'network-config': stringify(network(identity)),
  };
}

/**
 * This boot has read its units already, so the fence is raised here, before there is a network; at the next one its unit
 * does it. The image's own list of modules has no bootcmd.
 */
const fenced = (planted: readonly PlantedFile[]) => ({
  cloud_init_modules: ['write-files', 'bootcmd', 'set_hostname', 'update_etc_hosts', 'users-groups', 'ssh'],
  write_files: planted.map(({ path, text }) => ({ path, content: text })),
  bootcmd: [[...RAISE_FENCE]],
});

/** Fixed addresses of QEMU's user-mode network: nothing waits for DHCP. */
const network = ({ macs, address }: QemuIdentity) => ({
  version: 2,
  ethernets: {
    eth0: { match: { macaddress: macs.out }, 'set-name': 'eth0', addresses: ['10.0.2.15/24'], gateway4: '10.0.2.2' },
    eth1: { match: { macaddress: macs.segment }, 'set-name': 'eth1', addresses: [`${address}/24`] },
  },
});
