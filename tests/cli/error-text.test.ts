import { suite } from 'uvu';
import { equal, match, not, ok } from 'uvu/assert';
import { errorData, errorText } from '../../lib/cli/error-text.ts';
import { OpsError } from '../../lib/errors/index.ts';

const waited = new OpsError('WAIT_TIMEOUT', 'cannot see a Ready node after 2 min; last seen: NotReady', {
  hint: './muster status --site lab',
  details: ['kubelet: no network', 'journal: /work/.muster/lab/journals/1.jsonl'],
  cause: new Error('connect ECONNREFUSED 127.0.0.1:6443', { cause: new Error('kubelet: no network') }),
});
const where = { site: 'lab', step: 'server-1: Start k3s' };

const mask = (line: string) => line.replaceAll('hunter2', '***');

const text = suite('error text');

text('says what, where, why, what to type next, and the journal', () => {
  equal(
    errorText(waited, where, mask, false),
    [
      'error   cannot see a Ready node after 2 min; last seen: NotReady',
      'where   server-1: Start k3s, site lab',
      'why     kubelet: no network',
      '        connect ECONNREFUSED 127.0.0.1:6443',
      'next    ./muster status --site lab',
      'more    ./muster explain WAIT_TIMEOUT',
      'journal /work/.muster/lab/journals/1.jsonl',
    ].join('\n'),
  );
});

text('is the same as data', () => {
  const { error } = errorData(waited, where, mask);
  equal([error.code, error.exit, error.next], ['WAIT_TIMEOUT', 1, './muster status --site lab']);
  equal(error.why, ['kubelet: no network', 'connect ECONNREFUSED 127.0.0.1:6443']);
  equal(error.journal, '/work/.muster/lab/journals/1.jsonl');
});

text('of an error of no kind has a code and a hint too', () => {
  const shown = errorText(new TypeError('x is not a function'), {}, mask, false);
  match(shown, /^error {3}cannot go on: x is not a function\nnext {4}.+\nmore {4}\.\/muster explain INTERNAL$/);
});

text('cannot move the cursor, colour or hide anything', () => {
  const hostile = new OpsError('USAGE', 'cannot use \u001b[2J\r\u009b31m\u202egnp.exe', { hint: 'a\nb' });
  const shown = errorText(hostile, {}, mask, false);
  not.match(shown.replaceAll('\n', ''), /[\x00-\x1f\x7f-\x9f\u202e]/);
  match(shown, /\\x1b\[2J\\x0d\\x9b31m\\u202egnp\.exe/);
  match(shown, /next {4}a\\x0ab/);
});

text('has the place in the code only when asked for', () => {
  not.match(errorText(waited, where, mask, false), /error-text\.test\.ts/);
  ok(errorText(waited, where, mask, true).includes('error-text.test.ts'));
});

text('holds no secret, neither as text nor as data', () => {
  const leaky = new OpsError('USAGE', 'cannot log in with hunter2', {
    hint: 'try hunter2',
    details: ['stdout: hunter2'],
    cause: new Error('pg: hunter2'),
  });
  const shown = `${errorText(leaky, where, mask, true)}${JSON.stringify(errorData(leaky, where, mask))}`;
  not.match(shown, /hunter2/);
  match(shown, /pg: \*\*\*/);
});

text.run();
