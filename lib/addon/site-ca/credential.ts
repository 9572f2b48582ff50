import type { Credential } from '../../engine/index.ts';
import type { Site } from '../../inventory/index.ts';
import { createAuthority, putFresh, Secret } from '../../secret/index.ts';
import { AUTHORITY } from './steps.ts';

/** Whoever trusts the old authority by hand (a browser) takes the new ca.crt: nothing else can tell them. */
export const authorityCredential = (site: Site): Credential => ({
  id: 'ca',
  title: "The site's certificate authority, and the certificate of the app",
  secrets: [AUTHORITY.key, AUTHORITY.certificate],
  async make({ secrets, clock }) {
    const { certificate, key } = await createAuthority(`muster ${site.name} CA`, clock);
    await putFresh(secrets, AUTHORITY.key, key);
    await putFresh(secrets, AUTHORITY.certificate, new Secret(certificate));
  },
  before: [],
  follows: ['site-ca', 'app.secrets', 'app.frontend'],
  after: [],
});
