import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type Arch,
  debootstrap,
  hashTree,
  type Inputs,
  keyOf,
  needTool,
  type Recipe,
  tool,
} from '../../artifact/index.ts';

const SUITE = 'bookworm';
/** What the inventory demands of a disk at least; a larger one's file system grows at the first boot. */
const SMALLEST_DISK = 6 * 2 ** 30;
const FOLDER = join('images', 'machine');
const mode = 0o644;

/** A thing in the cache that goes into a disk. */
export interface Ingredient {
  path: string;
  sha256: string;
}

export interface Place {
  project: string;
  arch: Arch;
}

const sources = async ({ project }: Place): Promise<Inputs> => ({
  files: await hashTree(join(project, FOLDER), ['.']),
});

/** A version that follows from the files of images/machine: another recipe is another thing. */
async function recipe(name: string, place: Place, inputs: Inputs, build: Recipe['build'] & object): Promise<Recipe> {
  const all = { ...(await sources(place)), ...inputs };
  const version = keyOf({ name, version: '', arch: place.arch }, all).slice(0, 12);
  return { want: { name, version, arch: place.arch }, inputs: all, mode, build };
}

/** The tree of a machine's system as a tar, with kernel and initrd in boot/. A minute, the packages are downloaded. */
export const treeRecipe = (place: Place): Promise<Recipe> =>
  recipe(
    'machine-tree',
    place,
    {},
    {
      toolchain: async () => ({}),
      async make(path, work, deps) {
        const folder = join(place.project, FOLDER);
        const text = await readFile(join(folder, 'mmdebstrap.args'), 'utf8');
        const hook = `--customize-hook=${quote(join(folder, 'customise'))} "$1"`;
        const args = [...text.split('\n').filter(line => line.startsWith('-')), hook];
        // mmdebstrap tells the format by the ending.
        const scratch = join(work, 'tree.tar');
        await debootstrap({ label: 'machine', suite: SUITE, args, target: scratch, work }, deps);
        await tool(
          { script: 'chown "$2" "$1"; mv "$1" "$3"', args: [scratch, owner(), path] },
          'cannot keep the tree',
          deps,
        );
        return { suite: SUITE };
      },
    },
  );

/** What a machine boots from: 'vmlinuz' or 'initrd' out of the tree. */
export const bootRecipe = (place: Place, file: 'vmlinuz' | 'initrd', tree: Ingredient): Promise<Recipe> =>
  recipe(
    `machine-${file}`,
    place,
    { tree: tree.sha256 },
    {
      toolchain: async () => ({}),
      async make(path, _work, deps) {
        const script = 'tar -xOf "$1" "./boot/$2" >"$3"; chown "$4" "$3"';
        await tool({ script, args: [tree.path, file, path, owner()] }, `cannot take ${file} out of the tree`, deps);
        return {};
      },
    },
  );

/** Both absent: a bare system, on which k3s is installed over SSH. */
export interface Baked {
  k3s: Ingredient;
  images: Ingredient;
}

/** A qcow2 with the tree, and with k3s and its images already imported where they can be. */
export const diskRecipe = (place: Place, tree: Ingredient, baked: Baked | undefined): Promise<Recipe> =>
  recipe(
    'machine-disk',
    place,
    { tree: tree.sha256, ...(baked && { k3s: baked.k3s.sha256, images: baked.images.sha256 }) },
    {
      toolchain: async () => ({}),
      async make(path, work, deps) {
        await needTool('mke2fs', 'e2fsprogs', deps);
        await needTool('qemu-img', 'qemu-utils', deps);
        deps.progress(baked ? "machine: importing k3s's images into the disk" : 'machine: making the disk');
        const bake = join(place.project, FOLDER, 'bake');
        const parts = baked ? [baked.k3s.path, baked.k3s.sha256, baked.images.path, baked.images.sha256] : [];
        const argv = ['sh', bake, tree.path, path, work, `${SMALLEST_DISK}`, owner(), ...parts];
        await tool(argv, "cannot make a machine's disk", deps);
        return {};
      },
    },
  );

/** Made as root, used by who runs muster. */
const owner = () => `${process.getuid?.()}:${process.getgid?.()}`;
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
