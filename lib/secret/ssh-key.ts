import { Secret } from './secret.ts';

export interface SshKeyPair {
  /** One line as in authorized_keys: type, key, comment. */
  publicKey: string;
  /** As in ~/.ssh/id_ed25519: OpenSSH format, with the line break at the end that sshd wants. */
  privateKey: Secret;
}

/** Two lengths of 4 bytes, 'ssh-ed25519', 32 bytes of key. */
const BLOB_LENGTH = 4 + 11 + 4 + 32;

/** A new ed25519 pair, for a login or as a host key. The comment is one line. */
export async function createSshKeyPair(comment: string): Promise<SshKeyPair> {
  // Loaded here: ssh2 costs more to load than most commands need in all.
  const { default: ssh2 } = await import('ssh2');
  const make = () => ssh2.utils.generateKeyPairSync('ed25519', { comment });
  let pair = make();
  // ssh2 cuts zero bytes off the front of a public key: one pair in 256 is broken, and no OpenSSH loads it.
  while (Buffer.from(pair.public.split(' ')[1] ?? '', 'base64').length !== BLOB_LENGTH) pair = make();
  return { publicKey: pair.public.trim(), privateKey: new Secret(`${pair.private.trim()}\n`) };
}
