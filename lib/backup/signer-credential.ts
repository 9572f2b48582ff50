import type { KeyObject } from 'node:crypto';
import { randomUUID } from 'node:crypto';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { writeDurably } from '../artifact/durable.ts';
import type { Change, Credential, Ctx, Decision, ObjectStore, Step } from '../engine/index.ts';
import { freshOf, putFresh } from '../secret/index.ts';
import { minutes } from '../time/index.ts';
import type { SealOf } from './seal.ts';
import { KEYS, SET_ID } from './set.ts';
import {
  fingerprint,
  makeSigner,
  parsePublicKey,
  parseSigner,
  publicOf,
  publicPem,
  readSigner,
  SIGNER,
  signAnew,
  signatureFlaw,
} from './sign.ts';
import { tombstoneKeys } from './tombstone.ts';

/** Every set that verifies is signed anew, before the public key is another: at no moment does a good one look forged. */
export const signerCredential = (of: SealOf): Credential => ({
  id: 'signer',
  title: "The key that signs the site's sets, old ones too",
  secrets: [SIGNER],
  make: async ({ secrets }) => putFresh(secrets, SIGNER, makeSigner()),
  before: [signStep(of)],
  follows: [],
  after: [publishStep(of)],
});

const target = ({ site }: SealOf) => ({ site: site.name, kind: 'site' as const, name: site.name });

/** set.sign-anew: what the signer until now signed verifies with the new one too. What does not verify stays as it is. */
const signStep = (of: SealOf): Step<object, string[]> => ({
  id: 'set.sign-anew',
  title: 'Sign every set with the new key too',
  target: target(of),
  want: {},
  deadline: minutes(10),
  observe: async ctx => (await toSign(of, ctx)).map(({ signature }) => signature),
  decide: (_, open): Decision =>
    open.length === 0
      ? { is: 'done', reason: 'every set that verifies does so with the new key' }
      : { is: 'changes', changes: [{ action: 'update', what: `${open.length} signatures`, grade: 'known' }] },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const [store, fresh, before] = [
        await ctx.store(of.site.name),
        await freshOf(ctx.secrets, SIGNER),
        await now(ctx),
      ];
      if (!fresh) return;
      const signers = { before, signer: parseSigner(fresh) };
      for (const { bytes, file, signature } of await toSign(of, ctx))
        await store.put(signature, signAnew(bytes, file, signers));
    }),
});

const now = async ({ secrets }: Ctx): Promise<KeyObject> => publicOf(await readSigner(secrets));

interface Signed {
  bytes: Uint8Array;
  file: Uint8Array;
  /** Its key. */
  signature: string;
}

async function toSign(of: SealOf, ctx: Ctx): Promise<Signed[]> {
  const [store, fresh] = [await ctx.store(of.site.name), await freshOf(ctx.secrets, SIGNER)];
  // In use already: then all was signed before.
  if (!fresh) return [];
  const [before, after] = [await now(ctx), publicOf(parseSigner(fresh))];
  return (await signedFiles(store)).filter(
    ({ bytes, file }) =>
      signatureFlaw(bytes, file, after) !== undefined && signatureFlaw(bytes, file, before) === undefined,
  );
}

async function signedFiles(store: ObjectStore): Promise<Signed[]> {
  const ids = (await store.list(KEYS.sets)).map(({ key }) => key.split('/')[1] ?? '').filter(id => SET_ID.test(id));
  const pairs = [...new Set(ids)].flatMap(id => [
    { bytes: KEYS.manifest(id), signature: KEYS.signature(id) },
    tombstoneKeys(id),
  ]);
  const found = await Promise.all(
    pairs.map(async ({ bytes, signature }) => {
      const [content, file] = await Promise.all([store.get(bytes), store.get(signature)]);
      return content && file ? [{ bytes: content, file, signature }] : [];
    }),
  );
  return found.flat();
}

/** set.publish: the public half of the new key; the old one stays beside, for evidence of that time. */
const publishStep = ({ publicKey: path, ...of }: SealOf): Step<object, { published: string; signer: string }> => ({
  id: 'set.publish',
  title: 'Publish the new key that verifies sets',
  target: target({ publicKey: path, ...of }),
  want: { publicKey: path },
  deadline: minutes(1),
  async observe({ secrets }) {
    const published = parsePublicKey(await readFile(path, 'utf8'), path);
    return { published: fingerprint(published), signer: fingerprint(await readSigner(secrets)) };
  },
  decide: (_, { published, signer }): Decision => {
    if (published === signer) return { is: 'done', reason: `published: ${signer}` };
    const change: Change = {
      action: 'replace',
      what: `public key ${path}`,
      from: published,
      to: signer,
      grade: 'known',
    };
    return { is: 'changes', changes: [change] };
  },
  apply: (change, ctx) =>
    ctx.effect(change, async () => {
      const old = await readFile(path, 'utf8');
      const name = fingerprint(parsePublicKey(old, path)).slice(7, 15).replaceAll(/[+/]/g, '-');
      const kept = join(dirname(path), `retired-${name}.pub`);
      await writeFile(`${kept}.new`, old, { mode: 0o644 });
      await rename(`${kept}.new`, kept);
      await writeDurably(path, publicPem(await readSigner(ctx.secrets)), `${path}.${randomUUID()}`, 0o644);
      ctx.progress(`the key until now stays in ${kept}: evidence of that time verifies with --key`);
    }),
});
