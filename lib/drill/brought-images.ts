import { artifactDeps, PULLED, withPulled } from '../artifact/index.ts';
import { type Manifest, partOf } from '../backup/index.ts';
import type { Change, Ctx, Decision, Step } from '../engine/index.ts';
import { isOpsError, oneLine } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { minutes } from '../time/index.ts';

/** Of an image: its name on a node, and what it was when the set was taken. */
interface Pulled {
  image: string;
  from: string;
}

export interface BroughtFacts {
  /** Images that a host lacks. */
  lacking: readonly Pulled[];
  /** Why they could not be had: 'registry.example/team/wiki:1: ...'. */
  givenUp: readonly string[];
}

const WHERE = '/var/lib/rancher/k3s/muster-pulled.tar';

/**
 * images.brought: behind a fence nothing is pulled. What nodes of a rebuilt site would pull is pulled by this computer, by the
 * digest that the set has of it, and imported there. What cannot be had is told, and no fault of the backup's.
 */
export function broughtStep(site: Site, set: Manifest): Step<object, BroughtFacts> {
  const wanted = partOf(set, 'velero')?.facts.pulled ?? [];
  const givenUp = new Map<string, string>();
  return {
    id: 'images.brought',
    title: 'Bring the images that others run behind the fence',
    target: { site: site.name, kind: 'site', name: site.name },
    want: { images: wanted.map(({ image }) => image) },
    deadline: minutes(20),
    async observe(ctx) {
      const has = await Promise.all(site.hosts.map(({ name }) => imagesOf(name, ctx)));
      const lacking = wanted.filter(({ image }) => !givenUp.has(image) && has.some(images => !images.has(image)));
      return { lacking, givenUp: [...givenUp].map(([image, why]) => `${image}: ${why}`) };
    },
    decide: decideBrought,
    async apply(change, ctx) {
      const found = wanted.find(({ image }) => change.what === `image ${image}`);
      if (!found) return;
      await ctx.effect(change, () =>
        bring(found, site, ctx).catch(error => {
          if (!isOpsError(error, 'ARTIFACT_BUILD') && !isOpsError(error, 'TOOL_MISSING')) throw error;
          // The tool's last words say why.
          const why = oneLine(error.details.at(-1) ?? error);
          givenUp.set(found.image, why);
          ctx.progress(`${found.image} is not brought: ${why}`);
        }),
      );
    },
  };
}

export function decideBrought(_: unknown, { lacking, givenUp }: BroughtFacts): Decision {
  if (lacking.length > 0)
    return {
      is: 'changes',
      changes: lacking.map(({ image }): Change => ({ action: 'create', what: `image ${image}`, grade: 'known' })),
    };
  return { is: 'done', reason: givenUp.length > 0 ? `not to be had: ${givenUp.join('; ')}` : 'all there' };
}

async function imagesOf(host: string, ctx: Ctx): Promise<Set<string>> {
  const listed = await (await ctx.shell(host)).run(['k3s', 'ctr', 'images', 'ls', '-q'], { sudo: true });
  return new Set(listed.split('\n'));
}

async function bring({ image, from }: Pulled, site: Site, ctx: Ctx): Promise<void> {
  const deps = await artifactDeps(site, ctx);
  ctx.progress(`${image}: pulling ${from}`);
  await withPulled(from, deps, async archive => {
    for (const { name } of site.hosts) {
      if ((await imagesOf(name, ctx)).has(image)) continue;
      const shell = await ctx.shell(name);
      ctx.progress(`${image}: to ${name}`);
      await shell.upload({ file: archive }, WHERE, { mode: 0o600, sudo: true });
      await shell.run({ script: IMPORT, args: [WHERE, image, PULLED] }, { sudo: true, timeout: minutes(10) });
    }
  });
}

/** $1 archive, $2 the image's name on the node, $3 that in the archive. */
const IMPORT = `set -e
trap 'rm -f -- "$1"' EXIT
k3s ctr images import "$1"
k3s ctr images tag --force "$3" "$2"
k3s ctr images rm "$3"`;
