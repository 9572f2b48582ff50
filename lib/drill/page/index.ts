import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '../report.ts';
import { checks } from './checks.ts';
import { history, notProven, particulars, terms } from './closing.ts';
import { head } from './head.ts';
import { html } from './markup.ts';
import { objectives } from './objectives.ts';
import { timeline } from './timeline.ts';
import { verify } from './verify.ts';

/**
 * report.html: one file, no script, nothing from elsewhere; a policy in it forbids both, whatever a name tries.
 * `signer`: fingerprint of the key that signs the folder.
 */
export function renderReport(report: Report, signer: string | undefined): string {
  const parts = [head, timeline, objectives, checks, history, notProven, particulars].map(part => part(report));
  const policy = "default-src 'none'; style-src 'unsafe-inline'";
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="robots" content="noindex">
${html`<title>${report.verdict}: ${report.scenario} of ${report.site}, ${report.id}</title>`.text}
<style>
${readFileSync(join(import.meta.dirname, 'style.css'), 'utf8')}</style>
</head>
<body>
<main>
${html`${[...parts, verify(report, signer), terms()]}`.text}
</main>
</body>
</html>
`;
}
