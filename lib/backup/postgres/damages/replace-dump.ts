import { minutes } from '../../../time/index.ts';
import type { Postgres } from '../../source.ts';
import { putCommand } from '../point.ts';
import { textOf } from '../server.ts';

/** What `command` says becomes the dump. */
export async function replaceDump(postgres: Postgres, key: string, command: string): Promise<void> {
  const argv = ['bash', '-c', putCommand(key, command)];
  textOf(postgres.name, 'repo-put', await postgres.exec(argv, { timeout: minutes(10) }));
}
