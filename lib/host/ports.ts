import { createServer } from 'node:net';
import { OpsError } from '../errors/index.ts';
import type { Site } from '../inventory/index.ts';
import { portHolder } from './port-holder.ts';

/** Ports of 127.0.0.1 that lead into a machine: found free once, then kept. */
export interface Forwards {
  ssh: number;
  api: number;
  web: number;
}

/** What a lab would like to have; the next free one is taken where it is not. */
const LIKED: Forwards = { ssh: 2222, api: 6443, web: 8443 };
const TRIES = 200;

/** Ports for a new machine; `kept` are promised to others, who may be off. Errors: PORT_TAKEN when the inventory names one that another process has. */
export async function chooseForwards(site: Site, kept: ReadonlySet<number>): Promise<Forwards> {
  const wanted = 'ports' in site.provider ? (site.provider.ports ?? {}) : {};
  const taken = new Set(kept);
  const choose = async (kind: keyof Forwards) => {
    const port = wanted[kind] ?? (await nextFree(LIKED[kind], taken));
    if (wanted[kind] !== undefined && !(await isFree(port))) throw await portTaken(port, `provider.ports.${kind}`);
    taken.add(port);
    return port;
  };
  return { ssh: await choose('ssh'), api: await choose('api'), web: await choose('web') };
}

async function nextFree(from: number, taken: ReadonlySet<number>): Promise<number> {
  for (let port = from; port < from + TRIES; port++) if (!taken.has(port) && (await isFree(port))) return port;
  throw new OpsError('PORT_TAKEN', `cannot find a free port from ${from} to ${from + TRIES - 1} on 127.0.0.1`);
}

/** Listening is the question: a connection would be an answer of somebody else's. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });

export const portTaken = async (port: number, what: string): Promise<OpsError> =>
  new OpsError(
    'PORT_TAKEN',
    `cannot use port ${port} of 127.0.0.1 (${what}): ${(await portHolder(port)) ?? 'somebody'} has it`,
    {
      hint: `stop it, or choose another port in the inventory: provider.ports`,
    },
  );

/** Before a machine starts, its ports must be there to take. Errors: PORT_TAKEN. */
export async function needPorts(machine: string, forwards: Forwards): Promise<void> {
  for (const [kind, port] of Object.entries(forwards))
    if (!(await isFree(port))) throw await portTaken(port, `${kind} of ${machine}`);
}
