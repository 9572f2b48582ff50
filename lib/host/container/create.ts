import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Ctx } from '../../engine/index.ts';
import type { HostWant, Site } from '../../inventory/index.ts';
import { seconds } from '../../time/index.ts';
import { needDisk } from '../capacity.ts';
import { exists } from '../exists.ts';
import type { PlantedFile } from '../fence.ts';
import { type Identity, knownIdentity } from '../identity.ts';
import { type PlantedKeys, plantedKeys } from '../keys.ts';
import { asRoot, type ContainerFiles, containerFiles } from './podman.ts';
import { userOfStore } from './processes.ts';
import { withRootImage } from './root-image.ts';

const madeFrom = ({ dir }: ContainerFiles) => join(dir, 'image.json');

/** It is written last. */
export const rootWhole = (state: string, name: string): Promise<boolean> =>
  exists(madeFrom(containerFiles(state, name)));

/**
 * $1 image, $2 root, $3 host name, $4 machine-id, $5 login key, then path and text of more files, each. What is linked is never written in place; a cache on
 * another file system is copied. The keys are there before anything runs.
 */
const MAKE = `set -eu
rm -rf --one-file-system "$2"
cp -a "$1/system" "$2"
while read -r number path; do
  cp -al "$1/linked/$number" "$2/$path" 2>/dev/null || { rm -rf "$2/$path"; cp -a "$1/linked/$number" "$2/$path"; }
done <"$1/links"
printf '%s\\n' "$3" >"$2/etc/hostname"
printf '%s\\n' "$4" >"$2/etc/machine-id"
umask 077
mkdir -p "$2/root/.ssh"
printf '%s\\n' "$5" >"$2/root/.ssh/authorized_keys"
printf '%s' "$MUSTER_HOST_KEY" >"$2/etc/ssh/ssh_host_ed25519_key"
root=$2
shift 5
umask 022
while [ $# -gt 0 ]; do
  mkdir -p "$(dirname "$root$1")"
  printf '%s' "$2" >"$root$1"
  shift 2
done`;

/** What a killed run left is made anew: nothing has run from it. */
export async function createRoot(site: Site, host: HostWant, more: readonly PlantedFile[], ctx: Ctx): Promise<void> {
  const { state } = ctx.run.dirs;
  const files = containerFiles(state, host.name);
  const [identity, keys] = await Promise.all([knownIdentity(state, host.name), plantedKeys(host.name, ctx)]);
  await needDisk(host, files.dir);
  const path = madeFrom(files);
  await rm(path, { force: true });
  await withRootImage(site, ctx, async ({ key, dir }) => {
    await plant(dir, files.root, identity, { ...keys, more }, ctx);
    await writeFile(`${path}.new`, JSON.stringify({ key }), { mode: 0o600 });
  });
  await rename(`${path}.new`, path);
}

interface Planted extends PlantedKeys {
  more?: readonly PlantedFile[];
}

/** The root out of the image's folder, with what makes it this machine's. */
export async function plant(image: string, root: string, { name, uuid }: Identity, planted: Planted, ctx: Ctx) {
  const more = (planted.more ?? []).flatMap(({ path, text }) => [path, text]);
  const args = [image, root, name, uuid.replaceAll('-', ''), planted.operatorKey, ...more];
  await asRoot({ script: MAKE, args }, ctx, { secretEnv: { MUSTER_HOST_KEY: planted.hostPrivateKey } });
}

/** Once podman is done with it: what it still puts away would come into a folder that is being removed. */
export async function removeRoot(name: string, { dir, run }: ContainerFiles, ctx: Ctx): Promise<void> {
  await ctx.wait({
    what: `podman done with ${name}`,
    deadline: seconds(30),
    every: 100,
    hint: `ps -ef | grep ${run}`,
    probe: async () => {
      const pid = await userOfStore(run);
      return pid === undefined ? { value: true } : { saw: `process ${pid} puts it away` };
    },
  });
  await asRoot(['rm', '-rf', '--one-file-system', run, dir], ctx);
}
