/** Where text goes: stdout is data, stderr is status. */
export interface Output {
  /** One text, ended with a newline. */
  data(text: string): undefined;
  status(text: string): undefined;
  /** Whether a person looks at stderr. */
  terminal(): boolean;
  /** Whether a question can be answered. */
  interactive(): boolean;
}

/** Streams are opened when they are used: opening all three costs more than the whole of `--help`. */
export function streamOutput(process: NodeJS.Process): Output {
  const opened = new Set<NodeJS.WriteStream>();
  const write = (stream: NodeJS.WriteStream, text: string) => {
    if (!opened.has(stream)) stream.on('error', ignoreGone);
    opened.add(stream);
    stream.write(`${text}\n`);
  };
  return {
    data: text => void write(process.stdout, text),
    status: text => void write(process.stderr, text),
    terminal: () => process.stderr.isTTY === true && process.env.TERM !== 'dumb',
    interactive: () => process.stdin.isTTY === true && process.stderr.isTTY === true,
  };
}

/** A reader who went away (`muster plan | head`) changes nothing about the work, nor about its exit status. */
function ignoreGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Rows as columns, each as wide as its widest cell; the last is not padded. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map(row => row[column]?.length ?? 0)));
  const pad = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  return rows.map(row => pad(row).join('  ').trimEnd()).join('\n');
}

export const json = (value: unknown): string => JSON.stringify(value, null, 2);
