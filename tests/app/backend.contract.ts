/**
 * The backend's and the frontend's tests are pytest's, run inside the very images; here each of them becomes a test of
 * ours, so that it is counted, and named when it fails.
 */
import { suite } from 'uvu';
import { equal, ok } from 'uvu/assert';
import { runPytest } from './containers.ts';

interface Line {
  test: string;
  outcome: 'passed' | 'failed' | 'skipped';
  why: string;
}

const { code, output, results } = await runPytest();
const lines = results.map((line): Line => JSON.parse(line));
const byTest = Map.groupBy(lines, ({ test }) => test);
const app = suite('app');

app('pytest ran to its end', () => {
  ok(byTest.size > 0, output);
  ok(code === 0 || code === 1, `pytest ended with ${code}\n${output}`);
  equal(code, lines.every(({ outcome }) => outcome === 'passed') ? 0 : 1);
});

for (const [test, phases] of byTest) {
  app(words(test), () => {
    equal(
      phases.filter(({ outcome }) => outcome !== 'passed').map(({ why }) => why),
      [],
    );
    ok(phases.length === 3, `${phases.length} of the three phases of a test`);
  });
}

/** 'test_users.py::test_a_name_comes_back[%s]' as 'users: a name comes back [%s]'. */
function words(test: string): string {
  const [, file = '', name = '', parameters = ''] = /^test_(\w+)\.py::test_(\w+)(.*)$/s.exec(test) ?? [];
  return `${file}: ${name.replaceAll('_', ' ')} ${parameters}`.trim();
}

app.run();
