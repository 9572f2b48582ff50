import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { z } from 'zod';
import { OpsError, oneLine } from '../errors/index.ts';

/** US dollars. */
const dollars = z.number().positive();
const day = z.string().regex(/^\d{4}-\d\d-\d\d$/);

const region = z.strictObject({
  /** A GiB and month. */
  gp3: dollars,
  snapshot: dollars,
  s3: dollars,
  nat: z.strictObject({ hour: dollars, gigabyte: dollars }),
  /** An hour. */
  loadBalancer: dollars,
  /** An hour, by type. */
  instances: z.record(z.string(), dollars),
});

const prices = z.strictObject({
  asOf: day,
  source: z.string(),
  euros: z.strictObject({ perDollar: z.number().positive(), asOf: day }),
  eks: z.strictObject({
    /** An hour. */
    standard: dollars,
    extended: dollars,
    calendar: z.strictObject({
      asOf: day,
      source: z.string(),
      /** By minor: the day on which extended support begins, UTC. */
      standardUntil: z.record(z.string().regex(/^1\.\d+$/), day),
    }),
  }),
  /** A month. */
  kms: dollars,
  /** An hour. */
  address: dollars,
  /** An hour in one zone. */
  endpoint: dollars,
  regions: z.record(z.string(), region),
});

export type Prices = z.infer<typeof prices>;

/** Errors: PRICES_INVALID. */
export async function readPrices(path = join(import.meta.dirname, 'prices.yaml')): Promise<Prices> {
  try {
    // The core schema: a date stays the text that it is.
    return prices.parse(parse(await readFile(path, 'utf8'), { schema: 'core' }));
  } catch (cause) {
    throw new OpsError('PRICES_INVALID', `cannot read the prices in ${path}: ${oneLine(cause)}`, { cause });
  }
}
