import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { suite } from 'uvu';
import { equal, is } from 'uvu/assert';
import { type Canary, chainFaults, newestBefore } from '../../lib/drill/canary.ts';

/** A chain as the heartbeat writes it, one canary a second. */
const HEARTBEAT = `
import json
from datetime import UTC, datetime, timedelta
from canary import following
chain = []
for second in range(3):
    at = datetime(2026, 11, 21, 15, 23, tzinfo=UTC) + timedelta(seconds=second, microseconds=7999)
    chain.append(following(chain[-1] if chain else None, at))
print(json.dumps([each._asdict() for each in chain]))`;

const written = (): Canary[] =>
  JSON.parse(
    execFileSync('python3', ['-c', HEARTBEAT], {
      encoding: 'utf8',
      env: {
        ...process.env,
        PYTHONPATH: join(import.meta.dirname, '../../app/backend/users_api'),
        PYTHONDONTWRITEBYTECODE: '1',
      },
    }),
  );

const canary = suite('canary');

canary('the chain of the heartbeat is the chain that is read', () => {
  const chain = written();
  equal(chain[0]?.written, '2026-11-21T15:23:00.007Z');
  equal(chainFaults(chain, { from: 1, to: 3 }), []);
  const [first, ...rest] = chain;
  equal(chainFaults([{ ...(first as Canary), written: '2026-11-21T15:23:00.008Z' }, ...rest]).length, 1);
});

canary('the newest is the one with the highest number, in whatever order they come', () => {
  const chain = written();
  is(newestBefore([...chain].reverse(), new Date('2026-11-21T16:00:00Z'))?.number, 3);
  is(newestBefore(chain, new Date('2026-11-21T15:23:01.500Z'))?.number, 2);
  is(newestBefore(chain, new Date('2026-11-21T15:00:00Z')), undefined);
});

canary.run();
