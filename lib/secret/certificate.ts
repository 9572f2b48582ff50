import { X509Certificate } from 'node:crypto';
import { isIPv6, SocketAddress } from 'node:net';
import { OpsError } from '../errors/index.ts';

export interface CertificateFacts {
  /** Milliseconds since 1970. */
  notBefore: number;
  notAfter: number;
  /** DNS names, sorted. */
  names: string[];
  /** IP addresses in their short form, sorted. */
  addresses: string[];
  /** Signed by the key of this certificate authority, not only named after it. */
  issuedBy(authority: { certificate: string }): boolean;
}

/** What a certificate says; of a chain the first. Errors: CERTIFICATE_INVALID. */
export function inspect(pem: string): CertificateFacts {
  const certificate = parse(pem);
  return {
    notBefore: certificate.validFromDate.getTime(),
    notAfter: certificate.validToDate.getTime(),
    names: alternatives(certificate, 'DNS:'),
    addresses: alternatives(certificate, 'IP Address:').map(shortAddress).sort(),
    issuedBy: authority => certificate.verify(parse(authority.certificate).publicKey),
  };
}

/** ::1 for 0:0:0:0:0:0:0:1, so that what was asked for can be compared with what is there. */
export const shortAddress = (address: string): string =>
  isIPv6(address) ? new SocketAddress({ address, family: 'ipv6' }).address : address;

function parse(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (error) {
    throw new OpsError('CERTIFICATE_INVALID', `cannot read a certificate from ${pem.length} characters of text`, {
      cause: error,
    });
  }
}

const alternatives = ({ subjectAltName }: X509Certificate, kind: string): string[] =>
  (subjectAltName ?? '')
    .split(', ')
    .filter(entry => entry.startsWith(kind))
    .map(entry => entry.slice(kind.length))
    .sort();
