import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is, ok } from 'uvu/assert';
import { canaryRpo } from '../../lib/drill/checks/canaries.ts';
import { apartBy, clocksApart, keptApart } from '../../lib/drill/clocks-apart.ts';
import type { Drill } from '../../lib/drill/scenario.ts';
import type { Marked } from '../../lib/drill/timeline.ts';
import type { OpenSite } from '../../lib/site/index.ts';

const START = 1_790_000_000_000;
/** Of a machine: how far ahead its clock is, and how long each question takes, in ms. */
interface Machine {
  ahead: number;
  takes: number[];
  /** In place of a moment. */
  says?: string;
}

/** Questions to two machines travel side by side: each has this computer's clock for itself. */
function site(machines: Record<string, Machine | undefined>): Pick<OpenSite, 'site' | 'ports'> & { asked: string[] } {
  const asked: string[] = [];
  let now = START;
  const shell = async (name: string) => {
    const machine = machines[name];
    if (!machine) throw new Error(`${name} is away`);
    return {
      async run() {
        const took = machine.takes[asked.filter(one => one === name).length] ?? 0;
        asked.push(name);
        now += took / 2;
        const said = machine.says ?? `${now + machine.ahead}\n`;
        now += took / 2;
        return said;
      },
    };
  };
  const hosts = Object.keys(machines).map(name => ({ name }));
  return { site: { hosts }, ports: { shell, clock: { now: () => now } }, asked } as never;
}

const clocks = suite<{ folder: string }>('clocks of machines and ours');
clocks.before.each(async context => {
  context.folder = await mkdtemp(join(tmpdir(), 'muster-clocks-'));
});
clocks.after.each(({ folder }) => rm(folder, { recursive: true, force: true }));

clocks('are apart by the offset, and by the round trip in which it was seen', () => {
  is(apartBy(1_790_000_000_000, '1790000000050\n', 1_790_000_000_100), 100);
  is(apartBy(1_790_000_000_000, '1790000000300\n', 1_790_000_000_100), 350);
  is(apartBy(1_790_000_000_000, '1789999999800\n', 1_790_000_000_100), 350);
  ok(Number.isNaN(apartBy(0, 'date: invalid option', 1)));
});

clocks('count as far apart as the best of some questions says', async () => {
  is(await clocksApart(site({ one: { ahead: 30, takes: [900, 20, 60] } })), 50);
});

clocks('are those of the worst machine', async () => {
  const apart = await clocksApart(site({ one: { ahead: 0, takes: [] }, two: { ahead: -4000, takes: [] } }));
  is(apart, 4000);
});

clocks('that were not all asked are not known', async () => {
  is(await clocksApart(site({ one: { ahead: 0, takes: [] }, two: undefined })), undefined);
  is(await clocksApart(site({ one: { ahead: 0, takes: [] }, two: { ahead: 0, takes: [], says: '%3N' } })), undefined);
  is(await clocksApart(site({})), undefined);
});

const before = { marks: () => [] };
const after = { marks: () => [{ mark: 't0' }] as unknown as Marked[] };

clocks('are compared before the loss, and a drill that goes on has what was seen then', async ({ folder }) => {
  const drill = join(folder, 'drill');
  is(await keptApart(drill, before, site({ one: { ahead: 70, takes: [] } })), 70);
  const other = site({ one: { ahead: 9, takes: [] } });
  is(await keptApart(drill, after, other), 70);
  equal([other.asked, await readdir(drill)], [[], ['clocks.json']]);
});

clocks('are not compared with machines that came after the loss', async ({ folder }) => {
  const fresh = site({ one: { ahead: 9, takes: [] } });
  is(await keptApart(folder, after, fresh), undefined);
  equal(fresh.asked, []);
});

clocks('are not what somebody wrote into the folder', async ({ folder }) => {
  await writeFile(join(folder, 'clocks.json'), '{"apart":"none"}');
  const error = await keptApart(folder, after, site({})).catch(thrown => thrown);
  is(error.code, 'EVIDENCE_INVALID');
});

clocks('bound what a report says of the data that was lost; where nobody measured, a second', async () => {
  const rpo = { postgres: 60_000, velero: 60_000 };
  const drill = { source: { site: { app: {}, drills: {}, backup: { rpo } } } } as unknown as Drill;
  const bounds = async (of: Drill) =>
    (await canaryRpo(of, { at: new Date(START).toISOString() } as Marked)).map(({ bound }) => bound);
  equal(await bounds({ ...drill, apart: 77 }), [77, 77, 77]);
  equal(await bounds(drill), [1000, 1000, 1000]);
});

clocks.run();
