/** What resolving a reference may look at. */
export interface ReferenceDeps {
  /** Of this process: for env:NAME, and for bw (PATH, HOME, BW_SESSION ...). */
  env: Readonly<Record<string, string | undefined>>;
  /** Absolute; relative paths are seen from here: the directory of the inventory. */
  directory: string;
  signal?: AbortSignal;
}
