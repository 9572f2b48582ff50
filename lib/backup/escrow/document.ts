import { createHmac } from 'node:crypto';
import { z } from 'zod';
import { OpsError, oneLine } from '../../errors/index.ts';
import { isOfRotation, Secret, type SecretStore } from '../../secret/index.ts';
import { canonical } from '../canonical.ts';
import { parseJson, SIGNER } from '../sign.ts';

/** What is encrypted: every secret of a site without which nothing opens. */
const document = z.strictObject({
  schema: z.literal(1),
  site: z.string(),
  generation: z.int().min(1),
  secrets: z.record(z.string(), z.string()),
});
export type Secrets = ReadonlyMap<string, Secret>;

/** A host's key and a site's stamp say who a machine is: one that is built again gets its own. */
const IDENTITY = /(^|[/.-])(host-key|stamp)s?([/.]|$)/;

/** All that belongs into the escrow, by name. */
export async function readSecrets(store: SecretStore): Promise<Secrets> {
  const names = (await store.list()).filter(name => !IDENTITY.test(name) && !isOfRotation(name));
  const found = await Promise.all(names.map(async name => [name, await store.get(name)] as const));
  return new Map(found.flatMap(([name, secret]) => (secret ? [[name, secret] as const] : [])));
}

/** What has to change before a new generation is made. Keyed by the signer, so that nobody can try values against it. */
export function contentFingerprint(secrets: Secrets, recipients: readonly string[]): string | undefined {
  const key = secrets.get(SIGNER);
  const content = canonical({ recipients: [...recipients].sort(), secrets: revealed(secrets) });
  return key && createHmac('sha256', key.reveal()).update(content).digest('hex');
}

/** age, armored: `age --decrypt -i identity.txt` opens it without muster. Errors: ESCROW_ABSENT for a recipient that is none. */
export async function encrypt(
  site: string,
  generation: number,
  secrets: Secrets,
  recipients: readonly string[],
): Promise<string> {
  const { armor, Encrypter } = await import('age-encryption');
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch (cause) {
      throw new OpsError('ESCROW_ABSENT', `cannot encrypt to ${recipient}: it is no age recipient`, { cause });
    }
  }
  return armor.encode(await encrypter.encrypt(canonical({ schema: 1, site, generation, secrets: revealed(secrets) })));
}

/** Errors: KEY_WRONG: the identity is not among the recipients; ESCROW_ABSENT: it opens nothing that muster wrote. `what` names the file. */
export async function decrypt(
  text: string,
  identity: Secret,
  what: string,
): Promise<{ site: string; generation: number; secrets: Secrets }> {
  const { armor, Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  const lines = identity
    .reveal()
    .split(/\s+/)
    .filter(line => line.startsWith('AGE-SECRET-KEY-'));
  let plain: Uint8Array;
  try {
    if (lines.length === 0) throw new Error('no identity');
    for (const line of lines) decrypter.addIdentity(line);
    plain = await decrypter.decrypt(armor.decode(text));
  } catch (cause) {
    // age's own words: what it throws has no code.
    const wrong = /identity/.test(oneLine(cause));
    const why = wrong ? 'the identity at hand is not one of its recipients' : 'it is damaged';
    throw new OpsError(wrong ? 'KEY_WRONG' : 'ESCROW_ABSENT', `cannot open ${what}: ${why}`, { cause });
  }
  const parsed = document.safeParse(parseJson(plain));
  if (!parsed.success) throw new OpsError('ESCROW_ABSENT', `cannot open ${what}: it holds no escrow`);
  const { secrets, ...rest } = parsed.data;
  return { ...rest, secrets: new Map(Object.entries(secrets).map(([name, value]) => [name, new Secret(value)])) };
}

export const sameSecrets = (one: Secrets, other: Secrets): boolean =>
  one.size === other.size && [...one].every(([name, secret]) => other.get(name)?.equals(secret) ?? false);

const revealed = (secrets: Secrets) =>
  Object.fromEntries([...secrets].map(([name, secret]) => [name, secret.reveal()]));
