import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readCredentials } from '../../lib/cluster/api/credentials.ts';
import { gathering } from '../../lib/cluster/api/gathering.ts';

const test = suite('questions to an API');
const base64 = (text: string) => Buffer.from(text).toString('base64');

const kubeconfig = (user: object, more: object = {}) =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'lab', cluster: { server: 'https://127.0.0.1:6443', 'certificate-authority-data': base64('ca') } },
    ],
    users: [{ name: 'lab', user }],
    contexts: [{ name: 'lab', context: { cluster: 'lab', user: 'lab' } }],
    'current-context': 'lab',
    ...more,
  });

test('a certificate of a kubeconfig is what is shown to the API', async () => {
  const user = { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') };
  const { context, server, tls, headers } = await readCredentials(kubeconfig(user));
  assert.equal([context, server], ['lab', 'https://127.0.0.1:6443']);
  assert.equal([tls.ca, tls.cert, tls.key].map(String), ['ca', 'cert', 'key']);
  assert.equal(await headers(), {});
});

test('a token, beside a certificate or alone, is sent', async () => {
  const both = { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key'), token: 't0ken' };
  for (const user of [both, { token: 't0ken' }]) {
    const { headers } = await readCredentials(kubeconfig(user));
    assert.match(JSON.stringify(await headers()), 'Bearer t0ken');
  }
});

test('of two clusters the one of the context is taken', async () => {
  const clusters = ['other', 'lab'].map(name => ({
    name,
    cluster: { server: `https://${name}:6443`, 'certificate-authority-data': base64(name) },
  }));
  const user = { 'client-certificate-data': base64('cert'), 'client-key-data': base64('key') };
  assert.is((await readCredentials(kubeconfig(user, { clusters }))).server, 'https://lab:6443');
});

test('questions of one moment are asked once, and a later one anew: no answer is older than its question', async () => {
  const together = gathering<number>();
  let asked = 0;
  let answer: (value: number) => void = () => undefined;
  const ask = () => {
    asked += 1;
    return new Promise<number>(resolve => {
      answer = resolve;
    });
  };
  const ready = async () => undefined;
  const first = [together('pods', ready, ask), together('pods', ready, ask)];
  while (asked === 0) await new Promise(resolve => setTimeout(resolve, 5));
  const answerFirst = answer;
  // The first is on its way, and not answered.
  const second = together('pods', ready, ask);
  while (asked === 1) await new Promise(resolve => setTimeout(resolve, 5));
  answer(2);
  answerFirst(1);
  assert.equal([await Promise.all(first), await second, asked], [[1, 1], 2, 2]);
});

test('a question that could not be sent fails for all who asked it, and can be asked again', async () => {
  const together = gathering<number>();
  const broken = () => Promise.reject(new Error('no such kind'));
  const both = [1, 2].map(value => together('pods', broken, async () => value).catch(error => error.message));
  assert.equal(await Promise.all(both), ['no such kind', 'no such kind']);
  assert.is(
    await together(
      'pods',
      async () => undefined,
      async () => 3,
    ),
    3,
  );
});

test.run();
