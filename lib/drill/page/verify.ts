import type { Report } from '../report.ts';
import { html, type Markup } from './markup.ts';

/** How a reader makes sure that nobody changed this: with muster, and without it. */
export const verify = ({ id }: Report, signer: string | undefined): Markup =>
  signer === undefined
    ? html`
<section>
<h2>How to check this report</h2>
<p><b>It is not signed:</b> the drill ended before it had the key of the site. Nobody can tell whether it was changed.</p>
</section>`
    : html`
<section>
<h2>How to check this report</h2>
<p>This page is one file of the folder <code>drills/${id}</code>. The folder is signed as a whole (Ed25519) by the key <code>${signer}</code>.
Get the site’s public key from somewhere else than this folder, and compare that fingerprint. Then, on any computer:</p>
<pre>./muster verify-evidence ${id} --key site-signer.pub</pre>
<p>Without muster, with OpenSSL 3 and jq: both commands must say that all is well, and no other files may lie in the folder.</p>
<pre>jq -r .signature hashes.sig | base64 -d &gt; /tmp/signature
openssl pkeyutl -verify -rawin -pubin -inkey site-signer.pub -in hashes.json -sigfile /tmp/signature
jq -r '.files | to_entries[] | .value.sha256 + "  " + .key' hashes.json | sha256sum --check</pre>
<p>report.json beside this page holds the same, uncut, for programs.</p>
</section>`;
