import { randomUUID } from 'node:crypto';
import { writeDurably } from '../../artifact/durable.ts';
import type { Change, Ctx, Decision, Step } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import { keepOld, oldOf, Secret } from '../../secret/index.ts';
import { minutes } from '../../time/index.ts';
import { sha256Of } from '../sign.ts';
import { decrypt, encrypt } from './document.ts';
import { copiesOf, generations, writeCopy } from './generations.ts';
import { type EscrowAt, readIdentity } from './place.ts';

/** Of the old identity, for as long as the rotation goes on: it is in no SecretStore else. */
export const IDENTITY = 'escrow/identity';

export interface IdentityFacts {
  /** The first identity of the file is another one than before. */
  fresh: boolean;
  /** Beside the first one. */
  more: boolean;
  /** Generations that the first identity does not open. */
  closed: number[];
}

const MAKE = 'age identity';
const SEAL = 'generations of the escrow, for the new identity';
const DROP = 'old age identity';

/**
 * escrow.identity: a lab's escrow opens with a new age identity, every generation of it, and with the old one no more.
 * Before any new secret is made: they are sealed to it.
 */
export const identityStep = (at: EscrowAt): Step<object, IdentityFacts> => ({
  id: 'escrow.identity',
  title: 'Change the identity that opens the escrow',
  target: { site: at.site, kind: 'site', name: at.site },
  want: { places: at.places },
  deadline: minutes(2),
  observe: ctx => observe(at, ctx),
  decide: (_, facts) => decideIdentity(facts),
  apply: (change, ctx) => ctx.effect(change, () => act(at, change, ctx)),
});

export function decideIdentity({ fresh, more, closed }: IdentityFacts): Decision {
  const changes: Change[] = [];
  if (!fresh) changes.push({ action: 'create', what: MAKE, grade: 'known', secret: true });
  if (!fresh || closed.length > 0) changes.push({ action: 'update', what: SEAL, grade: 'known', secret: true });
  if (!fresh || more) changes.push({ action: 'delete', what: DROP, grade: 'known', secret: true });
  if (changes.length > 0) return { is: 'changes', changes };
  return { is: 'done', reason: 'every generation opens with the new identity alone' };
}

async function observe(at: EscrowAt, { secrets }: Ctx): Promise<IdentityFacts> {
  const [[first, ...more], old] = [await linesOf(at), await oldOf(secrets, IDENTITY)];
  const closed: number[] = [];
  for (const generation of await generations(at)) {
    const copies = await copiesOf(at, generation);
    for (const { text } of copies)
      if (text === undefined || !(await opens(text, first, generation))) closed.push(generation);
  }
  return {
    fresh: old !== undefined && first !== undefined && !old.equals(first),
    more: more.length > 0,
    closed: [...new Set(closed)],
  };
}

async function linesOf(at: EscrowAt): Promise<string[]> {
  const words = (await readIdentity(at))?.reveal().split(/\s+/) ?? [];
  return words.filter(word => word.startsWith('AGE-SECRET-KEY-'));
}

/** Whether an identity opens the bytes of a generation. Errors: ESCROW_ABSENT: it is damaged. */
export async function opens(text: string, identity: string | undefined, generation: number): Promise<boolean> {
  try {
    await decrypt(text, new Secret(identity ?? ''), `generation ${generation}`);
    return true;
  } catch (error) {
    if (isOpsError(error, 'KEY_WRONG')) return false;
    throw error;
  }
}

async function act(at: EscrowAt, { what }: Change, ctx: Ctx): Promise<void> {
  const { identityFile } = at;
  const [first, ...more] = await linesOf(at);
  if (identityFile === undefined || first === undefined)
    throw new OpsError('KEY_MISSING', `cannot change the identity of the escrow of ${at.site}: it is kept offline`);
  if (what === SEAL) return sealAnew(at, first);
  if (what === DROP) return write(at.site, identityFile, [first]);
  await keepOld(ctx.secrets, IDENTITY, new Secret(first));
  const { generateIdentity } = await import('age-encryption');
  // Both: what was sealed until now opens until it is sealed anew.
  return write(at.site, identityFile, [await generateIdentity(), first, ...more]);
}

async function write(site: string, path: string, identities: readonly string[]): Promise<void> {
  const head = `# age identity of the lab ${site}, made by muster`;
  await writeDurably(path, `${[head, ...identities].join('\n')}\n`, `${path}.${randomUUID()}`);
}

/** Number, date and content stay: only who opens it is another. One whole copy is enough. */
async function sealAnew(at: EscrowAt, first: string): Promise<void> {
  const { identityToRecipient } = await import('age-encryption');
  const recipient = await identityToRecipient(first);
  const identity = await readIdentity(at);
  for (const generation of await generations(at)) {
    const copies = await copiesOf(at, generation);
    const whole = copies.find(({ is }) => is === 'whole');
    if (!identity || !whole?.note || whole.text === undefined)
      throw new OpsError(
        'ESCROW_ABSENT',
        `cannot seal generation ${generation} of ${at.site} anew: no place has it whole`,
      );
    const { secrets } = await decrypt(whole.text, identity, `generation ${generation} of the escrow of ${at.site}`);
    const text = await encrypt(at.site, generation, secrets, [recipient]);
    for (const place of at.places) await writeCopy(at, place, text, { ...whole.note, sha256: sha256Of(text) });
  }
}
