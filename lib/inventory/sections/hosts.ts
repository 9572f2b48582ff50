import { isIP } from 'node:net';
import { z } from 'zod';
import { label, path, port, size, text } from '../values.ts';

const HOST_KEY = "the host's OpenSSH public key, as in /etc/ssh/ssh_host_ed25519_key.pub";

const hostKey = text(
  /^(ssh-ed25519|ssh-rsa|ecdsa-sha2-nistp(256|384|521)) [A-Za-z0-9+/]{48,}={0,2}( [^\0\n]*)?$/,
  HOST_KEY,
).refine(namesItsOwnType, { error: `${HOST_KEY}, whole: this one is cut or altered` });

/** The blob begins with its own type: a key cut while it was pasted is seen here, not at the first connection. */
function namesItsOwnType(line: string): boolean {
  const [type = '', blob = ''] = line.split(' ');
  const bytes = Buffer.from(blob, 'base64');
  const named = bytes.length > 4 ? bytes.subarray(4, 4 + bytes.readUInt32BE(0)).toString('latin1') : '';
  return named === type && (type !== 'ssh-ed25519' || bytes.length === 51);
}

const ADDRESS = 'a host name, IPv4 or IPv6 address';

const address = text(/^[A-Za-z0-9:]([A-Za-z0-9.:-]{0,251}[A-Za-z0-9:])?$/, ADDRESS).refine(
  value => isIP(value) > 0 || (!value.includes(':') && !/^[0-9.]+$/.test(value)),
  { error: ADDRESS },
);

const ssh = z.strictObject({
  port: port.default(22),
  user: text(/^[a-z_][a-z0-9_-]{0,31}$/, 'a user name').describe('Root, or a user whose sudo asks for no password.'),
  identity: path
    .optional()
    .describe('A private key file, seen from this file. ~/ is your home. Absent: the SSH agent.'),
  hostKey: hostKey.describe(`${HOST_KEY}. Checked from the first connection on; nothing turns that off.`),
});

const host = z.strictObject({
  name: label.describe('Host name and node name.'),
  role: z.enum(['server', 'agent']),
  cpus: z.int().min(1).max(512).optional().describe('All providers but ec2.'),
  memory: size('2GiB')
    .optional()
    .describe('All providers but ec2. As 4GiB. A host you bring must have at least this much.'),
  instance: text(/^[a-z][a-z0-9-]*\.[a-z0-9-]+$/, 'an instance type like t3.large')
    .optional()
    .describe('Provider ec2 only: how large it is.'),
  disk: size('6GiB').describe('As 10GiB. A host you bring must have at least this much.'),
  address: address.optional().describe('Provider existing only: where it answers.'),
  ssh: ssh.optional().describe('Provider existing only: how to log in.'),
  ports: z
    .strictObject({ api: port, web: port })
    .optional()
    .describe('Provider existing only: where the Kubernetes API and the application answer at the address.'),
});

export const hosts = z
  .array(host)
  .readonly()
  .describe('The machines. None when the cluster brings its own, as EKS does.');

export type HostWant = z.infer<typeof host>;
