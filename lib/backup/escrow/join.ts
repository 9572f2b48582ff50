import type { Change, Ctx, Decision, Step } from '../../engine/index.ts';
import { isOpsError, OpsError } from '../../errors/index.ts';
import { rotationUnderWay } from '../../secret/index.ts';
import { minutes } from '../../time/index.ts';
import { fingerprint, parseSigner, SIGNER } from '../sign.ts';
import { readPublicKey } from '../signer.ts';
import type { Secrets } from './document.ts';
import { asSealed, openEscrow } from './generations.ts';
import { generationHere, keepGenerationHere, readInUse } from './in-use.ts';
import { escrowAtHand } from './lent.ts';
import { type EscrowAt, readIdentity } from './place.ts';

export interface JoinWant {
  /** What is here and is another value is replaced: the site's name was typed. */
  replace: boolean;
}

export interface JoinFacts {
  generation: number;
  absent: string[];
  /** As this computer's generation has them: of before. */
  behind: string[];
  /** Another value than that one too: nobody knows whose it is. */
  different: string[];
  same: number;
  /** This computer has seen the generation before. */
  known: boolean;
}

/**
 * escrow.join: this computer gets the secrets with which another one runs the site: those of the newest generation, which the
 * site's own signer made. Errors: ESCROW_ABSENT, KEY_MISSING, KEY_WRONG; CONFIRM_MISSING: other values are here;
 * SECRETS_STALE: the places have an older generation than the one in use; LOCK_HELD: a rotation is not ended, here or elsewhere.
 */
export const escrowJoinStep = (at: EscrowAt, publicKey: string, want: JoinWant): Step<JoinWant, JoinFacts> => ({
  id: 'escrow.join',
  title: 'Take the secrets of the site out of its escrow',
  target: { site: at.site, kind: 'site', name: at.site },
  want,
  deadline: minutes(1),
  observe: async ctx => {
    const facts = await observe(at, publicKey, ctx);
    if (facts.different.length > 0 && !want.replace) throw otherValues(at, facts);
    return facts;
  },
  decide: (_, facts) => decideJoin(facts),
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const { generation, secrets } = await openNewest(at, publicKey, ctx);
      if (change.what === noteOf(generation)) return keepGenerationHere(ctx.run.dirs.state, generation);
      const name = change.what.slice('secret '.length);
      const secret = secrets.get(name);
      if (!secret)
        throw new OpsError('KEY_MISSING', `cannot take ${name} out of the escrow of ${at.site}: it is not in it`);
      await ctx.secrets.put(name, secret);
    }),
});

export function decideJoin({ generation, absent, behind, different, same, known }: JoinFacts): Decision {
  const secret = (action: 'create' | 'update') => (name: string) =>
    ({ action, what: `secret ${name}`, grade: 'known', secret: true }) satisfies Change;
  const changes: Change[] = [...absent.map(secret('create')), ...[...behind, ...different].map(secret('update'))];
  // Last: until then a killed one is behind.
  if (!known || changes.length > 0) changes.push({ action: 'update', what: noteOf(generation), grade: 'known' });
  if (changes.length > 0) return { is: 'changes', changes };
  return { is: 'done', reason: `${same} secrets are as in generation ${generation}` };
}

const noteOf = (generation: number) => `generation ${generation} of the escrow, as seen here`;

async function observe(at: EscrowAt, publicKey: string, ctx: Ctx): Promise<JoinFacts> {
  const begun = await rotationUnderWay(ctx.secrets);
  if (begun)
    throw new OpsError('LOCK_HELD', `cannot join ${at.site}: a rotation that was begun on this computer is not ended`, {
      hint: `./muster rotate --site ${at.site} goes on with it`,
    });
  const { generation, secrets } = await openNewest(at, publicKey, ctx);
  const here = await generationHere(ctx.run.dirs.state);
  const before = here > 0 && here < generation ? await sealedBefore(at, here) : undefined;
  const facts: JoinFacts = { generation, absent: [], behind: [], different: [], same: 0, known: here >= generation };
  for (const [name, secret] of secrets) {
    const kept = await ctx.secrets.get(name);
    if (!kept) facts.absent.push(name);
    else if (kept.equals(secret)) facts.same++;
    else if (before?.get(name)?.equals(kept)) facts.behind.push(name);
    else facts.different.push(name);
  }
  return facts;
}

/** undefined: it has expired, or was sealed to others. */
async function sealedBefore(escrow: EscrowAt, generation: number): Promise<Secrets | undefined> {
  const [at, identity] = await Promise.all([escrowAtHand(escrow), readIdentity(escrow)]);
  return asSealed(at, identity, generation).catch(error => {
    if (isOpsError(error, 'ESCROW_ABSENT') || isOpsError(error, 'KEY_WRONG')) return undefined;
    throw error;
  });
}

/** One place is enough: a second computer may reach one of them. */
async function openNewest(
  escrow: EscrowAt,
  publicKey: string,
  { store }: Ctx,
): Promise<{ generation: number; secrets: Secrets }> {
  const { site } = escrow;
  const [at, identity] = await Promise.all([escrowAtHand(escrow), readIdentity(escrow)]);
  if (!identity)
    throw new OpsError('KEY_MISSING', `cannot open the escrow of ${site}: its age identity is not here`, {
      hint: '--identity FILE: the file with the private half (AGE-SECRET-KEY-...), readable by you alone',
    });
  const opened = await openEscrow(at, identity);
  const told = at.shared ? await readInUse(await store(site), site) : undefined;
  if (told && told.generation > opened.generation)
    throw new OpsError(
      'SECRETS_STALE',
      `cannot join ${site} with generation ${opened.generation} of its escrow: ${told.by} made generation ${told.generation} at ${told.at}`,
      { hint: `bring the newest files of the escrow into ${at.places.join(' or ')}` },
    );
  await refuseOther(opened.secrets, publicKey, site);
  if ([...opened.secrets.keys()].some(name => name.startsWith('rotation/')))
    throw new OpsError('LOCK_HELD', `cannot join ${site}: a rotation was begun on another computer and is not ended`, {
      hint: `there: ./muster rotate --site ${site} goes on with it`,
    });
  return opened;
}

/** Whoever can write to a place can put an escrow there; only the site has the key to the public one that everybody has. */
async function refuseOther(secrets: Secrets, publicKey: string, site: string): Promise<void> {
  const signer = secrets.get(SIGNER);
  if (signer && fingerprint(parseSigner(signer)) === fingerprint(await readPublicKey(publicKey))) return;
  throw new OpsError('KEY_WRONG', `cannot trust the escrow of ${site}: its signer is not the one of ${publicKey}`, {
    hint: 'git pull: a rotation changes that file; if it is the newest, look who wrote to the places of the escrow',
  });
}

const otherValues = ({ site }: EscrowAt, { generation, different: details }: JoinFacts) =>
  new OpsError(
    'CONFIRM_MISSING',
    `cannot join ${site}: ${details.length} secrets on this computer are other ones than in generation ${generation}`,
    {
      details,
      hint: `if they are of before a rotation or another site: ./muster join --site ${site} --confirm=${site} replaces them`,
    },
  );
