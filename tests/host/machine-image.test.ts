import { appendFile, cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import { keyOf, type Recipe } from '../../lib/artifact/index.ts';
import { bootRecipe, diskRecipe, treeRecipe } from '../../lib/host/machine-image/recipes.ts';

const PROJECT = join(import.meta.dirname, '../..');
const tree = { path: '/cache/tree', sha256: 'a'.repeat(64) };
const k3s = { path: '/cache/k3s', sha256: 'b'.repeat(64) };
const images = { path: '/cache/images', sha256: 'c'.repeat(64) };
const place = { project: PROJECT, arch: 'amd64' as const };
const key = ({ want, inputs }: Recipe) => keyOf(want, inputs);

/** A checkout with nothing in it but the recipe of the machine. */
async function inCheckout(act: (project: string) => Promise<void>): Promise<void> {
  const project = await mkdtemp(join(tmpdir(), 'muster-image-'));
  try {
    await cp(join(PROJECT, 'images/machine'), join(project, 'images/machine'), { recursive: true });
    await act(project);
  } finally {
    await rm(project, { recursive: true, force: true });
  }
}

test('another checkout with the same files makes the same tree', () =>
  inCheckout(async project => {
    assert.is(key(await treeRecipe({ ...place, project })), key(await treeRecipe(place)));
  }));

for (const file of ['mmdebstrap.args', 'customise', 'init', 'bake', 'root/etc/fstab'])
  test(`a changed ${file} makes another tree and another disk: none of a cache is taken for it`, () =>
    inCheckout(async project => {
      await appendFile(join(project, 'images/machine', file), '\n# changed\n');
      const changed = { ...place, project };
      assert.is.not(key(await treeRecipe(changed)), key(await treeRecipe(place)));
      assert.is.not(key(await diskRecipe(changed, tree, undefined)), key(await diskRecipe(place, tree, undefined)));
    }));

test('a disk is that of its tree, its k3s and its images: any other of them is another disk', async () => {
  const other = 'd'.repeat(64);
  const disks = await Promise.all([
    diskRecipe(place, tree, undefined),
    diskRecipe(place, tree, { k3s, images }),
    diskRecipe(place, { ...tree, sha256: other }, { k3s, images }),
    diskRecipe(place, tree, { k3s: { ...k3s, sha256: other }, images }),
    diskRecipe(place, tree, { k3s, images: { ...images, sha256: other } }),
  ]);
  assert.is(new Set(disks.map(key)).size, disks.length);
});

test('where a thing lies in the cache decides nothing', async () => {
  const moved = { ...tree, path: '/elsewhere/tree' };
  assert.is(key(await diskRecipe(place, moved, undefined)), key(await diskRecipe(place, tree, undefined)));
});

test('kernel and initrd are of the same tree as the disk: modules fit no other kernel', async () => {
  const other = { ...tree, sha256: 'd'.repeat(64) };
  for (const file of ['vmlinuz', 'initrd'] as const)
    assert.is.not(key(await bootRecipe(place, file, other)), key(await bootRecipe(place, file, tree)));
});

test.run();
