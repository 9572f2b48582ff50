import type { Ctx, Step } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { minutes } from '../../time/index.ts';
import { openInfoFile, sizeIn } from '../postgres/info-file.ts';
import { clusterOf } from '../postgres/names.ts';
import { infoCopies, setOf } from '../postgres/point.ts';
import { knownKeys, retiredKeys } from '../postgres/repository.ts';
import type { PartOf } from '../set.ts';
import { isBegun } from '../velero/restore.ts';
import { needed, refuse } from './fit.ts';

/** What comes to the disks of hosts. Bytes as they will lie there; undefined: nobody could tell. */
export interface Coming {
  what: string;
  bytes: number | undefined;
}

/** Bytes that are free; undefined: df said no number. */
export interface Disk {
  host: string;
  free: number | undefined;
}

/** At least so many bytes: files that moved while they were backed up have no size in the set. */
export const comingOf = ({ facts }: PartOf<'velero'>): Coming[] =>
  facts.volumes.map(({ namespace, claim, files }) => ({
    what: `${namespace}/${claim}`,
    bytes: files.reduce((sum, { size = 0 }) => sum + size, 0),
  }));

/**
 * Pure. On which host a volume comes up the scheduler decides, and never on two: each fits on the widest disk, and all of
 * them on all. Of one host that is the sum on its disk. Gives what nobody could tell. Errors: RESTORE_UNFIT.
 */
export function untoldOfRoom(coming: readonly Coming[], disks: readonly Disk[]): string[] {
  const untold = [
    ...coming.flatMap(({ what, bytes }) => (bytes === undefined ? [`the size of ${what}`] : [])),
    ...disks.flatMap(({ host, free }) => (free === undefined ? [`the room on ${host}`] : [])),
  ];
  // Where one is not known there may be enough; of what comes the known part alone may be too much.
  const free = disks.map(disk => disk.free ?? Number.POSITIVE_INFINITY);
  for (const { what, bytes = 0 } of coming) refuse(what, needed(bytes), Math.max(...free));
  const sum = coming.reduce((all, { bytes = 0 }) => all + bytes, 0);
  const together = `${coming.map(({ what }) => what).join(', ')} on ${disks.map(({ host }) => host).join(', ')}`;
  refuse(
    together,
    needed(sum),
    free.reduce((all, one) => all + one, 0),
  );
  return untold;
}

export interface RoomWant {
  velero?: PartOf<'velero'> | undefined;
  /** One that comes into a volume of the site; absent: none does. */
  postgres?: PartOf<'postgres'> | undefined;
}

interface Seen {
  /** What comes takes up what was free before. */
  begun: boolean;
  untold: string[];
}

/** restore.fit-volumes: only looks. Of a site with hosts of ours: volumes of a cloud are made for their claims. */
export function roomStep({ velero, postgres }: RoomWant, site: Site): Step<{ what: string[] }, Seen> {
  const volumes = velero ? comingOf(velero) : [];
  return {
    id: 'restore.fit-volumes',
    title: 'Prove that what comes back fits on the disks of the hosts',
    target: clusterOf(site),
    want: { what: [...volumes.map(({ what }) => what), ...(postgres ? ['the database'] : [])] },
    deadline: minutes(2),
    async observe(ctx) {
      if (velero && (await isBegun(velero.facts, site, ctx))) return { begun: true, untold: [] };
      const [database, disks] = await Promise.all([
        postgres ? databaseSize(postgres, site, ctx) : undefined,
        Promise.all(site.hosts.map(({ name }) => diskOf(name, ctx))),
      ]);
      const coming = postgres ? [...volumes, { what: 'the database', bytes: database }] : volumes;
      return { begun: false, untold: untoldOfRoom(coming, disks) };
    },
    decide(_, { begun, untold }) {
      if (begun) return { is: 'done', reason: 'it was looked at before the first volume came' };
      if (untold.length > 0) return { is: 'unknown', reason: `nobody could tell ${untold.join(', ')}` };
      return { is: 'done', reason: 'it fits' };
    },
    async apply() {},
  };
}

/** Of the base backup, unpacked; undefined: the set's copy of the index does not tell it. Errors: STORE_*. */
async function databaseSize({ facts }: PartOf<'postgres'>, site: Site, ctx: Ctx): Promise<number | undefined> {
  const { stanza, label } = facts.pgbackrest;
  const retired = (await retiredKeys(ctx.secrets)).find(keys => keys.stanza === stanza);
  const cipher = (retired ?? (await knownKeys(ctx.secrets)))?.cipher;
  const [key = ''] = infoCopies(setOf(facts), stanza)[0] ?? [];
  const sealed = await (await ctx.store(site.name)).get(key);
  const text = sealed && cipher && openInfoFile(sealed, cipher);
  return text ? sizeIn(text, label) : undefined;
}

async function diskOf(host: string, ctx: Ctx): Promise<Disk> {
  const said = await (await ctx.shell(host)).run(['df', '--output=avail', '-B1', '/var/lib/rancher/k3s'], {
    sudo: true,
  });
  const free = /^\s*(\d+)\s*$/.exec(said.trim().split('\n').at(-1) ?? '')?.[1];
  return { host, free: free === undefined ? undefined : Number(free) };
}
