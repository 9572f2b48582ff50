import { toYaml } from '../../shell/index.ts';
import { cloudConfig } from '../cloud-config.ts';
import type { PlantedFile } from '../fence.ts';
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

const MODULES = ['set_hostname', 'update_etc_hosts', 'users-groups', 'ssh'];

/** NoCloud's files by name. */
export const seedFiles = ({ identity, ...keys }: SeedWant): Record<string, string> => ({
  'user-data': cloudConfig({ ...keys, hostKey: identity.hostKey, modules: MODULES }),
  'meta-data': toYaml({ 'instance-id': identity.uuid, 'local-hostname': identity.name, dsmode: 'local' }),
  'network-config': toYaml(network(identity)),
});

/** Fixed addresses of QEMU's user-mode network: nothing waits for DHCP. */
const network = ({ macs, address }: QemuIdentity) => ({
  version: 2,
  ethernets: {
    eth0: { match: { macaddress: macs.out }, 'set-name': 'eth0', addresses: ['10.0.2.15/24'], gateway4: '10.0.2.2' },
    eth1: { match: { macaddress: macs.segment }, 'set-name': 'eth1', addresses: [`${address}/24`] },
  },
});
