/** A file that muster has, or can make or fetch. */
export interface Artifact<T = unknown> {
  /** Reads only; undefined: it is not here yet. */
  find(): Promise<(LocalFile & T) | undefined>;
  /** Makes or fetches it. Errors: those of its source. */
  have(): Promise<LocalFile & T>;
}

export interface LocalFile {
  /** On this computer. */
  path: string;
  sha256: string;
}

/** What k3s is installed from. */
export interface K3sArtifacts {
  binary: Artifact;
  /** The air-gap archive: its file name, whose ending tells k3s the format, and the images that must be seen on a node. */
  images: Artifact<{ file: string; names: readonly string[] }>;
}
