import { constants } from 'node:fs';
import { chmod, copyFile, cp, mkdir, readFile, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { OpsError } from '../errors/index.ts';
import { debootstrap, fileOfPackage } from './debian.ts';
import { findGo } from './go-toolchain.ts';
import { type Arch, type Inputs, keyOf, thisArch } from './identity.ts';
import { type Image, imageOf, isSource } from './image-key.ts';
import type { LockFile } from './lock-schema.ts';
import { openPodman, type Podman } from './podman.ts';
import { lockedRecipe } from './recipe.ts';
import { resolveRecipe } from './resolve.ts';
import type { ArtifactDeps, Recipe } from './sources/source.ts';
import { needTool, tool } from './tool.ts';

const SUITE = 'bookworm';

/** One docker-archive of the named images, as k3s's air-gap archive is one: what is imported, or baked, at once. */
export async function imagesRecipe(
  lock: LockFile,
  names: readonly string[],
  arch: Arch,
  project: string,
): Promise<Recipe> {
  const images = await Promise.all(names.map(name => imageOf(lock, name, arch, project)));
  const inputs = Object.fromEntries(images.map(({ ref, key }) => [ref, key]));
  const version = keyOf({ name: 'images', version: '', arch }, inputs).slice(0, 12);
  const compiled = images.some(({ locked }) => locked.binaries);
  return {
    want: { name: 'images', version, arch },
    inputs,
    mode: 0o644,
    build: {
      async toolchain(deps): Promise<Inputs> {
        if (!compiled) return {};
        return { go: (await findGo(deps.shell, join(project, lock.module), deps.signal)).version };
      },
      async make(path, work, deps) {
        await buildAll({ lock, images, arch }, path, work, deps);
        return { images: images.map(({ ref }) => ref) };
      },
    },
  };
}

interface Build {
  lock: LockFile;
  images: readonly Image[];
  arch: Arch;
}

async function buildAll({ lock, images, arch }: Build, path: string, work: string, deps: ArtifactDeps): Promise<void> {
  if (arch !== thisArch())
    throw new OpsError('ARTIFACT_BUILD', `cannot build images for ${arch} here: got a computer of ${thisArch()}`);
  const podman = await openPodman(work, deps);
  // Programs last: what needs no compiler is built while another step has it.
  const ordered = [...images].sort((a, b) => Number(!!a.locked.binaries) - Number(!!b.locked.binaries));
  for (const image of ordered) await buildImage(lock, image, podman, work, deps);
  deps.progress(`images: saving ${images.length} as one archive`);
  const refs = images.map(({ ref }) => ref);
  await podman.save(refs, path);
  await podman.dropSuperseded([...refs, ...images.flatMap(({ base }) => base?.ref ?? [])]);
}

/** A tag is given when a build has ended, and it is the key: an image that is there is whole and the right one. */
async function buildImage(
  lock: LockFile,
  image: Image,
  podman: Podman,
  work: string,
  deps: ArtifactDeps,
): Promise<void> {
  deps.signal.throwIfAborted();
  if (await podman.has(image.ref)) return;
  if (image.base) await buildImage(lock, image.base, podman, work, deps);
  const context = join(work, `context-${image.name}`);
  const label = `image ${image.name}`;
  deps.progress(`${label}: preparing`);
  await fillContext(lock, image, context, work, deps);
  await podman.build(context, image.ref, image.base?.ref, label);
  await rm(context, { recursive: true, force: true });
}

async function fillContext(
  lock: LockFile,
  image: Image,
  context: string,
  work: string,
  deps: ArtifactDeps,
): Promise<void> {
  const { name, locked, arch } = image;
  const { project } = deps;
  const copyTree = (from: string, to: string) =>
    cp(from, to, { recursive: true, filter: path => isSource(relative(from, path)) });
  await copyTree(join(project, 'images', name), context);
  for (const [as, path] of Object.entries(locked.include ?? {})) await copyTree(join(project, path), join(context, as));
  for (const [binary, version] of Object.entries(locked.binaries ?? {})) {
    const recipe = await lockedRecipe(lock, { name: binary, version, arch }, project);
    await copyProgram((await resolveRecipe(recipe, deps)).path, join(context, binary));
  }
  for (const [as, from] of Object.entries(locked.debian ?? {}))
    await cp(await fileOfPackage(from.package, from.path, work, deps), join(context, as), { recursive: true });
  if (locked.mmdebstrap) await debianBase(image, locked.mmdebstrap, context, work, deps);
  if (locked.wheels) await wheels(image, locked.wheels, context, deps);
  // Modes of a checkout follow the umask of whoever cloned it; an image must not.
  await tool(['chmod', '-R', 'u=rwX,go=rX', context], `cannot prepare the image ${name}`, deps);
}

async function copyProgram(from: string, to: string): Promise<void> {
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o755);
}

async function debianBase(
  { name }: Image,
  file: string,
  context: string,
  work: string,
  deps: ArtifactDeps,
): Promise<void> {
  const args = (await readFile(join(context, file), 'utf8')).split('\n').filter(line => line.startsWith('-'));
  await debootstrap({ label: `image ${name}`, suite: SUITE, args, target: join(context, 'base.tar'), work }, deps);
}

/** Downloaded here, where the network and its authorities are known; the digests in the file decide. */
async function wheels(
  image: Image,
  spec: { requirements: string; python: string },
  context: string,
  deps: ArtifactDeps,
): Promise<void> {
  await needTool('python3', 'python3-pip', deps);
  const dir = join(context, 'wheels');
  await mkdir(dir);
  deps.progress(`image ${image.name}: downloading wheels`);
  const argv = ['python3', '-m', 'pip', 'download', '-q', '--require-hashes', '--only-binary=:all:', '--no-deps'];
  const machine = image.arch === 'amd64' ? 'x86_64' : 'aarch64';
  const platforms = ['manylinux2014', 'manylinux_2_28'].flatMap(name => ['--platform', `${name}_${machine}`]);
  const target = ['--implementation', 'cp', '--python-version', spec.python, ...platforms];
  const files = ['-r', join(context, spec.requirements), '-d', dir];
  await tool([...argv, ...target, ...files], `cannot download the wheels of the image ${image.name}`, deps, {
    sudo: false,
  });
}
