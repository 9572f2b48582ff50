import { isIPv4 } from 'node:net';
import { z } from 'zod';

/**
 * The kinds of value that several sections share. In every schema of the inventory an error is not a sentence but the
 * completion of "expected ...": shape.ts puts what was got in front of it.
 */
export const text = (pattern: RegExp, expected: string) =>
  z.string({ error: expected }).regex(pattern, { error: expected, abort: true });

/** Names become host names, directories and labels: what DNS takes is taken everywhere. */
export const label = text(
  /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/,
  'a DNS label: a-z, 0-9 and -, at most 63 characters, a letter or digit at both ends',
);

const PORT = { error: 'a port from 1 to 65535' };

export const port = z.int(PORT).min(1, PORT).max(65535, PORT);

/** As sha256sum prints it. */
export const digest = text(/^sha256:[0-9a-f]{64}$/, 'sha256: and 64 hexadecimal digits');

export const path = text(/^[^\0\n]+$/, 'a path');

const CIDR = 'an IPv4 network like 203.0.113.7/32, with no bit set behind its length';

/** As AWS takes them: what lies behind the length is zero. */
export const cidr = text(/^[0-9.]+\/([0-9]|[12][0-9]|3[0-2])$/, CIDR).refine(isNetwork, { error: CIDR });

function isNetwork(value: string): boolean {
  const [address = '', length = ''] = value.split('/');
  if (!isIPv4(address)) return false;
  const bits = address.split('.').reduce((sum, byte) => sum * 256 + Number(byte), 0);
  return bits % 2 ** (32 - Number(length)) === 0;
}

/** Beyond, bytes would not be exact, and nobody means it. */
const LARGEST = '1024TiB';

const UNITS = { KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

/** '4GiB' to bytes. Units are the binary ones and written out: 4G means two things in this field. */
export function size(minimum: string, maximum = LARGEST) {
  const expected = 'a size like 4GiB';
  return z
    .string({ error: ({ input }) => (typeof input === 'number' ? 'a size with its unit, like 4GiB' : expected) })
    .regex(/^[1-9][0-9]{0,8}[KMGT]iB$/, { error: expected, abort: true })
    .transform(bytes)
    .refine(value => value >= bytes(minimum), { error: `at least ${minimum}` })
    .refine(value => value <= bytes(maximum), { error: `at most ${maximum}` });
}

function bytes(value: string): number {
  const unit = value.slice(-3) as keyof typeof UNITS;
  return Number.parseInt(value, 10) * UNITS[unit];
}

const SPANS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** '10s', '5m', '24h', '30d' to milliseconds. */
export const span = text(/^[1-9][0-9]{0,4}[smhd]$/, 'a time span like 10s, 5m, 24h or 30d').transform(
  value => Number.parseInt(value, 10) * SPANS[value.slice(-1) as keyof typeof SPANS],
);
