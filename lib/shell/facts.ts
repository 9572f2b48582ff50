import { randomBytes } from 'node:crypto';
import type { ExecResult, Facts, Probe, Shell } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';
import { seconds } from '../time/index.ts';
import { quote } from './command.ts';

/** For one probe, in seconds. */
const PROBE_LIMIT = 60;
/** Steps look into local files before they ask: those that do travel with those that need not. */
const GATHER = 40;
const KEEP = 16 * 1024 * 1024;

interface Waiting {
  script: string;
  resolve(answer: { stdout: string; code: number }): void;
  reject(error: unknown): void;
}

/**
 * Probes of one host that are asked within a moment travel as one script in one exec, as root, but
 * on localhost as the user. Answers are cached until forget(); failures are not.
 */
export function createFacts(shell: (host: string) => Promise<Shell>): Facts {
  const answers = new Map<string, Map<string, Promise<{ stdout: string; code: number }>>>();
  const waiting = new Map<string, Waiting[]>();

  async function flush(host: string): Promise<void> {
    const batch = waiting.get(host) ?? [];
    waiting.delete(host);
    try {
      const mark = randomBytes(16).toString('hex');
      const result = await (await shell(host)).exec(
        {
          script: bundle(
            batch.map(({ script }) => script),
            mark,
          ),
        },
        { sudo: host !== 'localhost', keep: KEEP, timeout: seconds(PROBE_LIMIT * (batch.length + 1)) },
      );
      hand(batch, split(result, mark), host, result);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  function fetch(host: string, script: string): Promise<{ stdout: string; code: number }> {
    return new Promise((resolve, reject) => {
      const queue = waiting.get(host);
      if (queue) queue.push({ script, resolve, reject });
      else {
        waiting.set(host, [{ script, resolve, reject }]);
        setTimeout(() => flush(host), GATHER);
      }
    });
  }

  return {
    async ask<T>(host: string, probe: Probe<T>): Promise<T> {
      const known = answers.get(host) ?? new Map();
      answers.set(host, known);
      const answer = known.get(probe.id) ?? fetch(host, probe.script);
      known.set(probe.id, answer);
      try {
        const { stdout, code } = await answer;
        return probe.parse(stdout, code);
      } catch (error) {
        if (known.get(probe.id) === answer) known.delete(probe.id);
        throw error;
      }
    },
    forget(host) {
      if (host === undefined) answers.clear();
      else answers.delete(host);
    },
  };
}

/**
 * Each probe is evaluated in a subshell, so that `exit`, a syntax error or a `cd` stays inside; a line with a mark that
 * it cannot know closes its answer and says its exit status. No program is started for it: under emulation a single one
 * costs 80 ms. LC_ALL=C: parsers read English.
 */
function bundle(scripts: readonly string[], mark: string): string {
  const probes = scripts.map(script => `( eval ${quote(script)} ) </dev/null; echo "${mark} $?"`);
  return ['export LC_ALL=C', ...probes].join('\n');
}

function split({ stdout }: ExecResult, mark: string): { stdout: string; code: number }[] {
  const parts = stdout.text.split(new RegExp(`${mark} (\\d+)\n`));
  return Array.from({ length: Math.floor(parts.length / 2) }, (_, index) => ({
    stdout: parts[index * 2] ?? '',
    code: Number(parts[index * 2 + 1]),
  }));
}

function hand(batch: readonly Waiting[], found: { stdout: string; code: number }[], host: string, result: ExecResult) {
  batch.forEach((probe, index) => {
    const answer = result.stdout.dropped === 0 ? found[index] : undefined;
    if (!answer) probe.reject(incomplete(host, found.length, batch.length, result));
    else probe.resolve(answer);
  });
}

const incomplete = (host: string, got: number, asked: number, { code, stdout }: ExecResult) =>
  new OpsError(
    'COMMAND_FAILED',
    `cannot read the facts of ${host}: ${got} of ${asked} probes answered (exit status ${code}, ${stdout.dropped} bytes too many)`,
  );
