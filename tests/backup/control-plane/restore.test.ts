import { gunzipSync, gzipSync } from 'node:zlib';
import { suite } from 'uvu';
import { equal, is } from 'uvu/assert';
import { seal } from '../../../lib/backup/cipher.ts';
import { controlPlaneRestore } from '../../../lib/backup/control-plane/restore.ts';
import { CIPHER } from '../../../lib/backup/control-plane/take.ts';
import type { PartOf } from '../../../lib/backup/set.ts';
import type { Change, Ctx } from '../../../lib/engine/index.ts';
import { Secret } from '../../../lib/secret/index.ts';
import { escrowIn, idOf, type SetWorld, setWorld, siteOf } from '../set-world.ts';

const test = suite<{ world: SetWorld; restore(generation: number): Promise<string | undefined> }>(
  'a datastore that comes back',
);

/** Sealed with the key of the first generation; the second has another. */
test.before.each(async context => {
  const world = await setWorld({ ...siteOf(), hosts: [{ name: 'server-1', role: 'server' }] } as never);
  await world.store.put('copy', seal(gzipSync('the datastore'), new Secret(`secret of ${CIPHER}`)));
  await world.backup(idOf(1));
  await world.secrets.put(CIPHER, new Secret('another cipher, after a rotation'));
  await world.backup(idOf(2));
  const part = { facts: { kind: 'sqlite', copy: 'copy', uids: {} } } as unknown as PartOf<'control-plane'>;
  const change: Change = { action: 'replace', what: 'the datastore', grade: 'known' };
  const restore = async (generation: number) => {
    const sent: string[] = [];
    const shell = {
      upload: async ({ content }: { content: Uint8Array }) => void sent.push(gunzipSync(content).toString()),
      run: async () => '',
    };
    const ctx = {
      secrets: world.secrets,
      store: async () => world.store,
      shell: async () => shell,
      effect: (_: Change, act: () => Promise<void>) => act(),
      wait: async () => true,
    } as unknown as Ctx;
    await controlPlaneRestore(part, world.site, { escrow: escrowIn(world), generation }).apply(change, ctx);
    return sent[0];
  };
  Object.assign(context, { world, restore });
});
test.after.each(({ world }) => world.close());

test('is opened with the key of its own generation of the escrow, which a rotation did not change', async ({
  restore,
}) => {
  is(await restore(1), 'the datastore');
});

test('is not sent anywhere when the key of its generation is another one, or there is no such generation', async ({
  restore,
}) => {
  const codes = [];
  for (const generation of [2, 9]) codes.push((await restore(generation).catch(thrown => thrown)).code);
  equal(codes, ['KEY_WRONG', 'ESCROW_ABSENT']);
});

test.run();
