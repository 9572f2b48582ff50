import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { writeDurably } from '../../artifact/durable.ts';
import type { Change, Ctx, Decision, Need, Step } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import { owner } from '../../host/owner.ts';
import type { Secret } from '../../secret/index.ts';
import { minutes } from '../../time/index.ts';
import { sha256Of } from '../sign.ts';
import { contentFingerprint, encrypt, readSecrets, type Secrets, sameSecrets } from './document.ts';
import { type Copy, copiesOf, generations, type Note, openEscrow, writeCopy } from './generations.ts';
import { generationHere, keepGenerationHere, readInUse, tellInUse } from './in-use.ts';
import { type EscrowAt, readIdentity } from './place.ts';

export type EscrowWant = Pick<EscrowAt, 'places' | 'recipients'>;

export interface EscrowFacts {
  /** offline: nobody keeps a private half here, so only the bytes are compared. */
  identity: 'there' | 'absent' | 'offline';
  newest?: {
    generation: number;
    /** It holds what the SecretStore has now, for the recipients of now. */
    current: boolean;
    places: Pick<Copy, 'place' | 'is'>[];
  };
  /** Of a site that other computers run too: what its store tells them, and what this one has seen; 0: nothing. */
  inUse?: { told: number; here: number };
}

/** escrow.seal: what opens the backups lies encrypted in two places apart from the store. A new generation when it changed. */
export function escrowSealStep(at: EscrowAt, needs: readonly Need[]): Step<EscrowWant, EscrowFacts> {
  return {
    id: 'escrow.seal',
    title: 'Put the secrets into the escrow',
    target: { site: at.site, kind: 'site', name: at.site },
    want: { places: at.places, ...(at.recipients && { recipients: at.recipients }) },
    needs,
    deadline: minutes(1),
    observe: ctx => observeEscrow(at, ctx),
    decide: (_, facts) => decideEscrow(facts, at),
    apply: (change, ctx) => ctx.effect(change, () => act(at, change, ctx)),
  };
}

/** Errors: KEY_MISSING: an escrow without the identity that a lab keeps; KEY_WRONG, ESCROW_ABSENT. */
async function observeEscrow(at: EscrowAt, ctx: Ctx): Promise<EscrowFacts> {
  const [number, identity] = [(await generations(at)).at(-1), await identityOf(at)];
  const is = identity ? 'there' : at.made ? 'absent' : 'offline';
  const shared = at.shared && { inUse: await observeInUse(at, ctx) };
  if (number === undefined) return { identity: is, ...shared };
  if (is === 'absent') await readIdentity(at);
  const copies = await copiesOf(at, number);
  const whole = copies.find(copy => copy.is === 'whole');
  const secrets = await readSecrets(ctx.secrets);
  const recipients = await recipientsOf(at, identity);
  const same = whole !== undefined && whole.note?.fingerprint === contentFingerprint(secrets, recipients);
  // The fingerprint is a claim; where the identity is at hand the secrets themselves are compared.
  const current = same && (!identity || sameSecrets((await openEscrow(at, identity, number)).secrets, secrets));
  return {
    identity: is,
    newest: { generation: number, current, places: copies.map(({ place, is }) => ({ place, is })) },
    ...shared,
  };
}

async function observeInUse({ site }: EscrowAt, { store, run }: Ctx): Promise<{ told: number; here: number }> {
  const [told, here] = await Promise.all([readInUse(await store(site), site), generationHere(run.dirs.state)]);
  return { told: told?.generation ?? 0, here };
}

/** A new lab has none yet: that is not an error before it has an escrow. */
const identityOf = (at: EscrowAt): Promise<Secret | undefined> =>
  readIdentity(at).catch((error: unknown) => {
    if (at.made && isOpsError(error, 'KEY_MISSING')) return undefined;
    throw error;
  });

export function decideEscrow(
  { identity, newest, inUse }: EscrowFacts,
  { identityFile }: Pick<EscrowAt, 'identityFile'>,
): Decision {
  const create = (what: string): Change => ({ action: 'create', what, grade: 'known' });
  const changes = identity === 'absent' ? [create(`age identity ${identityFile}`)] : [];
  const told = inUse?.told ?? 0;
  // What the store tells of may be in no place any more: its number is taken all the same.
  if (!newest?.current || newest.generation < told)
    changes.push(create(generationName(Math.max(newest?.generation ?? 0, told) + 1)));
  else {
    const { generation, places } = newest;
    const strange = places.find(({ is }) => is === 'differs');
    if (strange)
      return {
        is: 'unknown',
        reason: `${generationName(generation)} in ${strange.place} is not what it is elsewhere: look at it, then move it away`,
      };
    for (const { place, is } of places)
      if (is === 'absent') changes.push(create(`${generationName(generation)} in ${place}`));
    if (inUse && (told !== generation || inUse.here !== generation))
      changes.push({ action: 'update', what: `${IN_USE}${generation}`, grade: 'known' });
  }
  if (changes.length > 0) return { is: 'changes', changes };
  return { is: 'done', reason: `${generationName(newest?.generation ?? 0)} holds what there is, in every place` };
}

const generationName = (generation: number) => `escrow generation ${generation}`;
const IN_USE = 'word to other computers of escrow generation ';

async function act(at: EscrowAt, { what }: Change, ctx: Ctx): Promise<void> {
  if (what.startsWith('age identity ')) return makeIdentity(at, ctx);
  if (what.startsWith(IN_USE)) return tell(at, Number(what.slice(IN_USE.length)), ctx);
  const [, number, place] = /^escrow generation (\d+)(?: in (.*))?$/s.exec(what) ?? [];
  const generation = Number(number);
  if (place !== undefined) {
    const whole = (await copiesOf(at, generation)).find(({ is }) => is === 'whole');
    if (whole?.note && whole.text !== undefined) await writeCopy(at, place, whole.text, whole.note);
    return;
  }
  await makeGeneration(at, generation, await readSecrets(ctx.secrets), ctx);
}

async function makeIdentity({ identityFile, site }: EscrowAt, ctx: Ctx): Promise<void> {
  if (identityFile === undefined) return;
  const { generateIdentity, identityToRecipient } = await import('age-encryption');
  const identity = await generateIdentity();
  await mkdir(dirname(identityFile), { recursive: true, mode: 0o700 });
  const text = `# age identity of the lab ${site}, made by muster\n# public key: ${await identityToRecipient(identity)}\n${identity}\n`;
  await writeDurably(identityFile, text, `${identityFile}.${randomUUID()}`);
  ctx.progress(`made ${identityFile}, which opens the escrow: keep a copy of it away from this computer`);
}

async function makeGeneration(at: EscrowAt, generation: number, secrets: Secrets, ctx: Ctx): Promise<void> {
  const recipients = await recipientsOf(at, await identityOf(at));
  const fingerprint = contentFingerprint(secrets, recipients);
  if (fingerprint === undefined)
    throw new OpsError('KEY_MISSING', `cannot make an escrow of ${at.site}: its signer is not made yet`);
  const text = await encrypt(at.site, generation, secrets, recipients);
  const madeAt = new Date(ctx.clock.now()).toISOString();
  const note: Note = { schema: 1, site: at.site, generation, madeAt, fingerprint, sha256: sha256Of(text) };
  for (const place of at.places) await writeCopy(at, place, text, note);
  if (at.shared) await tell(at, generation, ctx);
  ctx.progress(`wrote ${generationName(generation)}: ${secrets.size} secrets, in ${at.places.join(' and ')}`);
}

/** The store first: a computer that is behind it is refused, and one that is ahead of it tells again. */
async function tell({ site }: EscrowAt, generation: number, { store, run, clock }: Ctx): Promise<void> {
  const at = new Date(clock.now()).toISOString();
  await tellInUse(await store(site), { site, generation, at, by: owner() });
  await keepGenerationHere(run.dirs.state, generation);
}

/** Errors: KEY_MISSING: neither recipients nor an identity. */
async function recipientsOf({ recipients, site }: EscrowAt, identity: Secret | undefined): Promise<readonly string[]> {
  if (recipients) return recipients;
  const line = identity
    ?.reveal()
    .split(/\s+/)
    .find(word => word.startsWith('AGE-SECRET-KEY-'));
  if (line === undefined) throw new OpsError('KEY_MISSING', `cannot make an escrow of ${site}: nobody could open it`);
  const { identityToRecipient } = await import('age-encryption');
  return [await identityToRecipient(line)];
}
