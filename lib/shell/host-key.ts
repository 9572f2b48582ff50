import { createHash } from 'node:crypto';
import { OpsError } from '../errors/index.ts';

export interface HostKey {
  type: string;
  blob: Buffer;
}

/** An OpenSSH public key line: 'ssh-ed25519 AAAA... comment'. Errors: HOST_KEY_CHANGED when it is none. */
export function parseHostKey(line: string, host: string): HostKey {
  const [type = '', base64 = ''] = line.trim().split(/\s+/);
  const blob = Buffer.from(base64, 'base64');
  // The blob names its own type: a line of two keys' halves must not pass.
  if (type === '' || typeOf(blob) !== type) {
    throw new OpsError(
      'HOST_KEY_CHANGED',
      `cannot connect to ${host}: its known host key ${JSON.stringify(line.trim())} is no OpenSSH public key`,
      { hint: 'write the line of /etc/ssh/ssh_host_ed25519_key.pub of that host into the inventory' },
    );
  }
  return { type, blob };
}

/** As ssh-keygen -l prints it. */
export const fingerprint = (blob: Buffer): string =>
  `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`;

/** What a server is asked to show: the known key's type first, so that a host with several keys shows that one. */
export function hostKeyOrder(type: string): string[] {
  const rsa = ['rsa-sha2-512', 'rsa-sha2-256'];
  const all = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', ...rsa];
  return [...new Set([...(type === 'ssh-rsa' ? rsa : [type]), ...all])].filter(name => all.includes(name));
}

export function hostKeyChanged(host: string, where: string, known: HostKey, shown: Buffer): OpsError {
  return new OpsError(
    'HOST_KEY_CHANGED',
    `cannot connect to ${host} (${where}): it shows the host key ${typeOf(shown)} ${fingerprint(shown)}, known is ${known.type} ${fingerprint(known.blob)}`,
    {
      hint: `compare with "ssh-keygen -lf /etc/ssh/ssh_host_*_key.pub" on the machine's own console; nothing was sent to it`,
    },
  );
}

const typeOf = (blob: Buffer): string =>
  blob.length < 4 ? '?' : blob.toString('latin1', 4, 4 + Math.min(blob.readUInt32BE(0), 64));
