import { toYaml } from '../shell/index.ts';
import { type PlantedFile, RAISE_FENCE } from './fence.ts';

export interface CloudConfigWant {
  /** Absent: the metadata's. */
  hostname?: string;
  /** OpenSSH public key line of the one who logs in. */
  operatorKey: string;
  /** OpenSSH private and public key of the host. */
  hostPrivateKey: string;
  hostKey: string;
  /** Of a fence. */
  planted?: readonly PlantedFile[];
  /** With a fence: what cloud-init does before anything of ours runs, beside raising it. */
  modules: readonly string[];
}

/** User data for cloud-init. What is in it is planted before the first boot: no key is ever taken on trust. */
export function cloudConfig(want: CloudConfigWant): string {
  const { hostname, operatorKey, hostPrivateKey, hostKey, planted, modules } = want;
  const userData = {
    ...(hostname !== undefined && { hostname, preserve_hostname: false }),
    users: [{ name: 'root', ssh_authorized_keys: [operatorKey] }],
    disable_root: false,
    ssh_deletekeys: false,
    ssh_genkeytypes: [],
    ssh_keys: { ed25519_private: hostPrivateKey, ed25519_public: hostKey },
    // The machine's own name must resolve, or kubectl logs and exec fail.
    manage_etc_hosts: 'localhost',
    ...(planted && fenced(planted, modules)),
  };
  return `#cloud-config\n${toYaml(userData)}`;
}

/**
 * This boot has read its units already, so the fence is raised here, before there is a network; at the next one its unit
 * does it. The image's own list of modules has no bootcmd, or has it before the files are written.
 */
const fenced = (planted: readonly PlantedFile[], modules: readonly string[]) => ({
  cloud_init_modules: ['write-files', 'bootcmd', ...modules],
  write_files: planted.map(({ path, text }) => ({ path, content: text })),
  bootcmd: [[...RAISE_FENCE]],
});
