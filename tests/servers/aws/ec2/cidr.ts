import { AwsError } from '../errors.ts';

export interface Cidr {
  from: number;
  to: number;
  bits: number;
  text: string;
}

/** Errors: `code` when it is no IPv4 block, or has host bits (CreateVpc: "must be the exact network range"). */
export function readCidr(text: string | undefined, code = 'InvalidParameterValue'): Cidr {
  const found = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})\/(\d{1,2})$/.exec(text ?? '');
  const parts = found?.slice(1, 5).map(Number) ?? [];
  const bits = Number(found?.[5] ?? 33);
  const from = parts.reduce((sum, part) => sum * 256 + part, 0);
  if (!found || parts.some(part => part > 255) || bits > 32 || from % 2 ** (32 - bits) !== 0)
    throw new AwsError(code, `Value (${text}) for parameter cidrBlock is invalid. This is not a valid CIDR block.`);
  return { from, to: from + 2 ** (32 - bits) - 1, bits, text: text ?? '' };
}

export const contains = (outer: Cidr, inner: Cidr): boolean => outer.from <= inner.from && inner.to <= outer.to;
export const overlap = (a: Cidr, b: Cidr): boolean => a.from <= b.to && b.from <= a.to;
export const addressAt = (number: number): string => [24, 16, 8, 0].map(shift => (number >>> shift) & 255).join('.');
export const numberOf = (address: string): number => readCidr(`${address}/32`).from;
