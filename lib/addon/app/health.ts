import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isRecord } from '../../cluster/index.ts';
import type { Ctx } from '../../engine/index.ts';
import { oneLine } from '../../errors/index.ts';
import type { Provider } from '../../host/provider.ts';
import type { Site } from '../../inventory/index.ts';
import { seconds } from '../../time/index.ts';
import { readAuthority } from '../site-ca/steps.ts';
import type { Data } from './decide.ts';
import { ask as request, webUrl } from './endpoint.ts';

export interface Health {
  url: string;
  /** Why it does not count as healthy; data may be there all the same. */
  problem?: string;
  data?: Data;
}

export type HealthReader = (ctx: Ctx) => Promise<Health>;

const TIMEOUT = seconds(10);

/** GET /api/health from outside, over TLS. Steps that ask while a request is under way share its answer. */
export function healthReader(site: Site, provider: Provider): HealthReader {
  let asked: Promise<Health> | undefined;
  return ctx => {
    asked ??= ask(site, provider, ctx).finally(() => {
      asked = undefined;
    });
    return asked;
  };
}

async function ask(site: Site, provider: Provider, { secrets }: Ctx): Promise<Health> {
  const [url, authority] = await Promise.all([webUrl(site, provider), readAuthority(secrets)]);
  if (!authority) return { url, problem: 'the site has no certificate authority yet' };
  try {
    // Not the step's own signal: others share the answer.
    const limits = { timeout: TIMEOUT, signal: AbortSignal.timeout(TIMEOUT) };
    const { status, body } = await request(`${url}/api/health`, authority.certificate, limits);
    return { url, ...readHealth(status, body.toString('utf8')) };
  } catch (error) {
    return { url, problem: oneLine(error) };
  }
}

/** As the backend or, without it, nginx says it. */
export function readHealth(status: number, body: string): Omit<Health, 'url'> {
  const said = parsed(body);
  const database = isRecord(said.database) ? said.database : undefined;
  const text = (value: unknown) => (typeof value === 'string' ? value : null);
  const data = database && {
    migration: text(database.migration),
    seed: text(database.seed),
    people: Number(database.users) > 0,
  };
  const reason = said.reason ?? (isRecord(said.error) ? said.error.code : undefined) ?? 'no reason given';
  const problem = status === 200 && said.status === 'ok' ? undefined : `it answers ${status}: ${reason}`;
  return { ...(problem && { problem }), ...(data && { data }) };
}

function parsed(body: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : {};
  } catch {
    return {};
  }
}

/** '0003': the last migration of the checkout, of which the image is made. */
export async function neededMigration(project: string): Promise<string> {
  const names = await readdir(join(project, 'app', 'migrations'));
  const numbers = names.flatMap(name => /^(\d{4})_.*\.sql$/.exec(name)?.[1] ?? []);
  return numbers.sort().at(-1) ?? '0000';
}
