import { basename } from 'node:path';
import { runCommand } from './run.ts';

/**
 * A script that is started directly: bootstrap, of this script's steps only, with the flags that it was given.
 * Does not wait: the plan imports the script, whose own top level must have ended by then.
 */
export function runScript(file: string): void {
  const argv = ['bootstrap', '--only', basename(file, '.ts'), ...process.argv.slice(2)];
  void runCommand(argv, process).then(status => {
    process.exitCode = status;
  });
}
