import type { KeyObject } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Ctx, Decision, Need, Step } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { minutes } from '../time/index.ts';
import { keptDirectory } from './escrow/place.ts';
import { fingerprint, makeSigner, parsePublicKey, publicPem, readSigner, SIGNER } from './sign.ts';

/** A lab's lies beside its escrow and outlives the checkout; elsewhere it is in git, where its history is seen. */
export const publicKeyPath = (
  { name, environment }: Pick<Site, 'name' | 'environment'>,
  project: string,
  home?: string,
): string =>
  environment === 'lab' ? join(keptDirectory(name, home), 'signer.pub') : join(project, 'keys', `${name}.pub`);

/** What a site's manifests are verified with. Errors: KEY_MISSING, KEY_WRONG. */
export async function readPublicKey(path: string): Promise<KeyObject> {
  const pem = await readIfThere(path);
  if (pem !== undefined) return parsePublicKey(pem, path);
  throw new OpsError('KEY_MISSING', `cannot verify a set: ${path}, the public key of its signer, is not there`, {
    hint: 'bring the file back; the first backup of a site makes it',
  });
}

export interface SignerFacts {
  secret: boolean;
  published: boolean;
}

type Of = Pick<Site, 'name' | 'environment'>;

const step = (site: Of, path: string, needs: readonly Need[]) => ({
  target: { site: site.name, kind: 'site' as const, name: site.name },
  want: { publicKey: path },
  needs,
  deadline: minutes(1),
  observe: (ctx: Ctx) => observeSigner(path, ctx),
});

/** set.signer: the private key that signs the site's sets. */
export const signerStep = (site: Of, path: string, needs: readonly Need[]): Step<object, SignerFacts> => ({
  ...step(site, path, needs),
  id: 'set.signer',
  title: "Make the key that signs the site's sets",
  decide: (_, facts) => decideSigner(facts),
  apply: (change, ctx) => ctx.effect(change, () => ctx.secrets.put(SIGNER, makeSigner())),
});

/**
 * set.public-key: its public half, published once and never exchanged. After the escrow has the private one: a site that
 * is destroyed before that leaves no public key behind to which nobody has the other half.
 */
export const publicKeyStep = (site: Of, path: string, needs: readonly Need[]): Step<object, SignerFacts> => ({
  ...step(site, path, needs),
  id: 'set.public-key',
  title: 'Publish the key that verifies sets',
  decide: (_, facts) => decidePublicKey(facts, path),
  apply: (change, ctx) => ctx.effect(change, () => publish(path, ctx)),
});

/** Errors: KEY_MISSING, KEY_WRONG: a public half whose private half is not ours. Exchanging it would orphan every older set. */
async function observeSigner(path: string, { secrets }: Ctx): Promise<SignerFacts> {
  const [pem, secret] = await Promise.all([readIfThere(path), secrets.get(SIGNER)]);
  const hint = `take ${SIGNER} out of the escrow; if it is lost, move ${path} away: older sets then verify no more`;
  if (pem !== undefined && !secret)
    throw new OpsError('KEY_MISSING', `cannot sign: ${path} is there, and the private key to it is not`, { hint });
  if (!secret) return { secret: false, published: false };
  const ours = fingerprint(await readSigner(secrets));
  if (pem !== undefined && fingerprint(parsePublicKey(pem, path)) !== ours)
    throw new OpsError('KEY_WRONG', `cannot sign: ${path} is not the public half of the secret ${SIGNER}`, { hint });
  return { secret: true, published: pem !== undefined };
}

export const decideSigner = ({ secret }: SignerFacts): Decision =>
  secret
    ? { is: 'done', reason: 'there' }
    : {
        is: 'changes',
        changes: [{ action: 'create', what: `secret ${SIGNER}`, grade: 'known', secret: true }],
      };

export function decidePublicKey({ secret, published }: SignerFacts, path: string): Decision {
  if (!secret) return { is: 'unknown', reason: 'the private key is not made yet' };
  if (published) return { is: 'done', reason: 'published' };
  return { is: 'changes', changes: [{ action: 'create', what: `public key ${path}`, grade: 'known' }] };
}

async function publish(path: string, ctx: Ctx): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  // wx: a key that another run published meanwhile is not overwritten.
  await writeFile(path, publicPem(await readSigner(ctx.secrets)), { mode: 0o644, flag: 'wx', flush: true });
}

const readIfThere = (path: string): Promise<string | undefined> =>
  readFile(path, 'utf8').catch((error: unknown) => {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  });
