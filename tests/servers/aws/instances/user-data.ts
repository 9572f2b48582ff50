import { parse } from 'yaml';

/** Keys of cloud-config that the instances here apply, with what may stand below them. */
const KNOWN: Record<string, readonly string[] | undefined> = {
  users: ['name', 'ssh_authorized_keys', 'sudo', 'shell', 'groups', 'lock_passwd'],
  ssh_keys: ['ed25519_private', 'ed25519_public'],
  write_files: ['path', 'content', 'permissions', 'owner', 'encoding'],
  disable_root: undefined,
  ssh_deletekeys: undefined,
  ssh_genkeytypes: undefined,
  manage_etc_hosts: undefined,
  hostname: undefined,
  fqdn: undefined,
  preserve_hostname: undefined,
  bootcmd: undefined,
  cloud_init_modules: undefined,
};

/**
 * The text of a user data that is understood whole: cloud-init itself passes over what it does not know, and a test would
 * not see it. `runcmd` and packages come at a later stage of a boot, which the image does not have.
 */
export function checkUserData(base64: string | undefined): string | undefined {
  if (base64 === undefined) return undefined;
  const text = Buffer.from(base64, 'base64').toString();
  if (!text.startsWith('#cloud-config\n')) throw new Error('user data must begin with #cloud-config here');
  const data: unknown = parse(text);
  if (typeof data !== 'object' || data === null) throw new Error('user data holds no mapping');
  for (const [key, value] of Object.entries(data)) {
    if (!(key in KNOWN)) throw new Error(`user data has ${key}, which the instances here do not apply`);
    const inner = (Array.isArray(value) ? value : [value]).filter(each => typeof each === 'object' && each !== null);
    const allowed = KNOWN[key];
    if (!allowed) continue;
    const other = inner.flatMap(each => Object.keys(each)).find(name => !allowed.includes(name));
    if (other !== undefined) throw new Error(`user data has ${key}.${other}, which the instances here do not apply`);
  }
  return text;
}
