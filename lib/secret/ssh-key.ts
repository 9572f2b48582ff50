import { Secret } from './secret.ts';

export interface SshKeyPair {
  /** One line as in authorized_keys: type, key, comment. */
  publicKey: string;
  /** As in ~/.ssh/id_ed25519: OpenSSH format, with the line break at the end that sshd wants. */
  privateKey: Secret;
}

/** A new ed25519 pair, for a login or as a host key. The comment is one line. */
export async function createSshKeyPair(comment: string): Promise<SshKeyPair> {
  // Loaded here: ssh2 costs more to load than most commands need in all.
  const { default: ssh2 } = await import('ssh2');
  const pair = ssh2.utils.generateKeyPairSync('ed25519', { comment });
  return { publicKey: pair.public.trim(), privateKey: new Secret(`${pair.private.trim()}\n`) };
}
