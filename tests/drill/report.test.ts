import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is, match, ok } from 'uvu/assert';
import { reportSchema, report as schema } from '../../lib/drill/report.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { CHECKS, check, sample, seen } from './sample.ts';

const report = suite('report');

report('lib/drill/report.schema.json is what the schema says (UPDATE=1 writes it)', () => {
  const file = join(import.meta.dirname, '../../lib/drill/report.schema.json');
  const generated = `${JSON.stringify(reportSchema(), null, 2)}\n`;
  if (process.env.UPDATE === '1') writeFileSync(file, generated);
  is(readFileSync(file, 'utf8'), generated);
});

report('what is assembled follows the schema, whatever ended the drill', () => {
  const early = { error: new OpsError('STORE_UNREACHABLE', 'cannot reach it'), set: undefined, checks: [], rpo: [] };
  for (const over of [{}, early, { clocks: { marks: [], phases: [], exactTo: 0, fault: null } }]) {
    const made = sample(over);
    equal(schema.parse(JSON.parse(JSON.stringify(made))), made);
  }
});

report('a verified drill has its times, its worst loss and an end of its worth', () => {
  const { rto, rtoToFirstAnswer, rpo, verdict, exit, expires } = sample();
  equal([verdict, exit], ['verified', 0]);
  equal([rto, rtoToFirstAnswer], [{ ms: 281_400, target: 600_000, met: true }, 262_700]);
  equal(rpo.worst, { source: 'velero', ms: 118_000 });
  is(expires, '2026-12-21T15:27:41.400Z');
});

report('no recovery time is claimed where the data was not proven to be back', () => {
  const { rto, verdict, exit, expires } = sample({ checks: [...CHECKS, check({ state: 'failed' })] });
  equal(
    { rto, verdict, exit, expires },
    { rto: { ms: null, target: 600_000, met: null }, verdict: 'not verified', exit: 1, expires: null },
  );
});

report('a missed objective leaves the verdict, and exits 1', () => {
  const { verdict, exit, rto } = sample({ objectives: { rto: 200_000, proof: undefined } });
  equal([verdict, exit, rto.met], ['verified', 1, false]);
});

report('of several kinds of canary of one source the worst counts, and none is worse than any', () => {
  const [postgres, velero] = seen().rpo;
  ok(postgres && velero);
  const objects = { ...velero, ms: 130_000 };
  equal(sample({ rpo: [postgres, velero, objects] }).rpo.worst, { source: 'velero', ms: 130_000 });
  const none = { ...velero, newestCanary: null, ms: null, met: null };
  const lost = sample({ rpo: [none, postgres, objects] });
  equal([lost.rpo.sources.length, lost.rpo.worst, lost.exit], [2, null, 2]);
});

report('it says what it does not prove', () => {
  const error = new OpsError('STORE_UNREACHABLE', 'cannot reach it');
  const unrun = check({ state: 'unrun', code: 'CLUSTER_UNREACHABLE', title: 'Every table has its rows' });
  const { notProven } = sample({ error, checks: [unrun], rpo: [] });
  const says = (text: RegExp) =>
    ok(
      notProven.some(line => text.test(line)),
      `${text} in ${notProven.join('\n')}`,
    );
  says(/ended early \(STORE_UNREACHABLE\)/);
  says(/^Every table has its rows: it could not be looked at \(CLUSTER_UNREACHABLE\)\.$/);
  for (const level of ['L0', 'L4', 'L7']) says(new RegExp(`\\(${level}\\): no check of this level passed`));
  says(/^The data of control-plane: it is in the set, and no check compared it\.$/);
  says(/^How much was lost: no canaries were looked for\.$/);
  says(/^The loss of the store itself/);
  match(sample({ set: undefined, error }).notProven.join('\n'), /Any backup at all/);
});

report.run();
