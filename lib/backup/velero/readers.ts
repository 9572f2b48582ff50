import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../cluster/index.ts';
import type { Ctx, KubeObject } from '../../engine/index.ts';
import { OpsError } from '../../errors/index.ts';
import type { Site } from '../../inventory/index.ts';
import type { VolumeFacts } from '../set.ts';
import type { Mapping, ReadVolume } from './checks.ts';
import { seeClaims, usersOf } from './claims.ts';
import { listFiles } from './files.ts';
import type { Kopia } from './kopia.ts';
import { locateFor } from './where.ts';

/** Volumes of a site, as its hosts have them. `mapping`: namespaces that were restored under other names. */
export const siteVolumes =
  (site: Site, ctx: Pick<Ctx, 'cluster' | 'shell' | 'signal'>, mapping: Mapping = {}): ReadVolume =>
  async ({ namespace, claim }) => {
    const there = mapping[namespace] ?? namespace;
    const { claims, volumes, pods } = await seeClaims(await ctx.cluster(site.name), [there]);
    const found = claims.find(({ metadata }) => metadata.name === claim);
    const { volumeName } = (found?.spec ?? {}) as { volumeName?: string };
    const volume = volumes.find(({ metadata }) => metadata.name === volumeName);
    if (!found || !volume) return undefined;
    const at = locateFor(site)(volume, usersOf(found, pods).find(isPlaced));
    if (!at) throw new OpsError('CHECK_UNRUN', `cannot look into ${there}/${claim}: its volume lies on no host`);
    return (await listFiles(await ctx.shell(at.host), at.path, ctx.signal))?.files;
  };

const isPlaced = ({ spec, metadata }: KubeObject) =>
  isRecord(spec) && spec.nodeName !== undefined && metadata.deletionTimestamp === undefined;

/** Volumes read out of the bucket into a folder of this computer: no cluster, seconds. `open`: by namespace. */
export const scratchVolumes =
  (open: (namespace: string) => Promise<Kopia>, scratch: string, ctx: Pick<Ctx, 'shell' | 'signal'>): ReadVolume =>
  async (volume: VolumeFacts) => {
    const into = join(scratch, volume.snapshot);
    await mkdir(into, { recursive: true });
    const found = await (await open(volume.namespace)).restore(volume.snapshot, into);
    // The check of the content says it; here nothing was looked at.
    if (!found.ok) throw new OpsError('CHECK_UNRUN', `cannot look into ${volume.snapshot}: ${found.words}`);
    return (await listFiles(await ctx.shell('localhost'), into, ctx.signal))?.files;
  };
