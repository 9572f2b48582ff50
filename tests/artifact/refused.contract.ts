import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { suite } from 'uvu';
import { is, match } from 'uvu/assert';
import { type Checkout, newCheckout } from '../lab/checkout.ts';

// As it is shipped: nothing is locked or bundled yet, so nothing that it installs can be had. And there is no account.
const inventory = readFileSync(join(import.meta.dirname, '../../inventories/staging.yaml'), 'utf8');

const refused = suite<{ checkout: Checkout }>('a site of AWS before its artifacts can be had');

refused.before(async context => {
  process.env.AWS_EC2_METADATA_DISABLED = 'true';
  context.checkout = await newCheckout('staging', inventory);
});
refused.after(({ checkout }) => checkout.remove());

refused('is refused with what to type, before anything costs', async ({ checkout }) => {
  const { code, stderr } = await checkout.muster('bootstrap');
  is(code, 4);
  // The first, unless the digests have been looked up in this clone.
  match(stderr, /^more {4}\.\/muster explain (LOCK_UNRESOLVED|ARTIFACT_NO_SOURCE)$/m);
  match(stderr, /^next {4}/m);
  is(existsSync(checkout.state), false, 'no journal, no lock');
});

refused('can be bundled for, without an account', async ({ checkout }) => {
  const { code, stdout } = await checkout.muster('bundle', '--dry-run');
  is(code, 0);
  match(stdout, /k3s v1\.36\.4\+k3s1/);
});

refused.run();
