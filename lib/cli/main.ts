/** The entry: `muster` starts this file with the pinned Node. Nothing is loaded before it is used. */
const argv = process.argv.slice(2);

if (argv.length === 0 || (argv.length === 1 && ['help', '--help', '-h'].includes(argv[0] ?? ''))) {
  const [{ overview }, { VERBS }] = await Promise.all([import('./help.ts'), import('./verbs.ts')]);
  process.stdout.write(`${overview(VERBS)}\n`);
} else {
  const { runCommand } = await import('./run.ts');
  process.exitCode = await runCommand(argv, process);
  // What a broken library leaves open must not keep a finished command from ending.
  setTimeout(() => process.exit(), 2000).unref();
}
