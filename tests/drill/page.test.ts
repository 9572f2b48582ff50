import { suite } from 'uvu';
import { equal, is, match, not, ok } from 'uvu/assert';
import { renderReport } from '../../lib/drill/page/index.ts';
import { escapeHtml } from '../../lib/drill/page/markup.ts';
import { OpsError } from '../../lib/errors/index.ts';
import { CHECKS, check, sample, seen } from './sample.ts';

const SIGNER = 'SHA256:fingerprint';
const HOSTILE = `<script>alert(1)</script><img src=x onerror=alert(1)>"'\`&lt;</td></style>`;

/** Hostile wherever a name of somebody else can come from. */
const hostile = (text: string) =>
  sample({
    drill: {
      ...seen().drill,
      title: text,
      target: text,
      commit: text,
      by: { trigger: 'person', name: text },
      versions: { [text]: text },
    },
    checks: [
      ...CHECKS,
      check({ id: text, title: text, expected: text, got: text, state: 'failed', details: [text] }),
      check({ id: text, title: text, got: text, state: 'unrun' }),
    ],
    notTried: [text],
    left: [text],
    error: new OpsError('INTERNAL', text),
  });

const page = suite('page');

page('begins with the verdict and what it means, in one sentence', () => {
  const words = (over = {}) => {
    const [, verdict = '', means = ''] =
      /class="said">([^<]+)<\/span><\/p>\n<p>([^<]+)<\/p>/.exec(renderReport(sample(over), SIGNER)) ?? [];
    return `${verdict}: ${means}`;
  };
  is(
    words(),
    'verified: What was lost came back from the backup, and it is what was backed up, within the agreed time and loss.',
  );
  match(words({ objectives: { rto: 1000, proof: undefined } }), /^verified: .*, but it took longer than agreed\.$/);
  match(
    words({ checks: [...CHECKS, check({ state: 'failed' })] }),
    /^not verified: .* 1 required check failed, so this backup must not be relied on\.$/,
  );
  match(
    words({ error: new OpsError('STORE_UNREACHABLE', 'cannot') }),
    /^inconclusive: Nothing is proven, .*: the drill ended early\.$/,
  );
});

page('needs nothing from elsewhere, has no script, and forbids both', () => {
  const text = renderReport(hostile(HOSTILE), SIGNER);
  match(text, /Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'"/);
  not.match(text, /<(script|img|link|iframe|object|embed|form|svg|base)\b/i);
  not.match(text, /<[^>]*\s(src|on[a-z]+|srcset|action)\s*=/i);
  not.match(text, /@import|url\(/);
  equal(
    [...text.matchAll(/href="([^"]*)"/g)].map(([, to]) => to),
    ['#not-proven'],
  );
});

page('keeps hostile names as text: the tags are those of the same page with tame names', () => {
  const tags = (text: string) => [...renderReport(hostile(text), SIGNER).matchAll(/<[^>]*>/g)].map(([tag]) => tag);
  const tame = tags('name');
  ok(tame.length > 200);
  for (const name of [HOSTILE, '"><b x="', '--><!--', ']]>', '\u202egnp.exe']) equal(tags(name), tame);
});

page('shows what would hide or turn round the text beside it, and cuts what is too long', () => {
  is(escapeHtml('a\u202eb\u2066c\u0000d\u001b[31me\nf\u200f'), 'a\\u202eb\\u2066c\\x00d\\x1b[31me\\x0af\\u200f');
  is(escapeHtml('\ud800x'), '\ufffdx');
  is(escapeHtml('שלום'), 'שלום');
  const long = escapeHtml('<'.repeat(10_240));
  match(long, /^(&lt;){400}… \(10240 characters, whole in report\.json\)$/);
});

page('shows wrong checks before those that passed, with expected, got and every difference up to 20', () => {
  const details = Array.from({ length: 30 }, (_, n) => `table t${n}`);
  const bad = check({ title: 'Rows', state: 'failed', code: 'TABLE_ROWS', expected: '6 rows', got: '5 rows', details });
  const text = renderReport(sample({ checks: [...CHECKS, bad] }), SIGNER);
  ok(text.indexOf('>Rows<') < text.indexOf('>Every table has its rows<'));
  match(text, /<td>6 rows<\/td><td>5 rows<\/td>.*failed.*TABLE_ROWS/);
  match(text, /<li>table t19<\/li><li>and 10 more, in report\.json<\/li>/);
  not.match(text, /table t20/);
});

page('says how it is checked, and when it is not signed', () => {
  match(renderReport(sample(), SIGNER), /\.\/muster verify-evidence .* --key[\s\S]*openssl pkeyutl -verify/);
  match(renderReport(sample(), undefined), /It is not signed/);
});

page('stays small: a report is attached to mails', () => {
  const checks = Array.from({ length: 100 }, (_, n) => check({ id: `check-${n}` }));
  ok(Buffer.byteLength(renderReport(sample({ checks }), SIGNER)) < 80_000);
});

page.run();
