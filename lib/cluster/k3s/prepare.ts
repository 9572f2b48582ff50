import type { AnyStep, Ctx, Shell } from '../../engine/index.ts';
import { minutes } from '../../time/index.ts';
import type { Archive, LocalFile } from './artifacts.ts';
import { decideBinary, decideImages, decideKernel, decidePackages } from './decide.ts';
import { BINARY, IMAGES_DIR, KERNEL_MODULES, MODULES, MODULES_TEXT, STAMPS, SYSCTL, SYSCTL_TEXT } from './files.ts';
import { hostStep, ROOT, type Server } from './host.ts';
import { missingImages } from './nodes.ts';
import { archiveFile, binary, kernel, packages, stampPath } from './observe.ts';

/** What the lab binary calls and does not contain; k3s itself brings all of it. */
const LAB_PACKAGES = ['runc', 'containernetworking-plugins', 'conntrack', 'nftables', 'iptables'] as const;

/** A version that is built here, out of what k3s is made of. */
export const isLabBinary = (version: string): boolean => version.endsWith('+k3s-lab');

const APT = `set -e
export DEBIAN_FRONTEND=noninteractive
# A lock that another apt holds is waited for.
apt-get -q -o DPkg::Lock::Timeout=120 update
apt-get -q -y -o DPkg::Lock::Timeout=120 --no-install-recommends install "$@"`;

export function packagesStep(server: Server): AnyStep {
  const names = isLabBinary(server.site.cluster.version) ? LAB_PACKAGES : [];
  const probe = packages(names);
  return hostStep(server, {
    id: 'k3s.packages',
    title: `Install what k3s needs on ${server.name}`,
    want: names,
    deadline: minutes(10),
    observe: ctx => ctx.facts(server.name, probe),
    decide: decidePackages,
    act: (change, shell, ctx) =>
      shell.run(
        { script: APT, args: change.what.replace(/^packages /, '').split(', ') },
        { ...ROOT, signal: ctx.signal, onLine: line => ctx.progress(line) },
      ),
  });
}

/** modprobe may fail where the modules are the host's: what counts is what the next look sees. */
const KERNEL = `set -e
printf %s "$1" >${SYSCTL}
printf %s "$2" >${MODULES}
modprobe -a ${KERNEL_MODULES.join(' ')} || true
sysctl -q -p ${SYSCTL}`;

export function kernelStep(server: Server): AnyStep {
  return hostStep(server, {
    id: 'k3s.kernel',
    title: `Set up the kernel of ${server.name}`,
    want: {},
    deadline: minutes(1),
    observe: ctx => ctx.facts(server.name, kernel),
    decide: decideKernel,
    act: (change, shell) =>
      change.action === 'delete'
        ? shell.run(['rm', '-f', SYSCTL, MODULES], ROOT)
        : shell.run({ script: KERNEL, args: [SYSCTL_TEXT, MODULES_TEXT] }, ROOT),
  });
}

export function binaryStep(server: Server): AnyStep {
  const { version } = server.site.cluster;
  const artifact = server.artifacts.binary;
  return hostStep(server, {
    id: 'k3s.binary',
    title: `Install k3s ${version} on ${server.name}`,
    want: { version },
    needs: artifact.needs,
    deadline: minutes(10),
    async observe(ctx) {
      const [facts, found] = await Promise.all([ctx.facts(server.name, binary), artifact.find(ctx)]);
      return { ...facts, ...(found.needed && found.local && { artifact: found.local.sha256 }) };
    },
    decide: decideBinary,
    async act(change, shell, ctx) {
      if (change.action === 'delete') return shell.run(['rm', '-f', BINARY, stampPath('binary')], ROOT);
      await place(shell, await artifact.have(ctx), { path: BINARY, name: 'binary', mode: 0o755 }, ctx);
    },
  });
}

const IMPORT = `${BINARY} ctr -n k8s.io images import "$1"`;

export function imagesStep(server: Server, archive: Archive): AnyStep {
  const { site, name } = server;
  const path = `${IMAGES_DIR}/${archive.file}`;
  const probe = archiveFile(archive.id, path);
  return hostStep(server, {
    id: archive.id,
    title: `Bring ${archive.file} to ${name}`,
    want: { version: site.cluster.version },
    needs: archive.needs,
    deadline: minutes(15),
    async observe(ctx) {
      // At once: the node need not wait until its machine has answered.
      const lacking = archive.find(ctx).then(async found => ({
        found,
        missing: found.needed && found.local && (await missingImages(ctx, name, found.local.images)),
      }));
      const [facts, { found, missing }] = await Promise.all([ctx.facts(name, probe), lacking]);
      if (!found.needed || !found.local) return { ...facts, path, needed: found.needed };
      const { sha256: artifact, images } = found.local;
      return { ...facts, path, needed: true, artifact, ...(missing && images.length > 0 && { missing }) };
    },
    decide: decideImages,
    async act(change, shell, ctx) {
      if (change.action === 'delete') return shell.run(['rm', '-f', path, stampPath(archive.id)], ROOT);
      const local = await archive.have(ctx);
      if (change.action !== 'run') return place(shell, local, { path, name: archive.id, mode: 0o644 }, ctx);
      await shell.run({ script: IMPORT, args: [path] }, { ...ROOT, signal: ctx.signal });
      await ctx.wait({
        what: `the images on node ${name}`,
        deadline: minutes(2),
        every: 2000,
        hint: `kubectl get node ${name} -o yaml: status.images`,
        probe: async () => {
          const missing = await missingImages(ctx, name, local.images);
          return missing?.length === 0 ? { value: 0 } : { saw: missing ? `no ${missing.join(', ')}` : 'no answer' };
        },
      });
    },
  });
}

const DIGEST = `mkdir -p "$(dirname "$1")" ${STAMPS}
chmod 0755 ${STAMPS}
test -f "$1" && sha256sum <"$1" | cut -c-64; exit 0`;

/** Before the note is written, the digest was taken from the file that it is about: by us above, or by upload. */
const NOTE = `mkdir -p "$(dirname "$3")"; printf '%s %s\\n' "$1" "$(stat -L -c '%s %Y' "$2")" >"$3.new" && mv "$3.new" "$3"`;

interface Place {
  path: string;
  name: string;
  mode: number;
}

/** The file at its place, sent only if its digest differs, and the digest noted. */
async function place(shell: Shell, local: LocalFile, { path, name, mode }: Place, ctx: Ctx): Promise<void> {
  const found = (await shell.run({ script: DIGEST, args: [path] }, ROOT)).trim();
  if (found !== local.sha256) {
    const onBytes = (sent: number, total: number) =>
      ctx.progress(`${path}: ${megabytes(sent)} of ${megabytes(total)} MB`);
    await shell.upload({ file: local.path }, path, { mode, ...ROOT, signal: ctx.signal, onBytes });
  }
  await shell.run({ script: NOTE, args: [local.sha256, path, stampPath(name)] }, ROOT);
}

const megabytes = (bytes: number) => Math.round(bytes / 1e6);
