import { createHash, createHmac, pbkdf2Sync, randomBytes, timingSafeEqual } from 'node:crypto';

/** PostgreSQL's own default. */
const ROUNDS = 4096;
const VERIFIER = /^SCRAM-SHA-256\$(\d+):([^$]+)\$([^:]+):(.+)$/;

interface Keys {
  stored: Buffer;
  server: Buffer;
}

/** RFC 5803. Passwords of muster's are of letters and digits, which SASLprep leaves alone. */
function keysOf(password: string, salt: Buffer, rounds: number): Keys {
  const salted = pbkdf2Sync(password, salt, rounds, 32, 'sha256');
  const key = (what: string) => createHmac('sha256', salted).update(what).digest();
  return { stored: createHash('sha256').update(key('Client Key')).digest(), server: key('Server Key') };
}

/** What ALTER ROLE takes: a password in clear would reach the server's log with the statement. */
export function scramVerifier(password: string, salt = randomBytes(16)): string {
  const { stored, server } = keysOf(password, salt, ROUNDS);
  return `SCRAM-SHA-256$${ROUNDS}:${salt.toString('base64')}$${stored.toString('base64')}:${server.toString('base64')}`;
}

/** Whether a role whose verifier this is lets the password in. */
export function scramMatches(verifier: string, password: string): boolean {
  const [, rounds, salt, stored] = VERIFIER.exec(verifier) ?? [];
  if (rounds === undefined || salt === undefined || stored === undefined) return false;
  const [want, have] = [
    keysOf(password, Buffer.from(salt, 'base64'), Number(rounds)).stored,
    Buffer.from(stored, 'base64'),
  ];
  return want.length === have.length && timingSafeEqual(want, have);
}
