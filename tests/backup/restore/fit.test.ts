import { suite } from 'uvu';
import { equal, match, not } from 'uvu/assert';
import { refuseUnfit } from '../../../lib/backup/restore/fit.ts';
import { databaseFitStep } from '../../../lib/backup/restore/index.ts';
import type { PartOf } from '../../../lib/backup/set.ts';
import type { Postgres } from '../../../lib/backup/source.ts';
import type { ClusterApi, Ctx } from '../../../lib/engine/index.ts';
import { isOpsError } from '../../../lib/errors/index.ts';
import { siteOf } from '../set-world.ts';

const LABEL = '20261121-120000F';
const part = { facts: { pgbackrest: { stanza: 'main', label: LABEL } } } as unknown as PartOf<'postgres'>;
const MB = 2 ** 20;

const info = (label: string, size: number) =>
  JSON.stringify([
    {
      status: { code: 0, message: 'ok' },
      archive: [],
      backup: [
        {
          label,
          type: 'full',
          archive: { start: null, stop: null },
          info: { size },
          timestamp: { start: 0, stop: 0 },
          backrest: { version: '2' },
        },
      ],
    },
  ]);
const said = (text: string) => ({
  code: 0,
  signal: null,
  stdout: { text, bytes: Buffer.from(text), dropped: 0 },
  stderr: { text: '', bytes: Buffer.from(''), dropped: 0 },
});
/** A server that tells of one base backup, and of the room in its volume. */
const exec =
  (size: number, free: number, label = LABEL): Postgres['exec'] =>
  async ([program]) =>
    said(program === 'df' ? ` Avail\n${free}\n` : info(label, size));
const server = (size: number, free: number, label?: string) =>
  ({ name: 'a server', exec: exec(size, free, label) }) as unknown as Postgres;

const refusal = (act: Promise<unknown>): Promise<{ code?: string; message: string } | undefined> =>
  act.then(
    () => undefined,
    error => (isOpsError(error) ? error : { message: String(error) }),
  );

const fit = suite('a restore that cannot fit');

fit('is refused with what it needs and what is free', async () => {
  not(await refusal(refuseUnfit(server(1000 * MB, 1200 * MB), part)));
  const { code, message = '' } = (await refusal(refuseUnfit(server(1000 * MB, 1100 * MB), part))) ?? {};
  equal(code, 'RESTORE_UNFIT');
  match(message, 'needs 1221 MB, and 1154 MB are free');
});

fit('of a base backup that the repository does not have is refused too', async () => {
  equal((await refusal(refuseUnfit(server(1, 1e12, '20200101-000000F'), part)))?.code, 'SET_ARTEFACT_MISSING');
});

const observe = (phase: string, free: number) => {
  const step = databaseFitStep(part, siteOf());
  const status = { phase };
  const api = {
    get: async () => ({ metadata: {}, status }),
    exec: (_: unknown, argv: string[]) => exec(1000 * MB, free)(argv),
  };
  return refusal(step.observe({ cluster: async () => api as unknown as ClusterApi } as unknown as Ctx));
};

fit('is refused while the database still runs; one that does not run has nothing to lose by trying', async () => {
  equal((await observe('Running', 1100 * MB))?.code, 'RESTORE_UNFIT');
  not(await observe('Running', 2000 * MB));
  not(await observe('Pending', 0));
});

fit.run();
