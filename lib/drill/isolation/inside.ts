import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { EXIT, OpsError } from '../../errors/index.ts';
import { MARK_VARIABLE } from '../../shell/command.ts';
import { openSite, rehearsalDir } from '../../site/index.ts';
import { carryOutBeside } from '../beside.ts';
import { asSeenBy } from '../from-replica.ts';
import { scenarioOf } from '../scenarios/index.ts';
import { encodeEvent, encodeRehearsed, parseOrder, RESULT } from './wire.ts';

/** The rehearsal's own process, in its own mount namespace: an order on stdin, events on stdout, what was seen in a file. */
const PROJECT = join(import.meta.dirname, '../../..');

// Who stops this process looks for all that carry its mark; a machine's monitor is not to be among them.
delete process.env[MARK_VARIABLE];

const stop = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => stop.abort(new OpsError('INTERRUPTED', `cannot go on: stopped by ${name}`)));

const lines = createInterface({ input: process.stdin });
// Closed: nobody is there any more to whom this matters. The next rehearsal removes what is left.
lines.once('close', () => process.exit(EXIT.interrupted));
lines.once('line', text => {
  rehearse(text).then(
    () => process.exit(EXIT.done),
    error => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(stop.signal.aborted ? EXIT.interrupted : EXIT.failed);
    },
  );
});

async function rehearse(text: string): Promise<void> {
  const { order, scratch } = parseOrder(text);
  let mask = (shown: string) => shown;
  const named = await openSite({
    project: PROJECT,
    name: order.site,
    ...(order.identity !== undefined && { identity: order.identity }),
    signal: stop.signal,
    emit: event => void process.stdout.write(`${mask(encodeEvent(event))}\n`),
  });
  const open = await asSeenBy(await scenarioOf(order.scenario), named);
  mask = shown => open.masker.mask(shown);
  try {
    const rehearsed = await carryOutBeside(order, scratch, open);
    const path = join(rehearsalDir(open), RESULT);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(path, mask(encodeRehearsed(rehearsed)), { mode: 0o600 });
  } finally {
    await open.close();
    await named.close();
  }
}
