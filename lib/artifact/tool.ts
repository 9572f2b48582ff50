import type { Command, ExecOptions, Shell } from '../engine/index.ts';
import { OpsError } from '../errors/index.ts';

export interface ToolDeps {
  /** This computer's. */
  shell: Shell;
  signal: AbortSignal;
  progress(text: string): void;
}

/** Runs as root, through sudo unless muster is root itself, or with `sudo: false` as the user. Gives stdout. Errors: ARTIFACT_BUILD with the last lines. */
export async function tool(
  command: Command,
  what: string,
  { shell, signal }: ToolDeps,
  { sudo = true, ...options }: Pick<ExecOptions, 'env' | 'onLine' | 'sudo'> = {},
): Promise<string> {
  const root = process.getuid?.() === 0;
  const {
    code,
    signal: ended,
    stdout,
    stderr,
  } = await shell.exec(command, { ...options, signal, sudo: sudo && !root });
  if (code === 0) return stdout.text;
  const lines = `${stdout.text}\n${stderr.text}`.split('\n').filter(line => line.trim() !== '');
  throw new OpsError('ARTIFACT_BUILD', `${what}: ${ended ? `ended by ${ended}` : `exit status ${code}`}`, {
    details: lines.slice(-15),
  });
}

/** Errors: TOOL_MISSING. */
export async function needTool(program: string, debianPackage: string, { shell, signal }: ToolDeps): Promise<void> {
  const { code } = await shell.exec({ script: 'command -v "$1"', args: [program] }, { signal });
  if (code !== 0)
    throw new OpsError('TOOL_MISSING', `cannot build here: got no ${program} on PATH`, {
      hint: `apt-get install ${debianPackage}`,
    });
}
