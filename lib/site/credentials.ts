import { databaseCredential } from '../addon/app/credential.ts';
import { authorityCredential } from '../addon/site-ca/credential.ts';
import { copyCredential } from '../backup/control-plane/credential.ts';
import { archiveCredential } from '../backup/postgres/credential.ts';
import { signerCredential } from '../backup/signer-credential.ts';
import { sealOf } from '../backup/steps.ts';
import { storeCredential } from '../backup/store/credential.ts';
import { volumesCredential } from '../backup/velero/credential.ts';
import { isLabBinary } from '../cluster/index.ts';
import { tokenCredential } from '../cluster/k3s/credential.ts';
import type { Credential } from '../engine/index.ts';
import { loginCredential } from '../host/credential.ts';
import { tryLoginOf } from './login.ts';
import type { OpenSite } from './open.ts';

/** The name of the escrow's identity: no value of a SecretStore, and changed before all others. */
export const IDENTITY_NAME = 'identity';

/** What muster made for this site, and changes, in this order. */
export function credentialsOf(open: OpenSite, rotation: string): Credential[] {
  const { site, provider, dirs } = open;
  const { backup } = site;
  const has = (source: 'postgres' | 'velero' | 'control-plane') => backup?.sources.includes(source) ?? false;
  return [
    // First: from the moment at which its pods have the new passwords the application waits for it.
    ...(site.app ? [databaseCredential(site), authorityCredential(site)] : []),
    ...(provider.owned ? [loginCredential(site, tryLoginOf(open))] : []),
    ...(backup?.store.kind === 'local' ? [storeCredential(site, rotation)] : []),
    ...(has('postgres') && site.app ? [archiveCredential(site)] : []),
    ...(has('velero') ? [volumesCredential(site)] : []),
    ...(has('control-plane') ? [copyCredential] : []),
    ...(isLabBinary(site.cluster.version) ? [tokenCredential(site)] : []),
    ...(backup ? [signerCredential(sealOf(site, dirs))] : []),
  ];
}

const CLUSTER =
  "The cluster's own authorities, and with them the certificate in kubeconfigs/: Kubernetes cannot revoke it. A rebuilt site has others.";
const STORE = "The store's own authority: it vouches for 127.0.0.1, and opens nothing.";
const PEOPLE = 'Passwords and sessions of the people who use the application.';
const COPIES =
  'What somebody has copied already: old backups that were taken away still open with the keys of their time.';

/** For the report of the drill, which knows labs only. */
export const NOT_CHANGED_IN_LAB: readonly string[] = [CLUSTER, STORE, PEOPLE, COPIES];

/** What a rotation leaves as it is, and what follows. Said before it and after it. */
export function notChanged({ site, provider }: Pick<OpenSite, 'site' | 'provider'>): string[] {
  const { backup, cluster, environment } = site;
  return [
    CLUSTER,
    ...(isLabBinary(cluster.version)
      ? []
      : ["The cluster's token: run `k3s token rotate` on the server, and put the new one where it is kept."]),
    ...(provider.owned ? [] : ['The keys that log in to the hosts: they are yours.']),
    ...(backup?.store.kind === 's3' ? ['The keys of the store: they are changed where they were made.'] : []),
    ...(backup?.store.kind === 'local' ? [STORE] : []),
    ...(backup && environment !== 'lab'
      ? ['The age identities of the escrow: name other recipients in backup.escrow, and the next backup seals to them.']
      : []),
    ...(site.app ? [PEOPLE] : []),
    COPIES,
  ];
}
