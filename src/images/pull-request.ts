/** What is to be pulled, and who watches. */

export interface PullRequest {
  readonly reference: string;
  readonly imagesDir: string;
  /** An archive or layout on disk in place of the registry: a path, or what containers-transports(5) has for one. */
  readonly from?: string;
  /** The file of the image that is wanted; without it, the only one below `/disk`. */
  readonly path?: string;
  readonly authFile?: string;
  readonly insecure: boolean;
  /** What may come, and what may come out of it, in bytes. */
  readonly maxBytes: number;
}

export interface PullWatcher {
  readonly signal: AbortSignal;
  /** Another command pulls the same image. */
  readonly onWait: () => void;
  /** @param total what is to come, where that is known */
  readonly onBytes: (bytes: number, total?: number) => void;
}
