import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** A request as it came; `query` in the order of the wire. */
export interface Signed {
  method: string;
  /** As on the wire, still encoded. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | undefined>;
  body: Buffer;
}

/** What a request says about its signature. */
export interface Claim {
  key: string;
  day: string;
  region: string;
  service: string;
  signedHeaders: string[];
  signature: string;
  /** 'YYYYMMDDTHHMMSSZ'. */
  date: string;
  token?: string;
  /** Seconds, of a presigned address. */
  expires?: number;
}

const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string) => createHmac('sha256', key).update(data).digest();

/** undefined: not signed, or not by Signature Version 4. */
export function readClaim({ headers, query }: Signed): Claim | undefined {
  return query.has('X-Amz-Signature') ? presigned(query) : inHeader(headers);
}

function inHeader(headers: Signed['headers']): Claim | undefined {
  const found = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
    headers.authorization ?? '',
  );
  const date = headers['x-amz-date'];
  if (!found || date === undefined) return undefined;
  const token = headers['x-amz-security-token'];
  return claim(found[1] ?? '', found[2] ?? '', found[3] ?? '', date, token);
}

function presigned(query: URLSearchParams): Claim | undefined {
  const of = (name: string) => query.get(`X-Amz-${name}`) ?? '';
  if (of('Algorithm') !== 'AWS4-HMAC-SHA256') return undefined;
  const read = claim(
    of('Credential'),
    of('SignedHeaders'),
    of('Signature'),
    of('Date'),
    query.get('X-Amz-Security-Token') ?? undefined,
  );
  return read && { ...read, expires: Number(of('Expires')) };
}

function claim(scope: string, signed: string, signature: string, date: string, token?: string): Claim | undefined {
  const [key, day, region, service, end, ...more] = scope.split('/');
  if (!key || !day || !region || !service || end !== 'aws4_request' || more.length > 0) return undefined;
  return {
    ...{ key, day, region, service, signature, date, signedHeaders: signed.split(';') },
    ...(token !== undefined && { token }),
  };
}

/** Is it that of `secret`? By Signature Version 4 as documented, not by the SDK's own signer. */
export function signatureFits(request: Signed, claim: Claim, secret: string): boolean {
  const { day, region, service, date } = claim;
  const canonical = canonicalRequest(request, claim);
  const scope = `${day}/${region}/${service}/aws4_request`;
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = [region, service, 'aws4_request'].reduce(hmac, hmac(`AWS4${secret}`, day));
  const given = Buffer.from(claim.signature, 'hex');
  const wanted = hmac(key as Buffer, text);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function canonicalRequest({ method, path, query, headers, body }: Signed, { signedHeaders }: Claim): string {
  const lines = signedHeaders.map(name => `${name}:${(headers[name] ?? '').trim().replace(/ +/g, ' ')}\n`);
  const pairs = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort();
  // All services but S3 encode each part of the path, as it came, once more.
  const uri = path.split('/').map(encode).join('/');
  return [method, uri, pairs.join('&'), lines.join(''), signedHeaders.join(';'), sha256(body)].join('\n');
}

const encode = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, char => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

/** 'YYYYMMDDTHHMMSSZ' as milliseconds; NaN when it is none. */
export const parseDate = (date: string): number =>
  Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
