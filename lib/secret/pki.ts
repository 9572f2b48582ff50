import { createPrivateKey, KeyObject, randomBytes } from 'node:crypto';
import type { Extension, X509Certificate } from '@peculiar/x509';
import type { Clock } from '../time/index.ts';
import { shortAddress } from './certificate.ts';
import { Secret } from './secret.ts';

export interface KeyedCertificate {
  /** PEM; of a server the chain: its own certificate, then the authority's. */
  certificate: string;
  /** PKCS#8 PEM. */
  key: Secret;
}

export interface ServerWant {
  names: readonly string[];
  addresses: readonly string[];
  days: number;
}

const KEYS = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const SIGNING = { name: 'ECDSA', hash: 'SHA-256' } as const;
const DAY = 86_400_000;
const AUTHORITY_DAYS = 3650;
/** A guest's clock may be behind ours when it first looks at the certificate. */
const BACKDATED = 3_600_000;

/** A certificate authority of its own for a site: ECDSA P-256, ten years, signs servers only. */
export async function createAuthority(commonName: string, clock: Clock): Promise<KeyedCertificate> {
  const x509 = await load();
  const pair = await generateKeyPair();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(clock, AUTHORITY_DAYS),
    name: [{ CN: [commonName] }],
    keys: pair,
    signingAlgorithm: SIGNING,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
    ],
  });
  return { certificate: pem(certificate), key: exported(pair.privateKey) };
}

/** A certificate for a server of these DNS names and IP addresses; a new key each time. */
export async function issueServer(
  authority: KeyedCertificate,
  want: ServerWant,
  clock: Clock,
): Promise<KeyedCertificate> {
  const x509 = await load();
  const issuer = new x509.X509Certificate(authority.certificate);
  const signingKey = createPrivateKey(authority.key.reveal()).toCryptoKey(KEYS, false, ['sign']);
  const pair = await generateKeyPair();
  const extensions: Extension[] = [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension([
      ...want.names.map(value => ({ type: 'dns', value }) as const),
      ...want.addresses.map(value => ({ type: 'ip', value: shortAddress(value) }) as const),
    ]),
    await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    await x509.SubjectKeyIdentifierExtension.create(pair.publicKey),
  ];
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(clock, want.days),
    subject: [{ CN: [want.names[0] ?? want.addresses[0] ?? 'server'] }],
    issuer: issuer.subjectName,
    publicKey: pair.publicKey,
    signingKey,
    signingAlgorithm: SIGNING,
    extensions,
  });
  return { certificate: pem(certificate) + pem(issuer), key: exported(pair.privateKey) };
}

/** Some 300 ms to load, so only where a certificate is made. It does not load without the polyfill before it. */
async function load(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  return import('@peculiar/x509');
}

const generateKeyPair = () => crypto.subtle.generateKey(KEYS, true, ['sign', 'verify']);

const validity = (clock: Clock, days: number) => ({
  // Positive and of 128 bits: the first byte is below 0x80 and not 0.
  serialNumber: `01${randomBytes(15).toString('hex')}`,
  notBefore: new Date(clock.now() - BACKDATED),
  notAfter: new Date(clock.now() + days * DAY),
});

const pem = (certificate: X509Certificate): string => `${certificate.toString('pem').trim()}\n`;

const exported = (key: CryptoKey): Secret =>
  new Secret(KeyObject.from(key).export({ type: 'pkcs8', format: 'pem' }).toString());
