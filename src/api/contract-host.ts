/** What the daemon tells of its host and of itself. solovirt's own. */

export interface DrainingView {
  readonly since: string;
  /** `host-shutdown`: the host was seen to stop guests by itself. */
  readonly cause: 'command' | 'host-shutdown';
}

/** GET /apis/solovirt.io/v1/info. */
export interface HostInfo {
  readonly kind: 'HostInfo';
  readonly apiVersion: 'solovirt.io/v1';
  readonly version: string;
  readonly pid: number;
  readonly startedAt: string;
  /** The host's name. */
  readonly node: string;
  readonly qemu: { readonly path: string; readonly version?: string; readonly error?: string };
  /** What runs guests, and how that was found out. */
  readonly accelerator: { readonly name: 'kvm' | 'tcg'; readonly reason: string };
  readonly directories: {
    readonly vms: string;
    readonly images: string;
    readonly state: string;
    readonly runtime: string;
  };
  readonly socket: string;
  /** For those who may look but not touch; absent when there is none. */
  readonly readonlySocket?: string;
  readonly strategyTable: string;
  /** Whether guests can be put onto bridges of the host, and who does it; `error`: why nobody can. */
  readonly bridges: { readonly maker?: 'daemon' | 'helper' | 'service'; readonly error?: string };
  /** Present while nothing is started and everything is stopped. */
  readonly draining?: DrainingView;
  readonly counts: {
    readonly vms: number;
    readonly running: number;
    readonly invalid: number;
  };
  /** Troubles of the host that concern every VM, e.g. an unreadable VM directory. */
  readonly warnings: readonly string[];
}
